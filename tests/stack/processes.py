"""Daemons that outlive the command that started them, and are only ever ended by the identity written down then.

A record is one line, ``PID START BOOT``: the process id, the start time the kernel notes for it, and the id of this
boot. A number that was given to another process since then, or before a restart, does not match and is left alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stack.console import StackError, say, wait
from tests.stack.home import Home, replace_text

# The shell writes the record about itself and becomes the daemon: no moment where the daemon runs unrecorded. The
# start time is field 22 of /proc/PID/stat, and "sh" (field 2) has no blank in it.
_RECORD_AND_BECOME = """
read -r stat < /proc/self/stat && read -r boot < /proc/sys/kernel/random/boot_id || exit
echo "$(echo "$stat" | cut -d' ' -f1,22) $boot" > "$0.new" && mv "$0.new" "$0" && exec "$@"
"""


@dataclass(frozen=True)
class Identity:
    """One process of one boot."""

    pid: int
    start: int
    boot: str

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self.boot == _boot() and _start_time(self.pid) == self.start


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _start_time(pid: int) -> int | None:
    try:
        # The name in field 2 may hold blanks and brackets: count from behind its last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _record(home: Home, name: str) -> Path:
    return home.folder("run") / f"{name}.pid"


def recorded(home: Home, name: str) -> Identity | None:
    """The process on record under this name, running or not."""
    try:
        pid, start, boot = _record(home, name).read_text().split()
        return Identity(int(pid), int(start), boot)
    except (FileNotFoundError, ValueError):
        return None


def running(home: Home, name: str) -> Identity | None:
    """The process on record under this name, if it still runs."""
    identity = recorded(home, name)
    return identity if identity and identity.alive() else None


def adopt(home: Home, name: str, pid: int) -> None:
    """Write down a process that a daemon of ours started, so that ``down`` can end it too."""
    start = _start_time(pid)
    if start is not None:
        replace_text(_record(home, name), f"{pid} {start} {_boot()}\n")


def start(home: Home, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Identity:
    """Start a daemon in a session of its own, its output in its log, and return as soon as it is on record."""
    _record(home, name).unlink(missing_ok=True)
    with home.log(name).open("ab") as log:
        shell = ["/bin/sh", "-c", _RECORD_AND_BECOME, str(_record(home, name)), *map(str, argv)]
        child = subprocess.Popen(
            shell, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
    if not wait(lambda: recorded(home, name) is not None, 10, lambda: child.poll() is None):
        raise StackError(f"{name} did not start: see {home.log(name)}")
    identity = recorded(home, name)
    assert identity is not None
    return identity


def stop(home: Home, name: str, seconds: float = 30) -> None:
    """End a daemon of ours: politely, then, when it does not listen, at once."""
    identity = running(home, name)
    if identity:
        say(f"stopping {name} (process {identity.pid})")
        for number in (signal.SIGTERM, signal.SIGKILL):
            _signal(identity, number)
            if wait(lambda: not identity.alive(), seconds):
                break
    _record(home, name).unlink(missing_ok=True)


def _signal(identity: Identity, number: signal.Signals) -> None:
    if identity.alive():
        os.kill(identity.pid, number)
