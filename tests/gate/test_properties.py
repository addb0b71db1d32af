"""What holds of every decision, whatever the evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.gate.decision import Decision, decide
from spybuild.gate.policy import Policy
from spybuild.model.attested import (
    AttestedContract,
    AttestedTool,
    AuthenticatedTime,
    ChildEvidence,
    Examined,
    ImageEvidence,
    KeySigner,
    Refused,
    Verified,
)
from spybuild.model.platforms import Platform
from tests.gate.making import (
    AMD64,
    ARM64,
    BY_KEY,
    CONTRACT,
    INDEX,
    KEYLESS,
    NOW,
    REPOSITORY,
    attested,
    digest,
    image,
    manifest,
    policy,
    statement,
    verified,
)

S390X = Platform("linux", "s390x")
PLATFORMS = [AMD64, ARM64, S390X]
_DIGESTS = [manifest(each) for each in PLATFORMS] + [INDEX, digest("other")]
_MOMENTS = [NOW - timedelta(days=1), NOW - timedelta(days=2), NOW - timedelta(days=60), NOW + timedelta(days=1), None]

# mostly honest, so that both outcomes are common: the first of each list is what a good attestation says
_statement_fields = st.fixed_dictionaries(
    {},
    optional={
        "passed": st.booleans(),
        "repository": st.sampled_from([REPOSITORY, "evil", ""]),
        "contracts": st.sampled_from(
            [(AttestedContract(digest=CONTRACT),), (AttestedContract(digest=digest("lax")),), ()]
        ),
        "validated_at": st.sampled_from(_MOMENTS),
        "evidence": st.sampled_from([("runtime", "static"), ("static",), ("config",), ()]),
        "tool": st.sampled_from([AttestedTool(name="spybuild", version="1"), None]),
        "subject": st.sampled_from(_DIGESTS),
        "platform": st.sampled_from([*PLATFORMS, None]),
        "predicate_type": st.sampled_from(["https://in-toto.io/attestation/test-result/v0.1", "x"]),
    },
)
_signers = st.sampled_from([KEYLESS, BY_KEY, KeySigner(fingerprint=digest("stranger"))])


@st.composite
def _verified(draw: st.DrawFn, base: Verified) -> Verified:
    fields = draw(_statement_fields) if draw(st.booleans()) else {}
    said = base.attested.model_copy(update=fields)
    signed = draw(st.sampled_from([said.validated_at, NOW, None]))
    return base.model_copy(
        update={
            "digest": draw(st.sampled_from([base.digest, digest("a"), digest("b")])),
            "attested": said,
            "signer": draw(_signers) if draw(st.booleans()) else base.signer,
            "signed_at": AuthenticatedTime(at=signed, source="certificate") if signed else None,
        }
    )


_refused = st.builds(Refused, digest=st.sampled_from([None, digest("a")]), reason=st.sampled_from(["bad", "worse"]))


def _attestations(base: Verified) -> st.SearchStrategy[tuple[Examined, ...]]:
    return st.lists(st.one_of(st.just(base), _verified(base), _refused), max_size=4).map(tuple)


@st.composite
def _evidence(draw: st.DrawFn) -> ImageEvidence:
    if draw(st.integers(0, 3)) == 0:
        return image()
    platforms = draw(st.lists(st.sampled_from(PLATFORMS), max_size=3, unique=True))
    children = tuple(
        ChildEvidence(platform=each, digest=manifest(each), attestations=draw(_attestations(verified(attested(each)))))
        for each in platforms
    )
    listed = statement(*draw(st.sampled_from([platforms, PLATFORMS, [AMD64]])))
    return ImageEvidence(
        repository=draw(st.sampled_from([REPOSITORY, "other"])),
        digest=INDEX,
        is_index=True,
        children=children,
        attestations=draw(_attestations(listed)),
    )


_policies = st.builds(
    policy,
    required=st.sampled_from([(AMD64, ARM64), (AMD64,), ()]),
    extra=st.sampled_from(["require-evidence", "allow", "refuse"]),
    needs_index_statement=st.booleans(),
    max_age=st.sampled_from([timedelta(days=30), None]),
    evidence=st.sampled_from([frozenset(), frozenset({"runtime", "static"})]),
    trusts_signers_clock=st.booleans(),
)


def _is_honest(attestation: Examined, platform: Platform, demanded: Policy) -> bool:
    """Written anew from the policy's words, and shorter than the gate: what a pass of `platform` has to be."""
    if isinstance(attestation, Refused):
        return False
    said, signer = attestation.attested, attestation.signer
    moment, signed = said.validated_at, attestation.signed_at
    if moment is None or moment > NOW + demanded.tolerance:
        return False
    fresh = demanded.max_age is None or (
        NOW - moment <= demanded.max_age and (signed is not None or demanded.trusts_signers_clock)
    )
    agrees = signed is None or abs(signed.at - moment) <= demanded.tolerance
    return (
        (said.subject, said.platform, said.passed) == (manifest(platform), platform, True)
        and said.predicate_type.endswith("test-result/v0.1")
        and signer in (KEYLESS, BY_KEY)
        and [each.digest for each in said.contracts] == [CONTRACT]
        and said.repository != ""
        and bool({"runtime", "static"} & set(said.evidence))
        and demanded.evidence <= set(said.evidence)
        and fresh
        and agrees
    )


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence())
def test_nothing_is_admitted_without_a_pass_of_every_required_platform(
    demanded: Policy, evidence: ImageEvidence
) -> None:
    """Required platforms are there and passed; others passed unless they are let in as they are; something passed."""
    if not decide(demanded, evidence, NOW).admitted:
        return
    proved = {
        each.platform
        for each in evidence.children
        if any(
            _is_honest(attestation, each.platform, demanded)
            and isinstance(attestation, Verified)
            and attestation.attested.repository == evidence.repository
            for attestation in each.attestations
        )
    }
    assert proved >= set(demanded.required)
    assert proved
    assert demanded.extra == "allow" or proved == {each.platform for each in evidence.children}
    assert demanded.extra != "refuse" or proved == set(demanded.required)


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence())
def test_what_is_honest_in_everything_is_admitted(demanded: Policy, evidence: ImageEvidence) -> None:
    """The gate refuses for a reason: an image whose every platform has its honest pass, and a statement, passes."""
    if demanded.extra == "refuse" and {each.platform for each in evidence.children} != set(demanded.required):
        return
    if not set(demanded.required) <= {each.platform for each in evidence.children} or not evidence.children:
        return
    children = tuple(
        each.model_copy(update={"attestations": (*each.attestations, verified(attested(each.platform)))})
        for each in evidence.children
    )
    honest = statement(*(each.platform for each in children))
    whole = evidence.model_copy(
        update={"children": children, "attestations": (*evidence.attestations, honest), "repository": REPOSITORY}
    )
    assert decide(demanded, whole, NOW).admitted


