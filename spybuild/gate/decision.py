"""The decision: whether an image may pass, and why not, from what is known of it. No I/O and no clock.

Nothing passes by default. Each platform that has to prove itself needs one attestation against which the policy has
nothing to say; what else hangs on the image, broken or foreign or failed, neither helps nor hurts it. So evidence that
is taken away can never open the gate, and evidence that is thrown in can never close it (up to the caps below).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from spybuild.gate.judging import LAST, Asked, index_breaches, is_named, newest_first, platform_breaches, stranger
from spybuild.gate.listing import listing_breaches
from spybuild.gate.policy import ExtraPlatforms, Policy
from spybuild.model.attested import ChildEvidence, Examined, ImageEvidence, Verified
from spybuild.model.digests import Digest
from spybuild.model.names import shown
from spybuild.model.platforms import Platform

MOST_ATTESTATIONS = 1000
MOST_CHILDREN = 200


@dataclass(frozen=True)
class Judged:
    """One attestation and what is said against it; nothing is, where it counts.

    `is_verified` says that its signature holds and that the policy names the signer; `from_build` that it says that its
    runtime evidence is the word of the image's own build.
    """

    digest: Digest | None
    reasons: tuple[str, ...]
    is_verified: bool
    from_build: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is evidence that the policy takes."""
        return self.is_verified and not self.reasons


@dataclass(frozen=True)
class PlatformDecision:
    """One manifest of the image.

    Attributes:
        platform: as the index says.
        digest: the manifest's.
        is_required: whether the policy requires it by name.
        admitted: whether it may run.
        reasons: why not; empty where it may.
        attestations: everything found on it, the newest first.
        chosen: the newest attestation that counts; None where none does.
    """

    platform: Platform
    digest: Digest
    is_required: bool
    admitted: bool
    reasons: tuple[str, ...]
    attestations: tuple[Judged, ...] = ()
    chosen: Digest | None = None

    @property
    def is_from_build(self) -> bool:
        """Whether what it is admitted on rests on the word of the image's own build."""
        return any(each.from_build for each in self.attestations if each.counts and each.digest == self.chosen)


@dataclass(frozen=True)
class Decision:
    """What the gate says of an image.

    Attributes:
        admitted: whether it may pass: no platform is refused, and there is no reason against the image as a whole.
        reasons: against the image as a whole.
        platforms: in the order of their names.
        index_attestations: everything found on the index itself, the newest first.
        chosen: the newest index statement that counts; None where none does, or none is asked for.
        is_unproven: whether something that had to be proved has no verified attestation at all.
    """

    admitted: bool
    reasons: tuple[str, ...]
    platforms: tuple[PlatformDecision, ...] = ()
    index_attestations: tuple[Judged, ...] = ()
    chosen: Digest | None = None
    is_unproven: bool = False

    @property
    def all_reasons(self) -> tuple[str, ...]:
        """Every reason against a platform or against the image, each naming what it is about."""
        return tuple(reason for platform in self.platforms for reason in platform.reasons) + self.reasons

    @property
    def exit_code(self) -> int:
        """0 admitted, 4 evidence missing or not verified, 5 evidence verified and the policy says no."""
        if self.admitted:
            return 0
        return 4 if self.is_unproven else 5


def decide(policy: Policy, evidence: ImageEvidence, now: datetime) -> Decision:
    """Whether the image of `evidence` fulfils `policy` at the moment `now`.

    Args:
        policy: what is demanded.
        evidence: what was found, verified or not; the order of attestations and platforms does not matter.
        now: with its time zone.
    """
    if too_much := tuple(_too_much(evidence)):
        return Decision(False, too_much)
    asked = Asked(policy, evidence.repository, now)
    children = sorted(evidence.children, key=lambda child: (child.platform, child.digest))
    platforms = tuple(_platform(child, asked) for child in children)
    judged = _judge_index(evidence, platforms, asked)
    needs_statement = policy.needs_index_statement and evidence.is_index
    reasons = (*_against_image(evidence, platforms, policy), *(_against_index(judged) if needs_statement else ()))
    admitted = not reasons and all(platform.admitted for platform in platforms)
    return Decision(
        admitted,
        reasons,
        platforms,
        judged,
        next((each.digest for each in judged if each.counts), None) if needs_statement else None,
        _is_unproven(platforms, policy) or (needs_statement and not any(each.is_verified for each in judged)),
    )


def _too_much(evidence: ImageEvidence) -> Iterator[str]:
    if len(evidence.children) > MOST_CHILDREN:
        yield f"the image has {len(evidence.children)} platforms; no more than {MOST_CHILDREN} are looked at"
    places = [
        (evidence.digest, evidence.attestations),
        *((each.digest, each.attestations) for each in evidence.children),
    ]
    for digest, attestations in sorted(places, key=lambda place: place[0]):
        if len(attestations) > MOST_ATTESTATIONS:
            yield f"{digest} has {len(attestations)} attestations; no more than {MOST_ATTESTATIONS} are looked at"


