"""What the stack says to the person at the terminal, and the one kind of failure it knows."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

_STARTED = time.monotonic()


class StackError(Exception):
    """A part cannot be brought up; the message says why and what to do."""


def say(message: str) -> None:
    """One line on stderr, with the seconds since the command began."""
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {message}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say when something slow begins, and how long it took."""
    say(f"{what} ...")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.1f} s")


def run(argv: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a program to its end with its output in a log; its failure is a :class:`StackError` that names the log."""
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(map(str, argv))}\n".encode())
        output.flush()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd)
    if done.returncode:
        raise StackError(f"{Path(argv[0]).name} failed with exit code {done.returncode}: see {log}")


def answer(argv: Sequence[str | Path]) -> str | None:
    """What a program prints, or ``None`` when it is missing or fails."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def wait(ready: Callable[[], bool], seconds: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Ask until the answer is yes; no when the time is over, or at once when what we wait for has died."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if not alive():
            return False
        time.sleep(0.1)
    return ready()