@st.composite
def _bad(draw: st.DrawFn) -> Examined:
    """An attestation that no policy here takes: the statement or its signer is somebody else's, or it is no bundle."""
    spoil: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"passed": False},
                {"subject": digest("other")},
                {"contracts": ()},
                {"repository": ""},
                {"validated_at": None},
                {"validated_at": NOW + timedelta(days=3)},
                {"predicate_type": "x"},
            ]
        )
    )
    base = draw(st.sampled_from([verified(attested(AMD64)), verified(attested(ARM64)), statement()]))
    said = base.model_copy(
        update={
            "attested": base.attested.model_copy(update=spoil),
            "digest": draw(st.sampled_from([base.digest, digest("a")])),
        }
    )
    return draw(st.one_of(st.just(said), _refused))


def _essence(decision: Decision) -> tuple[Any, ...]:
    platforms = tuple((each.platform, each.digest, each.admitted, each.chosen) for each in decision.platforms)
    return decision.admitted, decision.chosen, platforms


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence(), st.lists(_bad(), min_size=1, max_size=3), st.integers(0, 3))
def test_a_bad_attestation_changes_no_decision(
    demanded: Policy, evidence: ImageEvidence, bad: list[Examined], where: int
) -> None:
    """Wherever it is hung: on the index or on a platform."""
    before = _essence(decide(demanded, evidence, NOW))
    assert _essence(decide(demanded, _with(evidence, where, lambda found: (*bad, *found)), NOW)) == before


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence(), st.integers(0, 3), st.integers(0, 3))
def test_taking_evidence_away_opens_no_gate(demanded: Policy, evidence: ImageEvidence, where: int, which: int) -> None:
    """What was refused is refused with one attestation less."""
    if not decide(demanded, evidence, NOW).admitted:
        less = _with(evidence, where, lambda found: found[:which] + found[which + 1 :])
        assert not decide(demanded, less, NOW).admitted


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence(), st.randoms(use_true_random=False))
def test_order_decides_nothing(demanded: Policy, evidence: ImageEvidence, random: Any) -> None:
    """The whole decision, reasons and all, is the same in whatever order things were found."""

    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(items, len(items)))

    children = tuple(
        each.model_copy(update={"attestations": shuffled(each.attestations)}) for each in shuffled(evidence.children)
    )
    other = evidence.model_copy(update={"children": children, "attestations": shuffled(evidence.attestations)})
    demanded_other = replace(demanded, signers=shuffled(demanded.signers), contracts=shuffled(demanded.contracts))
    assert decide(demanded_other, other, NOW) == decide(demanded, evidence, NOW)


@settings(max_examples=100, deadline=None)
@given(_policies, _evidence())
def test_a_refusal_always_says_why(demanded: Policy, evidence: ImageEvidence) -> None:
    """Refused images have reasons, admitted ones have none, and the exit code agrees."""
    decision = decide(demanded, evidence, NOW)
    assert decision.admitted == (not decision.all_reasons)
    assert decision.admitted == (decision.exit_code == 0)
    assert decision.exit_code in (0, 4, 5)


def _with(evidence: ImageEvidence, where: int, change: Any) -> ImageEvidence:
    if where >= len(evidence.children):
        return evidence.model_copy(update={"attestations": change(evidence.attestations)})
    children = list(evidence.children)
    children[where] = children[where].model_copy(update={"attestations": change(children[where].attestations)})
    return evidence.model_copy(update={"children": tuple(children)})


def test_the_strategies_reach_both_outcomes() -> None:
    """The properties above speak of admitted images and of refused ones."""
    outcomes = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(_policies, _evidence())
    def look(demanded: Policy, evidence: ImageEvidence) -> None:
        outcomes.add(decide(demanded, evidence, NOW).admitted)

    look()
    assert outcomes == {True, False}
