"""Runs commands in turn, and takes the time and the peak memory of each."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What would make a Python or a scan of ours behave otherwise than on a user's machine; unset for all who are measured.
_DISTORTING = ("PYTHON", "SPYBUILD_", "DOCKER_", "CONTAINER_HOST")


class MeasurementError(Exception):
    """Something could not be measured."""


@dataclass(frozen=True)
class Command:
    """A process to measure; `environment` comes on top of the cleaned one of this process."""

    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    emptied: Path | None = None
    """A folder that is emptied before each run, while no time is taken."""


@dataclass(frozen=True)
class Run:
    """What one process took, from its start until it had ended."""

    seconds: float
    peak_bytes: int
    """Its largest resident set. The kernel counts from the fork on: it cannot be less than that of this process."""


Runner = Callable[[Command], Run]


@dataclass(frozen=True)
class Runs:
    """The runs of one command, warm-up left out."""

    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The largest of all."""
        return max(run.peak_bytes for run in self.runs)

    def __add__(self, other: "Runs") -> "Runs":
        """Both commands one after the other, round by round."""
        pairs = zip(self.runs, other.runs, strict=True)
        return Runs(tuple(Run(a.seconds + b.seconds, max(a.peak_bytes, b.peak_bytes)) for a, b in pairs))

    def __sub__(self, other: "Runs") -> "Runs":
        """What this command does more than the other, round by round."""
        pairs = zip(self.runs, other.runs, strict=True)
        return Runs(tuple(Run(a.seconds - b.seconds, a.peak_bytes) for a, b in pairs))


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables that would distort a measurement."""
    return {name: value for name, value in environment.items() if not name.startswith(_DISTORTING)}


def run(command: Command) -> Run:
    """Run a process to its end.

    Raises:
        MeasurementError: it did not end with 0: what it did then is not what was to be measured.
    """
    if command.emptied:
        shutil.rmtree(command.emptied, ignore_errors=True)
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = _start(command, said.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-1500:]
            raise MeasurementError(f"{' '.join(command.argv)}\nended with {process.returncode}: {words}")
    return Run(seconds, usage.ru_maxrss * 1024)


def in_turn(commands: Sequence[Command], rounds: int, runner: Runner = run) -> list[Runs]:
    """Measure commands: each once to warm up, then all in turn, so many rounds.

    Args:
        commands: what to measure.
        rounds: how often.
        runner: runs one command.

    Returns:
        The runs of each command, in the order of the commands.
    """
    for command in commands:
        runner(command)
    measured = [[runner(command) for command in commands] for _ in range(rounds)]
    return [Runs(runs) for runs in zip(*measured, strict=True)]


def _start(command: Command, output: int) -> subprocess.Popen[bytes]:
    environment = {**clean(os.environ), **command.environment}
    try:
        return subprocess.Popen(
            command.argv, cwd=command.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    except OSError as error:
        raise MeasurementError(f"{command.argv[0]} cannot be run: {error}") from error
