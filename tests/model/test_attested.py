"""What was attested: plain, frozen, and the same after a journey through JSON."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from spybuild.model.attested import (
    CLAIMS,
    Attested,
    AttestedWaiver,
    AuthenticatedTime,
    ChildEvidence,
    ImageEvidence,
    KeylessSigner,
    KeySigner,
    Refused,
    Verified,
)
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform

SOME = Digest.of(b"")
MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


def verified(signer: KeySigner | KeylessSigner) -> Verified:
    """An attestation that says next to nothing."""
    waiver = AttestedWaiver(rule="SPY101", expires=date(2026, 12, 31))
    said = Attested(subject=SOME, predicate_type="x", platform=Platform("linux", "arm64"), waivers=(waiver,))
    return Verified(digest=SOME, signer=signer, attested=said, signed_at=AuthenticatedTime(at=MOMENT, source="log"))


def test_evidence_survives_json() -> None:
    """Every kind of signer and of attestation is told apart again."""
    by_key, by_identity = KeySigner(fingerprint=SOME, uri="awskms:///x"), KeylessSigner(identity="a", issuer="b")
    found = (verified(by_key), verified(by_identity), Refused(reason="bad"), Refused(digest=SOME, reason="worse"))
    child = ChildEvidence(platform=Platform("linux", "arm64"), digest=SOME, attestations=found)
    evidence = ImageEvidence(repository="r", digest=SOME, is_index=False, children=(child,))
    assert ImageEvidence.model_validate_json(evidence.model_dump_json(by_alias=True)) == evidence


def test_what_a_statement_does_not_say_is_no_yes() -> None:
    """The defaults are what the gate refuses."""
    bare = Attested(subject=SOME, predicate_type="x")
    assert bare.passed is False
    assert (bare.platform, bare.validated_at, bare.tool, bare.repository) == (None, None, None, "")
    assert not bare.contracts
    assert not bare.evidence
    assert not bare.children


@pytest.mark.parametrize("passed", ["true", 1, "yes", "PASSED", None])
def test_a_pass_is_true_and_nothing_like_it(passed: Any) -> None:
    """No text and no number passes for a yes."""
    with pytest.raises(ValidationError):
        Attested(subject=SOME, predicate_type="x", passed=passed)


def test_nothing_can_be_changed_afterwards() -> None:
    """Whoever verified has said it once."""
    with pytest.raises(ValidationError):
        verified(KeySigner(fingerprint=SOME)).attested.passed = True  # type: ignore[misc]  # what is tested


def test_claims_have_the_oids_that_fulcio_gave_them() -> None:
    """All of its arc 1.3.6.1.4.1.57264.1, from .9 to .22, each once."""
    assert [oid.rpartition(".")[2] for oid in CLAIMS.values()] == [str(number) for number in range(9, 23)]
    assert CLAIMS["sourceRepository"] == "1.3.6.1.4.1.57264.1.12"
