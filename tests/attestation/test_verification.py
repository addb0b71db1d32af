"""Who signed what, and when: what holds, and what does not by a key. Most tests are somebody who tries to get around it."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from spybuild.attestation.bundles import write_key_bundle
from spybuild.attestation.envelopes import pre_authentication_encoding
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate, examine
from spybuild.model.attested import KeylessSigner, KeySigner, Refused, Verified
from spybuild.model.digests import Digest
from tests.attestation.making import (
    IDENTITY,
    MANIFESTS,
    changed,
    key_bundle,
    keyless,
    now,
    refusal_of,
    root_of,
    signing_key,
    statement,
    trust_in,
)
from tests.fakes.sigstore import FakeSigstore

KEY, OTHER = signing_key("a.key"), signing_key("b.key")
BY_KEY = Trust(keys=(KEY.public,))


def test_a_keys_signature_holds() -> None:
    """Any of several trusted keys; without a timestamp nobody says when."""
    found = authenticate(key_bundle(KEY), Trust(keys=(OTHER.public, KEY.public)), now())
    assert found.payload == statement()
    assert found.signer == KeySigner(fingerprint=Digest.parse(KEY.public.fingerprint))
    assert found.signed_at is None
    assert found.unauthenticated == ("when it was signed: it has no timestamp",)


@pytest.mark.parametrize("rekor", [1, 2])
def test_an_identitys_signature_holds(sigstore: FakeSigstore, rekor: int) -> None:
    """Logged in either version of Rekor; the time is the certificate's, with its claims."""
    sigstore.extensions = {"12": "https://github.example/o/r", "14": "refs/heads/main"}
    found = authenticate(keyless(sigstore, (rekor,)).sign(statement()).bundle, trust_in(sigstore), now())
    claims = {"sourceRepository": "https://github.example/o/r", "sourceRepositoryRef": "refs/heads/main"}
    assert found.signer == KeylessSigner(identity=IDENTITY, issuer=sigstore.url, claims=claims)
    assert found.signed_at is not None
    assert found.signed_at.source == "certificate"
    assert timedelta() <= now() - found.signed_at.at < timedelta(minutes=1)
    assert found.unauthenticated == ()


def test_a_keys_timestamp_is_its_time(sigstore: FakeSigstore) -> None:
    """From an authority of the pinned root."""
    bundle = key_bundle(KEY, timestamp_url=f"{sigstore.url}/api/v1/timestamp")
    found = authenticate(bundle, Trust(keys=(KEY.public,), root=root_of(sigstore)), now())
    assert found.signed_at is not None
    assert found.signed_at.source == "timestamp"
    assert found.unauthenticated == ()


def test_what_is_examined_is_a_value() -> None:
    """For the gate: verified with what it says, or refused with a sentence; each with the bundle's digest."""
    good, bad = key_bundle(KEY), key_bundle(OTHER)
    found = examine(good, BY_KEY, now())
    assert isinstance(found, Verified)
    assert (found.digest, found.attested.subject) == (Digest.of(good), MANIFESTS["linux/amd64"])
    assert examine(bad, BY_KEY, now()) == Refused(
        digest=Digest.of(bad), reason="it is not signed with a key that is trusted"
    )


def test_cosigns_older_form_holds() -> None:
    """A bare envelope from the tag `sha256-….att`, signed by a trusted key."""
    envelope = json.dumps(json.loads(key_bundle(KEY))["dsseEnvelope"]).encode()
    assert isinstance(examine(envelope, BY_KEY, now(), {"dev.cosignproject.cosign/signature": ""}), Verified)


def test_the_timestamp_of_cosigns_older_form_is_over_the_envelope(sigstore: FakeSigstore) -> None:
    """Cosign 2.5 stamps all of the layer there, not the signature; seen with `cosign attest --timestamp-server-url`."""
    envelope = json.dumps(json.loads(key_bundle(KEY))["dsseEnvelope"]).encode()
    trust = Trust(keys=(KEY.public,), root=root_of(sigstore))
    for stamped, source in ((envelope, "timestamp"), (b"another", None)):
        reply = base64.b64encode(sigstore.tsa.stamp(stamped)).decode()
        annotation = {"dev.sigstore.cosign/rfc3161timestamp": json.dumps({"SignedRFC3161Timestamp": reply})}
        found = examine(envelope, trust, now(), annotation)
        assert isinstance(found, Verified)
        assert (found.signed_at.source if found.signed_at else None) == source


