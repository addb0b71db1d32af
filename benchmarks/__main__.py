"""`python -m benchmarks [--runs N] [NAME...]`: one table; a bound that is missed is told there, and is no error."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.measuring import MeasurementError
from benchmarks.suite import BENCHMARKS, LONG
from benchmarks.table import Row, render
from tests.stack import load

_NAMES = f"of {', '.join(BENCHMARKS)}; if none is given, all but {' and '.join(LONG)}"


def main(arguments: Sequence[str]) -> int:
    """Measure, and print.

    Args:
        arguments: what follows the program's name.

    Returns:
        0; 1 where something could not be measured.
    """
    given = parse(arguments)
    stack = load()
    if not stack or not stack.docker:
        return _complain("no engine to measure on: run `make stack`")
    before = _load()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(stack, stack.docker, Path(folder), given.runs)
        rows, problems = _measured(bench, given.names or [name for name in BENCHMARKS if name not in LONG])
    sys.stdout.write(f"{render(rows)}\n\n{_method(bench, before)}\n")
    return _complain(*problems) if problems else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; a name that is no benchmark's is refused."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="SpyBuild beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=_NAMES)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds after the warm-up (default: 5)")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(BENCHMARKS)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if given.runs < 1:
        parser.error("--runs must be 1 or more")
    return given


def _measured(bench: Bench, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows of all that could be measured, and why the rest could not."""
    rows: list[Row] = []
    problems: list[str] = []
    for name in names:
        sys.stderr.write(f"measuring: {name}\n")
        try:
            rows += BENCHMARKS[name](bench)
        except (MeasurementError, AssertionError, OSError) as problem:  # the builders of images assert
            problems.append(f"{name} could not be measured: {problem}")
    return rows, problems


def _method(bench: Bench, before: str) -> str:
    return (
        f"Medians of {bench.rounds} runs each, in turn, after one warm-up; of memory the largest. "
        f"Docker {bench.engine.version}, {os.cpu_count()} cores, Python {sys.version.split()[0]}; "
        f"load average {before} before, {_load()} after."
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}"


def _complain(*problems: str) -> int:
    sys.stderr.write("".join(f"benchmarks: {problem}\n" for problem in problems))
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
