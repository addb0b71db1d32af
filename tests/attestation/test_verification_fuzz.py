"""Bundles that somebody has broken on purpose: never a crash, and never a pass."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spybuild.attestation.bundles import read_bundle
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import examine
from spybuild.errors import EvidenceRefused
from spybuild.model.attested import KeylessSigner, KeySigner, Verified
from spybuild.model.digests import Digest
from tests.attestation.making import key_bundle, keyless, now, root_of, signing_key, statement, trust_in
from tests.fakes.sigstore import FakeSigstore

KEY = signing_key()
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=30),
    st.just("A" * 5000),
    st.sampled_from(["AAAA", "0", "-1", "999999999999999", "99999999999999999999", "\x00", "=", "MA==", "\u2028"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
)


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[dict[str, bytes], Trust]]:
    """Good bundles of every kind, and the trust that takes them all."""
    with FakeSigstore() as sigstore:
        bundles = {
            "key": key_bundle(KEY),
            "stamped": key_bundle(KEY, timestamp_url=f"{sigstore.url}/api/v1/timestamp"),
            "v1": keyless(sigstore).sign(statement()).bundle,
            "v2": keyless(sigstore, (2,)).sign(statement()).bundle,
        }
        yield bundles, Trust((KEY.public,), trust_in(sigstore).identities, root_of(sigstore))


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _places(each, (*path, key))


def _put(value: Any, path: tuple[str | int, ...], junk: Any) -> Any:
    if not path:
        return junk
    value[path[0]] = _put(value[path[0]], path[1:], junk)
    return value


def _is_as_signed(found: Verified, bundle: bytes, trust: Trust) -> bool:
    """Whether it is the same statement, by those who signed it, at that time: only then may it still hold."""
    by_key = found.signer == KeySigner(fingerprint=Digest.parse(KEY.public.fingerprint))
    by_identity = isinstance(found.signer, KeylessSigner) and not trust.identities[0].mismatch(found.signer)
    in_time = found.signed_at is None or abs(now() - found.signed_at.at) < timedelta(minutes=10)
    return read_bundle(bundle).payload == statement() and (by_key or by_identity) and in_time


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["key", "stamped", "v1", "v2"]), st.data())
def test_no_field_that_is_broken_crashes_or_passes(
    made: tuple[dict[str, bytes], Trust], name: str, data: st.DataObject
) -> None:
    """Any field replaced by anything: refused with a reason, or (where it does not matter) the same statement."""
    bundles, trust = made
    good = json.loads(bundles[name])
    path = data.draw(st.sampled_from(sorted(_places(good), key=str)))
    broken = json.dumps(_put(good, path, data.draw(JUNK))).encode()
    found = examine(broken, trust, now())
    assert not isinstance(found, Verified) or _is_as_signed(found, broken, trust)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["key", "stamped", "v1", "v2"]), st.data())
def test_no_byte_that_is_broken_crashes_or_passes(
    made: tuple[dict[str, bytes], Trust], name: str, data: st.DataObject
) -> None:
    """Bytes replaced, cut or put in anywhere, also within base64 (DER of certificates, timestamps and signatures)."""
    bundles, trust = made
    good = bundles[name]
    at = data.draw(st.integers(0, len(good) - 1))
    junk = data.draw(st.binary(max_size=4) | st.text("ABCabc012+/=", max_size=8).map(str.encode))
    cut = data.draw(st.integers(0, 8))
    broken = good[:at] + junk + good[at + cut :]
    found = examine(broken, trust, now())
    assert not isinstance(found, Verified) or _is_as_signed(found, broken, trust)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    """Anything at all."""
    with pytest.raises(EvidenceRefused):
        read_bundle(content)