def _platform(child: ChildEvidence, asked: Asked) -> PlatformDecision:
    judged = _judge(child.attestations, lambda each: platform_breaches(each, child, asked), asked.policy)
    chosen = next((each.digest for each in judged if each.counts), None)
    is_required = _is_required(child.platform, asked.policy)
    reasons = tuple(_against_platform(child, judged, None if is_required else asked.policy.extra))
    return PlatformDecision(child.platform, child.digest, is_required, not reasons, reasons, judged, chosen)


def _judge(
    attestations: Iterable[Examined], breaches: Callable[[Verified], Iterator[str]], policy: Policy
) -> tuple[Judged, ...]:
    """Each attestation with what is said against it: verified ones first, the newest first, in a total order."""
    ranked = []
    for each in attestations:
        if isinstance(each, Verified):
            is_verified = is_named(each, policy)
            reasons = (*breaches(each),) if is_verified else (stranger(each), *breaches(each))
            ranked.append((newest_first(each), Judged(each.digest, reasons, is_verified, each.attested.from_build)))
        else:
            ranked.append((LAST, Judged(each.digest, (f"was refused: {each.reason}",), is_verified=False)))
    ranked.sort(key=lambda pair: (pair[0], str(pair[1].digest), pair[1].reasons, pair[1].is_verified))
    return tuple(judged for _, judged in ranked)


def _against_platform(child: ChildEvidence, judged: tuple[Judged, ...], extra: ExtraPlatforms | None) -> Iterator[str]:
    """Why a platform may not run; `extra` is what becomes of it, None where it is a required one."""
    if extra == "refuse":
        yield f"{child.platform} ({child.digest}) is a platform that the policy does not name"
    elif extra != "allow" and not any(each.counts for each in judged):
        yield from _why_none_counts(f"{child.platform} ({child.digest})", judged)


def _is_required(platform: Platform, policy: Policy) -> bool:
    return any(platform.satisfies(wanted) for wanted in policy.required)


def _why_none_counts(name: str, judged: tuple[Judged, ...]) -> Iterator[str]:
    """What is said against the newest attestations; the others' reasons are with them."""
    if not judged:
        yield f"{name} has no attestation"
    for each in judged[:3]:
        yield from (f"{name}: the attestation {each.digest or '(unreadable)'} {reason}" for reason in each.reasons)
    if len(judged) > 3:
        yield f"{name}: {len(judged) - 3} more attestations do not count either"


def _against_image(evidence: ImageEvidence, platforms: tuple[PlatformDecision, ...], policy: Policy) -> Iterator[str]:
    if policy.lives_in and not any(each.matches(evidence.repository) for each in policy.lives_in):
        yield f"the image is in the repository {shown(evidence.repository, 200)}, which the policy does not name"
    present = [each.platform for each in platforms if each.is_required]
    for wanted in policy.required:
        if not any(platform.satisfies(wanted) for platform in present):
            yield f"the image has no platform {wanted}, which the policy requires"
    if not any(each.chosen or each.reasons for each in platforms):
        yield "no platform of the image is proved by an attestation"
    if not evidence.is_index and [each.digest for each in evidence.children] != [evidence.digest]:
        yield f"the evidence contradicts itself: {evidence.digest} is no index, and not its own only manifest"


def _judge_index(evidence: ImageEvidence, platforms: tuple[PlatformDecision, ...], asked: Asked) -> tuple[Judged, ...]:
    """What is on the index: a statement counts if it lists the index as it is, and what it rests on counts too."""
    accepted = {
        (each.platform, each.digest): frozenset(judged.digest for judged in each.attestations if judged.counts)
        for each in platforms
    }
    optional = {
        (each.platform, each.digest) for each in platforms if asked.policy.extra == "allow" and not each.is_required
    }

    def breaches(each: Verified) -> Iterator[str]:
        yield from index_breaches(each, evidence.digest, asked)
        yield from listing_breaches(each.attested.children, accepted, optional)

    return _judge(evidence.attestations, breaches, asked.policy)


def _against_index(judged: tuple[Judged, ...]) -> Iterator[str]:
    if not any(each.counts for each in judged):
        yield from _why_none_counts("the index", judged)


def _is_unproven(platforms: tuple[PlatformDecision, ...], policy: Policy) -> bool:
    """Whether a platform that has to prove itself has no verified attestation."""
    return any(
        not any(judged.is_verified for judged in each.attestations)
        for each in platforms
        if each.is_required or policy.extra == "require-evidence"
    )
