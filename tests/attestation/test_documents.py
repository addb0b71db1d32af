"""JSON in one form only, read in one way only."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.attestation.documents import canonical, decode_base64, encode_base64, read_object
from spybuild.errors import EvidenceRefused, UsageError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES))
def test_canonical_json_is_read_back(value: dict[str, Any]) -> None:
    """Nothing is lost, and writing what was read gives the same bytes."""
    written = canonical(value)
    assert read_object(written, "it", 1 << 20) == value
    assert canonical(json.loads(written)) == written


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    """Its section 3.2.3: keys are sorted by UTF-16 code units, so that an emoji comes before U+FB33."""
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert canonical(value).decode() == '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'


@pytest.mark.parametrize("value", [{"a": 1.5}, {"a": [0.0]}, {"a": 2**53}, {"a": "\ud800"}])
def test_what_has_no_canonical_form_is_refused(value: dict[str, Any]) -> None:
    """Fractions, numbers that JavaScript cannot hold, half a surrogate pair: two readers might see two values."""
    with pytest.raises(UsageError, match="no canonical JSON"):
        canonical(value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a":1,"a":2}', "malformed"),
        (b'{"a":{"b":1,"b":1}}', "malformed"),
        (b"[]", "malformed"),
        (b"", "malformed"),
        (b"\xff", "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":"\\ud800"}', "malformed"),
        (b'{"a":' + b"9" * 5000 + b"}", "malformed"),
        (b'{"a":' * 5_000, "malformed"),
        (b'{"a":' * 100_000, "too-large"),
        (b'{"a":[' + b"{}," * 10_000 + b"0]}", "too-large"),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "malformed"),
        (b'{"a":"' + b"x" * 1_100_000 + b'"}', "too-large"),
    ],
)
def test_what_can_be_read_in_no_way_or_several_is_refused(content: bytes, reason: str) -> None:
    """No key twice, no NaN, bounded size, depth and number of values: a few bytes of JSON become hundreds of memory."""
    with pytest.raises(EvidenceRefused) as refusal:
        read_object(content, "it", 1 << 20)
    assert refusal.value.reason == reason
    assert refusal.value.exit_code == 4


@given(st.binary())
def test_base64_is_read_back(content: bytes) -> None:
    """As it was written."""
    assert decode_base64(encode_base64(content), "it") == content


@pytest.mark.parametrize("text", ["YQ", "YR==", "Y Q==", "YQ==\n", "-_-_", "YQ==YQ==", "ä", "YWI="[:-1]])
def test_base64_has_one_spelling(text: str) -> None:
    """Unpadded, loosely padded, broken or URL-safe base64 is none: the same bytes would have several digests."""
    with pytest.raises(EvidenceRefused, match="no standard base64"):
        decode_base64(text, "it")
