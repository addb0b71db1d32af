"""JSON that may be read in one way only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.model import strict_json

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(_VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    """Escaped and not."""
    assert strict_json.parse(json.dumps(value).encode()) == value
    assert strict_json.parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_refused(content: bytes) -> None:
    """And what is a value is one to the standard library too."""
    try:
        found = strict_json.parse(content)
    except ValueError:
        return
    assert found == json.loads(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1, "a": 1}', "twice"),
        (b'[{"a": {"b": 1, "b": 2}}]', "twice"),
        (b"[NaN]", "NaN is no number"),
        (b"-Infinity", "is no number"),
        (rb'"\ud800"', "surrogates not allowed"),
        (b'"\xff"', "decode"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"[" * 100_000, "nested too deeply"),
        (b"", "Expecting value"),
    ],
)
def test_what_readers_would_differ_in_is_refused(content: bytes, words: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=words):
        strict_json.parse(content)
