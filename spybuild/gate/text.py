"""What the gate says, for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from spybuild.gate.decision import Decision, Judged, PlatformDecision
from spybuild.reports.escaping import one_line

if TYPE_CHECKING:  # slow to load
    from spybuild.gate.testing import CaseResult


def render_decision(decision: Decision, *, verbose: bool = False) -> str:
    """The decision as text, lines ended by newlines.

    Args:
        decision: what to show.
        verbose: also what is said against each attestation, where the image is admitted all the same.
    """
    return "\n".join([*_decision(decision, verbose), f"gate: {'admitted' if decision.admitted else 'REFUSED'}"]) + "\n"


def _decision(decision: Decision, verbose: bool) -> Iterator[str]:
    for platform in decision.platforms:
        yield from _platform(platform, verbose)
    if decision.chosen:
        yield f"index  attested by {decision.chosen}"
    yield from (f"refused: {one_line(reason)}" for reason in decision.reasons)
    if verbose:
        yield from _judged(decision.index_attestations)


def _platform(platform: PlatformDecision, verbose: bool) -> Iterator[str]:
    name = one_line(str(platform.platform))
    if platform.admitted:
        attested = f"attested by {platform.chosen}" if platform.chosen else "not asked for"
        whose = " (runtime evidence: its build's word)" if platform.is_from_build else ""
        yield f"{name}  {platform.digest}  {attested}{whose}"
    yield from (f"refused: {one_line(reason)}" for reason in platform.reasons)
    if verbose:
        yield from _judged(platform.attestations)


def _judged(attestations: Sequence[Judged]) -> Iterator[str]:
    for each in attestations:
        yield f"  {each.digest or '(unreadable)'}  {'counts' if each.counts else 'does not count'}"
        yield from (f"    {one_line(reason)}" for reason in each.reasons)


def render_results(results: "Sequence[CaseResult]") -> str:
    """The results of a policy's cases, as pytest sums up its tests; lines ended by newlines."""
    from spybuild.gate.testing import Outcome

    wrong = [each for each in results if each.outcome is not Outcome.PASSED]
    lines = [line for each in wrong for line in _wrong(each)]
    counts = Counter(each.outcome for each in results)
    total = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return "\n".join([*lines, total]) + "\n"


def _wrong(result: "CaseResult") -> Iterator[str]:
    yield f"{result.outcome.upper()} {result.path} - {one_line(result.name)}"
    yield from (f"    {one_line(complaint)}" for complaint in result.complaints)