def test_another_key_is_not_trusted() -> None:
    """Threat 6: the pinned key, and no other."""
    assert refusal_of(key_bundle(OTHER), BY_KEY).reason == "untrusted-key"


def test_a_hint_chooses_no_key() -> None:
    """Threat 6: a bundle that hints at the trusted key still has to be signed by it."""
    forged = changed(
        key_bundle(OTHER), lambda it: it["verificationMaterial"].update(publicKey={"hint": KEY.public.hint})
    )
    refusal = refusal_of(forged, BY_KEY)
    assert refusal.reason == "bad-signature"
    assert "a.key" in refusal.message


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["dsseEnvelope"].update(payload=base64.b64encode(statement(predicateType="x")).decode()),
        lambda it: it["dsseEnvelope"].update(payloadType="application/vnd.in-toto+json "),
        lambda it: it["dsseEnvelope"].update(payloadType="text/plain"),
        lambda it: it["dsseEnvelope"]["signatures"][0].update(sig="AAAA"),
    ],
)
def test_what_was_changed_after_signing_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """Threat 3: the payload, its type and the signature belong together."""
    assert refusal_of(changed(key_bundle(KEY), change), BY_KEY).reason in ("bad-signature", "wrong-type")


def test_a_signature_over_the_bare_payload_is_none() -> None:
    """What is signed is the type, too: a signature made for something else does not serve."""
    bundle = write_key_bundle(statement(), KEY.sign(statement()), KEY.public.hint)
    assert refusal_of(bundle, BY_KEY).reason == "bad-signature"


def test_another_type_is_refused_though_it_is_signed() -> None:
    """Threat 3: a trusted key may sign other things, and they are no attestations."""
    signature = KEY.sign(pre_authentication_encoding(statement(), "application/x-other"))
    bundle = changed(
        write_key_bundle(statement(), signature, ""),
        lambda it: it["dsseEnvelope"].update(payloadType="application/x-other"),
    )
    assert refusal_of(bundle, BY_KEY).reason == "wrong-type"


def test_a_certificate_is_never_held_against_keys(sigstore: FakeSigstore) -> None:
    """Threat 6 (GHSA-fx35-mq7g-6g98): the signature would hold under the trusted key, and the material is a certificate."""
    bundle = keyless(sigstore).sign(statement()).bundle
    assert refusal_of(bundle, BY_KEY).reason == "no-trust"
    certificate = json.loads(bundle)["verificationMaterial"]["certificate"]
    smuggled = changed(
        key_bundle(KEY), lambda it: it.update(verificationMaterial={"certificate": certificate, "tlogEntries": []})
    )
    assert refusal_of(smuggled, BY_KEY).reason == "no-trust"
    both = Trust(keys=(KEY.public,), identities=trust_in(sigstore).identities, root=root_of(sigstore))
    assert refusal_of(smuggled, both).reason == "bad-signature"


def test_a_key_is_never_held_against_identities(sigstore: FakeSigstore) -> None:
    """A key bundle proves no identity."""
    assert refusal_of(key_bundle(KEY), trust_in(sigstore)).reason == "no-trust"


def test_a_certificate_without_its_material_is_a_key(sigstore: FakeSigstore) -> None:
    """Take the certificate away, and what is left would have to be signed by a trusted key."""
    bundle = changed(
        keyless(sigstore).sign(statement()).bundle, lambda it: it.update(verificationMaterial={"publicKey": {}})
    )
    both = Trust(keys=(KEY.public,), identities=trust_in(sigstore).identities, root=root_of(sigstore))
    assert refusal_of(bundle, both).reason == "untrusted-key"


def test_cosigns_older_keyless_form_is_refused_with_the_way_out(sigstore: FakeSigstore) -> None:
    """It holds no proof that it was logged, and would need a second verifier."""
    envelope = json.dumps(json.loads(keyless(sigstore).sign(statement()).bundle)["dsseEnvelope"]).encode()
    found = examine(envelope, trust_in(sigstore), now(), {"dev.sigstore.cosign/certificate": "-----BEGIN…"})
    assert isinstance(found, Refused)
    assert "older form" in found.reason
