"""The table's rows and their verdicts."""

import pytest

from benchmarks.measuring import Run, Runs
from benchmarks.table import added, compared, counted, held, loaded, memory, render

MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("ours", "bound", "ratio", "verdict"),
    [
        (1.0, 1.3, "0.50", "ok"),
        (2.6, 1.3, "1.30", "ok"),
        (2.602, 1.3, "1.30", "over"),
        (4.0, 1.3, "2.00", "over"),
        (4.0, None, "2.00", ""),
    ],
)
def test_a_ratio_is_held_to_its_bound(ours: float, bound: float | None, ratio: str, verdict: str) -> None:
    """The bound itself is good; what is over it only behind the digits shown is over; no bound, no verdict."""
    row = compared("scan", ours, 2.0, "docker run", bound)
    assert (row.ratio, row.verdict, row.bound) == (ratio, verdict, "<= 1.3" if bound else "")


@pytest.mark.parametrize(
    ("size", "verdict"), [(149 * MEBIBYTE, "ok"), (150 * MEBIBYTE, "ok"), (151 * MEBIBYTE, "over")]
)
def test_memory_is_held_to_its_bound(size: int, verdict: str) -> None:
    """In MB of 2**20 bytes."""
    row = memory("scan", size, 150)
    assert (row.ours, row.bound, row.verdict) == (f"{size // MEBIBYTE} MB", "<= 150 MB", verdict)


@pytest.mark.parametrize(("ours", "verdict"), [(0, "ok"), (3, "ok"), (4, "over")])
def test_a_number_is_held_to_its_bound(ours: int, verdict: str) -> None:
    """As many as may be are good, one more is not."""
    row = counted("registry, unchanged", ours, 3, "requests")
    assert (row.ours, row.bound, row.verdict) == (f"{ours} requests", "<= 3", verdict)


@pytest.mark.parametrize(
    ("found", "ours", "verdict"), [(set(), "none", "ok"), ({"pydantic", "docker"}, "docker, pydantic", "over")]
)
def test_nothing_should_have_been_loaded(found: set[str], ours: str, verdict: str) -> None:
    """What was is named."""
    row = loaded("import spybuild", found)
    assert (row.ours, row.verdict) == (ours, verdict)


def test_bounds_are_inclusive() -> None:
    """At the bound it holds."""
    assert (held(2, 2), held(2.1, 2)) == ("ok", "over")


def test_the_table_has_all_cells_of_a_row_in_one_line() -> None:
    """In the order of the headers, numbers as they were formatted."""
    header, _, first, second = render(
        [compared("scan", 1.2, 1.0, "docker run", 1.3), memory("scan", 0, 1)]
    ).splitlines()
    assert header.split() == ["what", "ours", "peer", "the", "peer", "is", "ratio", "bound"]
    assert first.split() == ["scan", "1.200", "s", "1.000", "s", "docker", "run", "1.20", "<=", "1.3", "ok"]
    assert second.split() == ["scan", "0", "MB", "<=", "1", "MB", "ok"]


def test_what_is_added_is_told_in_seconds() -> None:
    """Round by round: what a slow moment does to both is no difference."""
    ours, peer = (Runs(tuple(Run(seconds, 0) for seconds in each)) for each in ((1.1, 9.2, 1.3), (1.0, 9.0, 1.0)))
    row = added("build", ours, peer, "a peer", 0.25)
    assert row.cells == ("build", "1.300 s", "1.000 s", "a peer", "+0.200 s", "<= +0.25 s", "ok")
    assert added("build", ours, peer, "a peer", 0.15).verdict == "over"
