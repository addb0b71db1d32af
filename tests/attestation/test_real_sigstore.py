"""Keyless end to end against the real servers: Fulcio, Rekor v2, a timestamp authority and a CT log of the stack."""

import json
from pathlib import Path

import pytest

from spybuild.attestation.identity_tokens import Token
from spybuild.attestation.keyless import KeylessSigning, load_instance, load_instance_of
from spybuild.attestation.roots import load_trusted_root
from spybuild.attestation.signers import SignerWithKey
from spybuild.attestation.trust import Trust, TrustedIdentity
from spybuild.attestation.verification import authenticate
from spybuild.model.attested import KeylessSigner
from spybuild.model.matching import Exactly
from tests.attestation.making import IDENTITY, changed, now, refusal_of, signing_key, statement
from tests.conftest import UNDER_CI
from tests.stack import Sigstore, Stack

pytestmark = pytest.mark.stack


@pytest.fixture
def real(stack: Stack) -> Sigstore:
    """The stack's Sigstore."""
    if stack.sigstore is None:
        (pytest.fail if UNDER_CI else pytest.skip)("needs Sigstore: run `python3 -m tests.stack up --only sigstore`")
    return stack.sigstore


def _trust(real: Sigstore, identity: str, issuer: str) -> Trust:
    return Trust(
        identities=(TrustedIdentity(Exactly(identity), Exactly(issuer)),), root=load_trusted_root(real.trusted_root)
    )


def test_a_person_signs(real: Sigstore) -> None:
    """With a token of the identity provider for people; verified from the pinned root, as anybody does."""
    raw = real.identity_token(email=IDENTITY)
    signed = KeylessSigning(load_instance(real.trust_config), lambda: Token(raw, "a test's")).sign(statement())
    found = authenticate(signed.bundle, _trust(real, IDENTITY, real.issuer), now())
    assert (found.payload, signed.warnings) == (statement(), ())
    assert found.signed_at is not None
    assert found.signed_at.source == "certificate"
    another = _trust(real, "other@example.org", real.issuer)
    assert refusal_of(signed.bundle, another).reason == "untrusted-identity"


def test_a_pipeline_signs(real: Sigstore) -> None:
    """With a runner's token: the certificate says which repository and run it was."""
    raw = real.identity_token(real.pipeline_issuer)
    instance = load_instance_of(real.trusted_root, real.signing_config)
    signed = KeylessSigning(instance, lambda: Token(raw, "a test's")).sign(statement())
    assert isinstance(signed.signer, KeylessSigner)
    assert {"sourceRepository", "sourceRepositoryRef", "buildTrigger"} <= set(signed.signer.claims)
    trusted = TrustedIdentity(Exactly(signed.signer.identity), Exactly(real.pipeline_issuer), signed.signer.claims)
    trust = Trust(identities=(trusted,), root=load_trusted_root(real.trusted_root))
    assert authenticate(signed.bundle, trust, now()).payload == statement()


def test_a_real_bundle_that_was_changed_is_refused(real: Sigstore) -> None:
    """The log's proof, and the timestamp that Rekor v2 takes."""
    raw = real.identity_token(email=IDENTITY)
    good = KeylessSigning(load_instance(real.trust_config), lambda: Token(raw, "a test's")).sign(statement()).bundle
    trust = _trust(real, IDENTITY, real.issuer)
    unproved = changed(good, lambda it: it["verificationMaterial"]["tlogEntries"][0].pop("inclusionProof"))
    assert refusal_of(unproved, trust).reason == "untrusted-certificate"
    unstamped = changed(good, lambda it: it["verificationMaterial"].pop("timestampVerificationData"))
    assert refusal_of(unstamped, trust).reason == "untrusted-certificate"


def test_a_key_is_stamped(real: Sigstore) -> None:
    """By the real authority, believed through the same root."""
    key = signing_key()
    services = json.loads(Path(real.signing_config).read_bytes())["tsaUrls"]
    signed = SignerWithKey(key, services[0]["url"]).sign(statement())
    found = authenticate(signed.bundle, Trust(keys=(key.public,), root=load_trusted_root(real.trusted_root)), now())
    assert found.signed_at is not None
    assert found.signed_at.source == "timestamp"
