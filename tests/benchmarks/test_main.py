"""The command line of the benchmarks, as far as it measures nothing."""

from pathlib import Path

import pytest

from benchmarks.__main__ import _NAMES, main, parse
from benchmarks.suite import BENCHMARKS, LONG


def test_all_are_run_five_times_unless_told_otherwise() -> None:
    """Names and rounds can be given."""
    assert vars(parse([])) == {"names": [], "runs": 5}
    assert vars(parse(["--runs", "1", "start"])) == {"names": ["start"], "runs": 1}


def test_what_takes_minutes_is_measured_only_when_it_is_named() -> None:
    """The help says which, and each is a benchmark."""
    assert frozenset(BENCHMARKS) > LONG
    assert all(name in _NAMES for name in BENCHMARKS)
    assert _NAMES.endswith("all but sizes")


@pytest.mark.parametrize("arguments", [["nothing-of-ours"], ["--runs", "0"]])
def test_what_cannot_be_measured_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As every command line refuses: with 2 and a reason."""
    with pytest.raises(SystemExit) as left:
        parse(arguments)
    assert left.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_without_an_engine_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is not 0, and the next step is named."""
    monkeypatch.setenv("SPYBUILD_STACK_DIR", str(tmp_path))
    assert main([]) == 1
    assert "make stack" in capsys.readouterr().err
