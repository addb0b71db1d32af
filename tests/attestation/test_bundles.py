"""Bundles: what is written, and what is read of what strangers wrote."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from spybuild.attestation.bundles import (
    LARGEST_BUNDLE,
    MaterialKind,
    read_attached_envelope,
    read_bundle,
    write_key_bundle,
)
from spybuild.errors import EvidenceRefused
from tests.attestation.making import key_bundle, keyless, signing_key, statement
from tests.fakes.sigstore import FakeSigstore

KEY = signing_key()
Change = Callable[[dict[str, Any]], object]


def _changed(change: Change) -> bytes:
    found = json.loads(key_bundle(KEY))
    change(found)
    return json.dumps(found).encode()


def test_a_key_bundle_is_as_cosign_wants_it() -> None:
    """v0.3, no `keyid`, no log entry, the key's hint (all of it was seen to matter to cosign 2.5.0)."""
    found = json.loads(write_key_bundle(b"payload", b"signature", "hint", [b"stamp"]))
    assert found == {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "publicKey": {"hint": "hint"},
            "tlogEntries": [],
            "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "c3RhbXA="}]},
        },
        "dsseEnvelope": {
            "payload": "cGF5bG9hZA==",
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "c2lnbmF0dXJl"}],
        },
    }


def test_a_bundle_is_read_back() -> None:
    """Payload, type, signature, hint, timestamps."""
    read = read_bundle(write_key_bundle(b"payload", b"signature", "hint", [b"stamp"]))
    assert (read.kind, read.payload, read.signature, read.hint) == (MaterialKind.KEY, b"payload", b"signature", "hint")
    assert (read.payload_type, read.timestamps, read.is_logged) == ("application/vnd.in-toto+json", (b"stamp",), False)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it["verificationMaterial"].pop("tlogEntries"),
        lambda it: it["verificationMaterial"].update(timestampVerificationData=None),
        lambda it: it["verificationMaterial"].update(timestampVerificationData={}),
        lambda it: it["verificationMaterial"].update(publicKey={}),
        lambda it: it["dsseEnvelope"]["signatures"][0].update(keyid="anything"),
        lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.1"),
        lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.3"),
        lambda it: it.update(unknown={"a": 1}),
    ],
)
def test_what_others_leave_out_or_add_is_taken(change: Change) -> None:
    """Cosign leaves out empty lists; older bundles have other types; fields may have been added since."""
    assert read_bundle(_changed(change)).payload == statement()


def test_unknown_fields_do_not_reach_later_readers() -> None:
    """sigstore-python is handed what was looked at here, under the names that were looked at."""
    normal = read_bundle(_changed(lambda it: it.update(media_type="x", unknown=1))).normal
    assert set(json.loads(normal)) == {"mediaType", "verificationMaterial", "dsseEnvelope"}


CERTIFICATE = {"rawBytes": "AAAA"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda it: it.update(mediaType="text/plain"), "unsupported"),
        (lambda it: it.update(mediaType="application/vnd.dev.sigstore.bundle.v9+json"), "unsupported"),
        (lambda it: it.pop("mediaType"), "malformed"),
        (lambda it: it.pop("dsseEnvelope"), "unsupported"),
        (lambda it: it.update(messageSignature={}), "unsupported"),
        (lambda it: it.pop("verificationMaterial"), "malformed"),
        (lambda it: it["verificationMaterial"].pop("publicKey"), "malformed"),
        (lambda it: it["verificationMaterial"].update(certificate=CERTIFICATE), "malformed"),
        (
            lambda it: it["verificationMaterial"].update(x509CertificateChain={"certificates": [CERTIFICATE]}),
            "malformed",
        ),
        (lambda it: it["dsseEnvelope"].update(signatures=[]), "malformed"),
        (lambda it: it["dsseEnvelope"].update(signatures=it["dsseEnvelope"]["signatures"] * 2), "malformed"),
        (lambda it: it["dsseEnvelope"]["signatures"][0].update(sig=""), "malformed"),
        (lambda it: it["dsseEnvelope"]["signatures"][0].update(sig="?"), "malformed"),
        (lambda it: it["dsseEnvelope"].update(payload="YQ"), "malformed"),
        (lambda it: it["dsseEnvelope"].update(payload=7), "malformed"),
        (lambda it: it["dsseEnvelope"].pop("payloadType"), "malformed"),
        (lambda it: it["verificationMaterial"].update(tlogEntries=[{}]), "malformed"),
        (lambda it: it["verificationMaterial"].update(tlogEntries={}), "malformed"),
        (
            lambda it: it["verificationMaterial"].update(
                timestampVerificationData={"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}] * 9}
            ),
            "malformed",
        ),
        (lambda it: it.update(padding="x" * LARGEST_BUNDLE), "too-large"),
    ],
)
def test_what_is_ambiguous_broken_or_too_large_is_refused(change: Change, reason: str) -> None:
    """Two materials, two signatures, none, loose base64, too many timestamps: a reason each (threat 14)."""
    with pytest.raises(EvidenceRefused) as refusal:
        read_bundle(_changed(change))
    assert refusal.value.reason == reason


def test_a_certificate_stands_where_its_version_has_it(sigstore: FakeSigstore) -> None:
    """In 0.3 alone, before that as the first of a chain; elsewhere a reader of the version would not see it."""
    found = json.loads(keyless(sigstore).sign(statement()).bundle)
    assert read_bundle(json.dumps(found).encode()).kind is MaterialKind.CERTIFICATE
    for version in ("1", "2"):
        with pytest.raises(EvidenceRefused, match="where bundles of its version have none"):
            read_bundle(
                json.dumps(
                    found | {"mediaType": f"application/vnd.dev.sigstore.bundle+json;version=0.{version}"}
                ).encode()
            )


def _envelope() -> bytes:
    return json.dumps(json.loads(key_bundle(KEY))["dsseEnvelope"]).encode()


def test_cosigns_older_form_is_read() -> None:
    """A bare envelope; the annotations choose the material."""
    read = read_attached_envelope(_envelope(), {"dev.cosignproject.cosign/signature": "", "predicateType": "a lie"})
    assert (read.kind, read.payload) == (MaterialKind.KEY, statement())
    with_certificate = read_attached_envelope(_envelope(), {"dev.sigstore.cosign/certificate": "-----BEGIN…"})
    assert (with_certificate.kind, with_certificate.normal) == (MaterialKind.CERTIFICATE, b"")


@pytest.mark.parametrize(
    "annotations",
    [
        {"dev.sigstore.cosign/rfc3161timestamp": "{}"},
        {"dev.sigstore.cosign/rfc3161timestamp": '{"SignedRFC3161Timestamp": 5}'},
        {"dev.sigstore.cosign/rfc3161timestamp": "stamp"},
        {"dev.sigstore.cosign/bundle": "{}"},
        {"dev.sigstore.cosign/bundle": '{"Payload": []}'},
        {"dev.sigstore.cosign/bundle": '{"Payload": {"logID": "xyz"}}'},
        {"dev.sigstore.cosign/bundle": "[" * 300_000},
    ],
)
def test_broken_annotations_are_refused(annotations: dict[str, str]) -> None:
    """Nobody has signed them; a broken one refuses its layer, and crashes nothing."""
    with pytest.raises(EvidenceRefused):
        read_attached_envelope(_envelope(), annotations)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", base64.b64encode(_envelope())])
def test_a_layer_that_is_no_envelope_is_refused(content: bytes) -> None:
    """One clear reason."""
    with pytest.raises(EvidenceRefused):
        read_attached_envelope(content, {})
