"""Signing with keys: what comes out, and what does not."""

from datetime import UTC, datetime

import pytest

from spybuild.attestation.keys import VerificationKey
from spybuild.attestation.private_keys import SigningKey
from spybuild.attestation.signers import Signer, SignerWithKey
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from spybuild.errors import SigningUnavailable
from spybuild.model.digests import Digest
from tests.attestation.making import keyless, private_key, root_of, signing_key, statement, trust_in
from tests.fakes.sigstore import Broken, FakeSigstore


def test_every_signer_is_one(sigstore: FakeSigstore) -> None:
    """Keys and identities sign through one interface; the bytes that are signed are the bytes given."""
    key = signing_key()
    signers: list[Signer] = [SignerWithKey(key), keyless(sigstore)]
    for signer in signers:
        signed = signer.sign(statement() + b"\n ")
        trust = Trust((key.public,), trust_in(sigstore).identities, root_of(sigstore))
        found = authenticate(signed.bundle, trust, datetime.now(UTC))
        assert found.payload == statement() + b"\n "
        assert (found.signer, signed.digest) == (signed.signer, Digest.of(signed.bundle))


def test_a_signature_is_checked_before_it_is_given_out() -> None:
    """A KMS that tells of one key and signs with another is caught by the signer, not by the gate."""
    odd = SigningKey(private_key(), VerificationKey.of(private_key().public_key(), "awskms:///alias/a"))
    with pytest.raises(SigningUnavailable, match="awskms:///alias/a gave a signature that its own public key"):
        SignerWithKey(odd).sign(statement())


def test_a_timestamp_that_was_asked_for_is_there_or_nothing_is(sigstore: FakeSigstore) -> None:
    """Nothing half attested: a gate that asks for an age would refuse it later."""
    sigstore.broken["tsa"] = Broken(400)
    with pytest.raises(SigningUnavailable, match="timestamp authority"):
        SignerWithKey(signing_key(), f"{sigstore.url}/api/v1/timestamp", 5).sign(statement())


def test_nothing_secret_is_shown(sigstore: FakeSigstore) -> None:
    """A `repr` of a signer or of what it made names keys by their public part, and shows no bundle."""
    key = signing_key()
    for thing in (SignerWithKey(key), keyless(sigstore), SignerWithKey(key).sign(statement())):
        assert "eyJ" not in repr(thing)
        assert "payload" not in repr(thing)
        assert len(repr(thing)) < 400
