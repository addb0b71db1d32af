"""What a transparency log promises about a key's signature."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate, examine
from spybuild.model.attested import Verified
from tests.attestation.making import key_bundle, logged, now, root_of, signing_key, statement
from tests.fakes.sigstore import FakeSigstore

KEY = signing_key()


def _logged(sigstore: FakeSigstore, envelope: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A key bundle with its entry in Rekor v1, as `cosign attest --key` makes it; and the entry."""
    bundle = json.loads(key_bundle(KEY))
    public = KEY.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    entry = logged(sigstore, envelope or bundle["dsseEnvelope"], public)
    bundle["verificationMaterial"]["tlogEntries"] = [entry]
    return bundle, entry


def _source(sigstore: FakeSigstore, bundle: dict[str, Any]) -> str:
    found = authenticate(json.dumps(bundle).encode(), Trust(keys=(KEY.public,), root=root_of(sigstore)), now())
    return found.signed_at.source if found.signed_at else "nobody"


def test_a_promise_is_a_time(sigstore: FakeSigstore) -> None:
    """Of a log in the pinned root, over an entry of this very signature."""
    bundle, _ = _logged(sigstore)
    assert _source(sigstore, bundle) == "log"
    without = authenticate(json.dumps(bundle).encode(), Trust(keys=(KEY.public,)), now())
    assert without.signed_at is None
    assert "nobody who is trusted" in without.unauthenticated[0]


def test_cosigns_older_form_has_it_in_an_annotation(sigstore: FakeSigstore) -> None:
    """`dev.sigstore.cosign/bundle` on a layer of the tag `sha256-….att`."""
    bundle, entry = _logged(sigstore)
    payload = {
        "body": entry["canonicalizedBody"],
        "integratedTime": int(entry["integratedTime"]),
        "logIndex": int(entry["logIndex"]),
        "logID": sigstore.logs[1].id.hex(),
    }
    promise = entry["inclusionPromise"]["signedEntryTimestamp"]
    annotation = json.dumps({"SignedEntryTimestamp": promise, "Payload": payload})
    envelope = json.dumps(bundle["dsseEnvelope"]).encode()
    trust = Trust(keys=(KEY.public,), root=root_of(sigstore))
    found = examine(envelope, trust, now(), {"dev.sigstore.cosign/bundle": annotation})
    assert isinstance(found, Verified)
    assert found.signed_at is not None
    assert found.signed_at.source == "log"


@pytest.mark.parametrize(
    "change",
    [
        {"integratedTime": "1"},
        {"logIndex": "7"},
        {"inclusionPromise": {"signedEntryTimestamp": "AAAA"}},
        {"logId": {"keyId": "AAAA"}},
        {"canonicalizedBody": "e30="},
        {"integratedTime": None},
        {"inclusionPromise": None},
        {"integratedTime": "999999999999999"},
        {"logIndex": "999999999999999"},
    ],
)
def test_a_promise_that_does_not_hold_is_no_time(sigstore: FakeSigstore, change: dict[str, Any]) -> None:
    """Another time, index, signature, log or body: the key's signature holds, its time does not."""
    bundle, entry = _logged(sigstore)
    entry |= change
    assert _source(sigstore, bundle) == "nobody"


def test_the_promise_of_another_signature_is_no_time(sigstore: FakeSigstore) -> None:
    """An honest entry, of another statement, or of another signature over the same."""
    for content in (statement(predicateType="x"), statement()):
        other = json.loads(key_bundle(KEY, content))["dsseEnvelope"]
        bundle, _ = _logged(sigstore, other)
        assert _source(sigstore, bundle) == "nobody"


def test_the_log_of_another_is_no_time(sigstore: FakeSigstore) -> None:
    """A log that the root does not name."""
    with FakeSigstore() as evil:
        bundle, _ = _logged(evil)
    assert _source(sigstore, bundle) == "nobody"
