"""With one job at a time, what one module leaves behind cannot reach the next."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from spybuild.probe.reading import read_answer
from spybuild.probe.request import Request
from tests.probe.running import LIMITS, converse, named, request

# Three forks away from the module, in a session of its own, deaf to signals, and another process every moment.
HOSTILE = """
import os, signal, sys, time

PROBE, SELF, UNTIL = os.getppid(), os.getpid(), time.time() + 30
LIE = b'imported\\n{"name": "forged"}\\n'

def siblings():
    for pid in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % pid) as stream:
                if int(stream.read().rpartition(')')[2].split()[1]) == PROBE and int(pid) not in (SELF, os.getpid()):
                    yield pid
        except (OSError, ValueError):
            pass

def write_into_all():
    for pid in siblings():
        for number in range(64):
            try:
                there = os.open('/proc/%s/fd/%d' % (pid, number), os.O_WRONLY | os.O_NONBLOCK)
                os.write(there, LIE)
                os.close(there)
            except OSError:
                pass

if os.fork() == 0:
    os.setsid()
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        open(MARK, 'w').close()
        while time.time() < UNTIL:
            write_into_all()
            if FORKS and os.fork():
                os._exit(0)
    os._exit(0)
while not os.path.exists(MARK):
    time.sleep(0.01)
"""
VICTIM = "import time\ntime.sleep(0.3)\nVALUE = 'true'\n"
AS_PID_1 = ("unshare", "--pid", "--fork", "--mount-proc")


def test_the_product_runs_one_module_at_a_time() -> None:
    """What these tests try is what a check asks for unless told otherwise."""
    assert LIMITS["jobs"] == Request(()).jobs == 1


@pytest.mark.parametrize("forks", [False, True], ids=["stays", "forks anew"])
@pytest.mark.parametrize("before", [(), AS_PID_1], ids=["not PID 1", "PID 1"])
def test_a_daemon_of_one_module_wrote_into_the_pipes_of_the_next(
    python: str, tmp_path: Path, before: tuple[str, ...], forks: bool
) -> None:
    """It is dead before the next module starts, whatever it does to live on."""
    if before and (not shutil.which(before[0]) or converse(sys.executable, request([]), before=before)[0].returncode):
        pytest.skip("needs unshare and the right to use it")
    given = f"MARK, FORKS = {str(tmp_path / 'mark')!r}, {forks}\n"
    (tmp_path / "a_hostile.py").write_text(given + HOSTILE)
    victims = [f"b_victim_{number}.py" for number in range(3)]
    for victim in victims:
        (tmp_path / victim).write_text(VICTIM)
    ended, nonce = converse(python, request(["a_hostile.py", *victims], workdir=str(tmp_path)), before=before)
    hostile, *others = read_answer(ended.stdout, nonce)["modules"]
    assert hostile["outcome"] == "imported", hostile
    assert (tmp_path / "mark").exists()
    for victim, facts in zip(victims, others, strict=True):
        assert truth(facts) == (victim, "imported", victim[:-3], "true", "", ""), facts


def truth(facts: dict[str, Any]) -> tuple[str, ...]:
    value = named(facts["variables"], "VALUE")["value"]["scalar"] if facts["variables"] else ""
    return (facts["requested"], facts["outcome"], facts["name"], value, facts["stdout"], facts["stderr"])
