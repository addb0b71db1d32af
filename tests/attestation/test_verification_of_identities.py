"""Certificates, logs and identities: whom a trusted Sigstore vouches for, and what an attacker makes of it."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from tests.attestation.making import (
    IDENTITY,
    changed,
    handmade,
    keyless,
    now,
    refusal_of,
    root_of,
    statement,
    trust_in,
)
from tests.fakes.sigstore import FakeSigstore
from tests.fakes.sigstore.certificates import Issuance


@pytest.mark.parametrize(
    ("identity", "claims", "told"),
    [
        ("other@example.org", {}, "by 'ci@example.org'"),
        ("ci@example.or", {}, "by 'ci@example.org'"),
        ("ci@example.org", {"sourceRepository": "https://x"}, "says nothing as sourceRepository"),
    ],
)
def test_another_identity_is_not_trusted(
    sigstore: FakeSigstore, identity: str, claims: dict[str, str], told: str
) -> None:
    """Threat 6: identity, issuer and claims, exactly."""
    refusal = refusal_of(keyless(sigstore).sign(statement()).bundle, trust_in(sigstore, identity, claims=claims))
    assert refusal.reason == "untrusted-identity"
    assert told in refusal.message


def test_another_issuer_is_not_trusted(sigstore: FakeSigstore) -> None:
    """Threat 6: the same e-mail address, vouched for by somebody else."""
    bundle = keyless(sigstore, iss="https://evil.example").sign(statement()).bundle
    refusal = refusal_of(bundle, trust_in(sigstore))
    assert refusal.reason == "untrusted-identity"
    assert "https://evil.example" in refusal.message


def test_another_sigstore_is_not_trusted(sigstore: FakeSigstore) -> None:
    """A whole Sigstore of the attacker's, with the right names in its certificates."""
    with FakeSigstore() as evil:
        refusal = refusal_of(keyless(evil, iss=sigstore.url).sign(statement()).bundle, trust_in(sigstore))
    assert refusal.reason == "untrusted-certificate"
    assert "root.json does not vouch for it" in refusal.message


def test_a_bundle_made_by_hand_holds(sigstore: FakeSigstore) -> None:
    """What the following tests break is good before they do."""
    assert authenticate(handmade(sigstore), trust_in(sigstore), now()).payload == statement()


@pytest.mark.parametrize(
    ("issuance", "told"),
    [
        (Issuance(names=(IDENTITY, "other@example.org")), "names 2 signers"),
        (Issuance(has_sct=False), "signed certificate timestamp"),
        (Issuance(begins=timedelta(days=-1)), "does not vouch"),
        (Issuance(begins=timedelta(minutes=3)), "does not vouch"),
    ],
)
def test_a_certificate_that_is_not_as_it_must_be_is_refused(
    sigstore: FakeSigstore, issuance: Issuance, told: str
) -> None:
    """Two names; seen by no CT log; logged after it had ended, or before it began."""
    sigstore.issuance = issuance
    refusal = refusal_of(handmade(sigstore), trust_in(sigstore))
    assert refusal.reason == "untrusted-certificate"
    assert told in refusal.message


def test_a_certificate_that_no_log_has_seen_is_refused(sigstore: FakeSigstore) -> None:
    """A root without the CT log's key cannot take it, and says so."""
    bundle = keyless(sigstore).sign(statement()).bundle
    trust = Trust(identities=trust_in(sigstore).identities, root=root_of(sigstore, ct=False))
    with pytest.raises(Exception, match=r"CTFE|CT log"):
        authenticate(bundle, trust, now())


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["verificationMaterial"]["tlogEntries"].clear(),
        lambda it: it["verificationMaterial"]["tlogEntries"].append(it["verificationMaterial"]["tlogEntries"][0]),
        lambda it: it["verificationMaterial"]["tlogEntries"][0].pop("inclusionProof"),
        lambda it: it["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].update(rootHash="AAAA"),
        lambda it: it["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].update(hashes=[]),
        lambda it: it["verificationMaterial"]["tlogEntries"][0].update(integratedTime="1"),
        lambda it: it["verificationMaterial"]["tlogEntries"][0].update(canonicalizedBody="e30="),
        lambda it: it["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"].update(signedEntryTimestamp="AAAA"),
        lambda it: it["verificationMaterial"]["tlogEntries"][0]["logId"].update(keyId="AAAA"),
        lambda it: it["verificationMaterial"]["certificate"].update(rawBytes="AAAA"),
    ],
)
def test_a_broken_log_entry_or_certificate_is_refused(
    sigstore: FakeSigstore, change: Callable[[dict[str, Any]], object]
) -> None:
    """No entry, two, one without a proof, with another's proof, time, body, promise or log; no certificate."""
    bundle = changed(keyless(sigstore, tsa=False).sign(statement()).bundle, change)
    assert refusal_of(bundle, trust_in(sigstore)).reason in ("untrusted-certificate", "malformed")


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("a003020102", "a003020109"),
        ("06072a8648ce3d0201", "06072a8648ce3d0221"),
        ("2a8648ce3d030107", "2a8648ce3d030177"),
    ],
    ids=["version", "algorithm", "curve"],
)
def test_a_strangers_certificate_of_no_known_kind_closes_no_gate(
    sigstore: FakeSigstore, part: str, broken: str
) -> None:
    """The library's errors for these have no common root: one such bundle beside the image stopped the verifier."""
    bundle = json.loads(handmade(sigstore))
    certificate = bundle["verificationMaterial"]["certificate"]
    der = base64.b64decode(certificate["rawBytes"])
    assert bytes.fromhex(part) in der
    certificate["rawBytes"] = base64.b64encode(der.replace(bytes.fromhex(part), bytes.fromhex(broken))).decode()
    assert refusal_of(json.dumps(bundle).encode(), trust_in(sigstore)).reason in ("malformed", "unsupported")


def test_the_entry_of_another_signature_does_not_serve(sigstore: FakeSigstore) -> None:
    """CVE-2022-36056: an honest log entry, of something else."""
    signer = keyless(sigstore)
    first, second = (json.loads(signer.sign(statement(predicateType=name)).bundle) for name in ("a", "b"))
    first["verificationMaterial"]["tlogEntries"] = second["verificationMaterial"]["tlogEntries"]
    assert refusal_of(json.dumps(first).encode(), trust_in(sigstore)).reason == "untrusted-certificate"


def test_certificates_are_good_after_they_end(sigstore: FakeSigstore) -> None:
    """A signature made in time stays good: the log says when it was made."""
    bundle = keyless(sigstore).sign(statement()).bundle
    found = authenticate(bundle, trust_in(sigstore), now() + timedelta(days=365))
    assert found.signed_at is not None
    assert now() - found.signed_at.at < timedelta(minutes=1)
