"""An index is what its statement lists: no platform swapped, added, removed or left out."""

from datetime import timedelta
from typing import Any

import pytest

from spybuild.gate.decision import decide
from spybuild.model.attested import (
    AttestedContract,
)
from tests.gate.making import (
    AMD64,
    ARM64,
    NOW,
    S390X,
    child,
    digest,
    image,
    manifest,
    passed,
    policy,
    refusal,
    statement,
)


def test_a_swapped_platform_is_refused() -> None:
    """Another manifest, honestly attested by the same signer for an older release, stands where the index had another."""
    old = digest("last year's manifest")
    swapped = child(ARM64, passed(ARM64, subject=old), digest=old)
    reasons = refusal(image(child(AMD64), swapped))
    assert f"lists linux/arm64 as {manifest(ARM64)}, where the index has {old} now" in reasons


def test_an_added_platform_is_refused() -> None:
    """A platform that the index did not have when it was attested, even with an honest pass of its own."""
    reasons = refusal(image(child(AMD64), child(ARM64), child(S390X)))
    assert f"does not list linux/s390x as {manifest(S390X)}, which the index has now" in reasons


def test_an_added_platform_without_evidence_is_refused() -> None:
    """Platforms beyond the required ones must prove themselves as well, unless the policy says otherwise."""
    evidence = image(child(AMD64), child(ARM64), child(S390X, attestations=()))
    assert f"linux/s390x ({manifest(S390X)}) has no attestation" in refusal(evidence, needs_index_statement=False)
    assert decide(policy(extra="allow"), evidence, NOW).admitted


def test_extra_platforms_may_be_refused_altogether() -> None:
    """`extra: refuse` refuses them also where they are attested and listed."""
    evidence = image(child(AMD64), child(ARM64), child(S390X), attestations=(statement(AMD64, ARM64, S390X),))
    assert decide(policy(), evidence, NOW).admitted
    assert "is a platform that the policy does not name" in refusal(evidence, extra="refuse")


def test_a_removed_platform_is_refused() -> None:
    """A platform that was attested and is gone: by the list of the policy, and by that of the statement."""
    reasons = refusal(image(child(AMD64)))
    assert "the image has no platform linux/arm64, which the policy requires" in reasons
    assert f"lists linux/arm64 as {manifest(ARM64)}, which is not there now" in reasons


def test_a_second_manifest_of_a_platform_must_pass_too() -> None:
    """A runtime takes the first manifest that fits: each of them has to be proved."""
    double = child(AMD64, digest=digest("evil"), attestations=())
    assert "linux/amd64" in refusal(image(double, child(AMD64), child(ARM64)), needs_index_statement=False)


def test_an_index_without_a_statement_is_refused() -> None:
    """Passes of all platforms do not prove that they belong together; the policy may waive this."""
    decision = decide(policy(), image(attestations=()), NOW)
    assert decision.reasons == ("the index has no attestation",)
    assert decision.exit_code == 4
    assert decide(policy(needs_index_statement=False), image(attestations=()), NOW).admitted


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": digest("other index")}, "another image"),
        ({"predicate_type": "https://in-toto.io/attestation/vuln/v0.1"}, "not a verification result (SVR)"),
        ({"passed": False}, "does not say that the checks passed"),
        ({"contracts": (AttestedContract(digest=digest("lax")),)}, "is a pass of another contract"),
        ({"repository": "registry.example/evil"}, "made for the repository"),
        ({"validated_at": NOW - timedelta(days=31)}, "too long ago"),
        ({"children": ()}, "does not list linux/amd64"),
        ({"children": statement().attested.children * 2}, "more than once"),
    ],
)
def test_an_index_statement_is_judged_like_any_other(changes: dict[str, Any], reason: str) -> None:
    """What refuses a platform's attestation refuses the index's."""
    assert reason in refusal(image(attestations=(statement(**changes),)))


@pytest.mark.parametrize(
    ("attestation", "reason"),
    [(None, "does not say which attestation linux/amd64 rests on"), (digest("other"), "which does not count")],
)
def test_an_index_statement_names_what_it_rests_on(attestation: Any, reason: str) -> None:
    """A statement that rests on an attestation that is not there, or does not count, does not count itself."""
    children = [each.model_copy(update={"attestation": attestation}) for each in statement().attested.children[:1]]
    listed = (*children, *statement().attested.children[1:])
    assert reason in refusal(image(attestations=(statement(children=listed),)))


def test_a_renewed_platform_attestation_leaves_the_index_statement_standing() -> None:
    """The statement may rest on any attestation that counts, not only on the newest."""
    renewed = passed(validated_at=NOW).model_copy(update={"digest": digest("renewed")})
    decision = decide(policy(), image(child(AMD64, renewed, passed()), child(ARM64)), NOW)
    assert decision.admitted
    assert decision.platforms[0].chosen == renewed.digest
