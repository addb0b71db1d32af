"""Commands are run in turn, in an environment that distorts nothing; no time is looked at here."""

import sys
from pathlib import Path

import pytest

from benchmarks.measuring import Command, MeasurementError, Run, Runs, clean, in_turn, run


def command(name: str) -> Command:
    return Command((name,), Path(), {})


def runs(*seconds: float, peak: int = 0) -> Runs:
    return Runs(tuple(Run(each, peak) for each in seconds))


def python(tmp_path: Path, program: str, **environment: str) -> Command:
    return Command((sys.executable, "-c", program), tmp_path, environment)


def test_each_is_warmed_up_once_and_then_all_take_turns() -> None:
    """A B, then A B A B; the warm-up is not among the runs."""
    order: list[str] = []

    def runner(each: Command) -> Run:
        order.append(each.argv[0])
        return Run(len(order), 0)

    measured = in_turn([command("a"), command("b")], 2, runner)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert measured == [runs(3, 5), runs(4, 6)]


def test_time_is_the_median_and_memory_the_largest() -> None:
    """One slow run does not move the time; one large run is the peak."""
    measured = Runs((Run(9.0, 10), Run(1.0, 30), Run(2.0, 20)))
    assert (measured.seconds, measured.peak_bytes) == (2.0, 30)


def test_a_sum_is_made_round_by_round() -> None:
    """What was measured together is added together."""
    total = runs(1, 10, 100, peak=5) + runs(100, 1, 1, peak=7)
    assert total == Runs((Run(101, 7), Run(11, 7), Run(101, 7)))


def test_a_difference_is_made_round_by_round() -> None:
    """What one command does more than another; the memory is its own."""
    more = runs(3, 30, peak=7) - runs(1, 10, peak=9)
    assert more == Runs((Run(2, 7), Run(20, 7)))


def test_a_folder_is_emptied_before_each_run(tmp_path: Path) -> None:
    """What an earlier run left there is gone, and so is what it left in the folder itself."""
    cache = tmp_path / "cache"
    program = "import pathlib, sys; p = pathlib.Path('cache'); sys.exit(p.exists() or p.mkdir())"
    argv = (sys.executable, "-c", program)
    for _ in range(2):
        run(Command(argv, tmp_path, {}, emptied=cache))
    with pytest.raises(MeasurementError):
        run(Command(argv, tmp_path, {}))


def test_what_distorts_is_taken_out_of_the_environment() -> None:
    """Byte code is cached, and no variable of ours, Python's or Docker's changes what is measured."""
    kept = {"PATH": "/bin", "HOME": "/root", "MY_PYTHON": "x"}
    distorting = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/x", "SPYBUILD_PLATFORM": "x", "DOCKER_HOST": "x"}
    assert clean({**kept, **distorting}) == kept


def test_a_command_gets_its_environment_on_top_of_the_cleaned_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that depends on it ends with 0."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    program = (
        "import os, sys; sys.exit(sys.dont_write_bytecode or os.environ['GIVEN'] != 'x' or not os.environ['PATH'])"
    )
    assert run(python(tmp_path, program, GIVEN="x")).peak_bytes > 0


def test_a_command_that_fails_was_not_measured(tmp_path: Path) -> None:
    """The error has its exit code and what it said."""
    with pytest.raises(MeasurementError, match=r"(?s)ended with 3: no such image"):
        run(python(tmp_path, "import sys; print('no such image', file=sys.stderr); sys.exit(3)"))


def test_a_command_that_is_not_there_was_not_measured(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(MeasurementError, match="no-such-program cannot be run"):
        run(Command(("no-such-program",), tmp_path, {}))
