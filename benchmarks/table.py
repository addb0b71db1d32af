"""The table: what was measured, on both sides, and whether the bound holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from tabulate import tabulate

from benchmarks.measuring import Runs

_HEADERS = ("what", "ours", "peer", "the peer is", "ratio", "bound", "")
_ALIGNMENT = ("left", "right", "right", "left", "right", "right", "left")
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Row:
    """One line; an empty `verdict` is one where no bound was set."""

    what: str
    ours: str
    peer: str = ""
    peer_name: str = ""
    ratio: str = ""
    bound: str = ""
    verdict: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells, in the order of the headers."""
        return (self.what, self.ours, self.peer, self.peer_name, self.ratio, self.bound, self.verdict)


def compared(what: str, ours: float, peer: float, peer_name: str, bound: float | None = None) -> Row:
    """Our seconds beside a peer's; `bound` is the largest ratio that is good."""
    return Row(
        what, f"{ours:.3f} s", f"{peer:.3f} s", peer_name, f"{ours / peer:.2f}",
        "" if bound is None else f"<= {bound:g}", "" if bound is None else held(ours / peer, bound),
    )  # fmt: skip


def added(what: str, ours: Runs, peer: Runs, peer_name: str, most: float) -> Row:
    """What ours takes longer than a peer, in seconds, and what that may be at most."""
    extra = (ours - peer).seconds
    return Row(
        what, f"{ours.seconds:.3f} s", f"{peer.seconds:.3f} s", peer_name, f"{extra:+.3f} s", f"<= +{most:g} s",
        held(extra, most),
    )  # fmt: skip


def memory(what: str, peak_bytes: int, bound_megabytes: int) -> Row:
    """Our peak memory beside what it may be; a MB is 2**20 bytes."""
    peak = peak_bytes / _MEBIBYTE
    return Row(what, f"{peak:.0f} MB", bound=f"<= {bound_megabytes} MB", verdict=held(peak, bound_megabytes))


def counted(what: str, ours: int, most: int, unit: str) -> Row:
    """A number of ours beside what it may be."""
    return Row(what, f"{ours} {unit}", bound=f"<= {most}", verdict=held(ours, most))


def loaded(what: str, found: Iterable[str]) -> Row:
    """What was loaded of modules of which none should have been."""
    names = sorted(found)
    return Row(what, ", ".join(names) or "none", bound="none", verdict="over" if names else "ok")


def held(value: float, bound: float) -> str:
    """Whether a value is within its bound; both are compared as they are, not as they are printed."""
    return "ok" if value <= bound else "over"


def render(rows: Iterable[Row]) -> str:
    """The table as text."""
    cells = [row.cells for row in rows]
    return tabulate(cells, headers=_HEADERS, colalign=_ALIGNMENT, tablefmt="simple", disable_numparse=True)
