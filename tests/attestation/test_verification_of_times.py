"""When something was signed, as far as it is authenticated (threat 8)."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from spybuild.errors import EvidenceRefused
from tests.attestation.making import (
    changed,
    key_bundle,
    keyless,
    now,
    root_of,
    signing_key,
    statement,
    trust_in,
)
from tests.fakes.sigstore import FakeSigstore
from tests.fakes.sigstore.timestamps import TimestampAuthority

KEY, OTHER = signing_key("a.key"), signing_key("b.key")
BY_KEY = Trust(keys=(KEY.public,))


def _restamped(bundle: bytes, authority: TimestampAuthority) -> bytes:
    """The bundle with another timestamp put in."""
    signature = base64.b64decode(json.loads(bundle)["dsseEnvelope"]["signatures"][0]["sig"])
    stamp = {"signedTimestamp": base64.b64encode(authority.stamp(signature)).decode()}
    return changed(
        bundle, lambda it: it["verificationMaterial"].update(timestampVerificationData={"rfc3161Timestamps": [stamp]})
    )


def test_a_rogue_timestamp_beside_a_promise_is_no_time(sigstore: FakeSigstore) -> None:
    """Threat 8: sigstore-python skips a token that it cannot verify; its time is the attacker's, the certificate's not."""
    rogue = TimestampAuthority(lambda: now() + timedelta(days=300))
    bundle = _restamped(keyless(sigstore, tsa=False).sign(statement()).bundle, rogue)
    found = authenticate(bundle, trust_in(sigstore), now())
    assert found.signed_at is not None
    assert (found.signed_at.source, now() - found.signed_at.at < timedelta(minutes=1)) == ("certificate", True)
    assert found.unauthenticated == ("a timestamp that is from no trusted authority",)


def test_a_rogue_timestamp_of_a_key_is_no_time(sigstore: FakeSigstore) -> None:
    """Threat 8: the signature holds, the time does not, and that is said."""
    found = authenticate(
        _restamped(key_bundle(KEY), TimestampAuthority()), Trust(keys=(KEY.public,), root=root_of(sigstore)), now()
    )
    assert found.signed_at is None
    assert found.unauthenticated == ("when it was signed: nobody who is trusted has stamped or logged it",)


def test_a_timestamp_with_a_certificate_of_no_known_version_is_no_time(sigstore: FakeSigstore) -> None:
    """The library's error is of no kind that it documents; a stamp that anybody can put in stopped the verifier."""
    version = bytes.fromhex("a003020102")

    def break_it(bundle: dict[str, Any]) -> None:
        (stamp,) = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
        reply = base64.b64decode(stamp["signedTimestamp"])
        assert version in reply
        stamp["signedTimestamp"] = base64.b64encode(reply.replace(version, bytes.fromhex("a003020109"))).decode()

    bundle = changed(key_bundle(KEY, timestamp_url=f"{sigstore.url}/api/v1/timestamp"), break_it)
    assert authenticate(bundle, Trust(keys=(KEY.public,), root=root_of(sigstore)), now()).signed_at is None


def test_an_unpinned_timestamp_is_no_time(sigstore: FakeSigstore) -> None:
    """Without a trusted root no authority is believed."""
    bundle = key_bundle(KEY, timestamp_url=f"{sigstore.url}/api/v1/timestamp")
    assert authenticate(bundle, BY_KEY, now()).signed_at is None


def test_the_timestamp_of_another_signature_is_no_time(sigstore: FakeSigstore) -> None:
    """An honest token over something else."""
    other = json.loads(key_bundle(OTHER, timestamp_url=f"{sigstore.url}/api/v1/timestamp"))
    bundle = changed(
        key_bundle(KEY),
        lambda it: it["verificationMaterial"].update(
            timestampVerificationData=other["verificationMaterial"]["timestampVerificationData"]
        ),
    )
    assert authenticate(bundle, Trust(keys=(KEY.public,), root=root_of(sigstore)), now()).signed_at is None


def test_the_first_of_several_timestamps_counts(sigstore: FakeSigstore) -> None:
    """Threat 8: anybody can have an old signature stamped again; that does not make it younger while the first is there."""
    trust = Trust(keys=(KEY.public,), root=root_of(sigstore))
    bundle = json.loads(key_bundle(KEY))
    signature = base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])
    moments = [now().replace(microsecond=0) - timedelta(days=days) for days in (1, 90, 0)]
    stamps = []
    for moment in moments:
        sigstore.set_clock(moment)
        stamps.append({"signedTimestamp": base64.b64encode(sigstore.tsa.stamp(signature)).decode()})
    bundle["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    found = authenticate(json.dumps(bundle).encode(), trust, now())
    assert found.signed_at is not None
    assert found.signed_at.at == moments[1]


def test_the_future_is_refused(sigstore: FakeSigstore) -> None:
    """A certificate or timestamp from later than now, beyond what clocks differ by."""
    bundle = keyless(sigstore).sign(statement()).bundle
    assert authenticate(bundle, trust_in(sigstore), now() - timedelta(minutes=4)).signed_at
    with pytest.raises(EvidenceRefused) as refusal:
        authenticate(bundle, trust_in(sigstore), now() - timedelta(minutes=6))
    assert refusal.value.reason == "from-the-future"
