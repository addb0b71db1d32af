"""Digests and references, as the OCI specifications write them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.errors import UsageError
from spybuild.model.digests import Digest, Reference

HEX = "0123456789abcdef" * 4


@given(st.binary())
def test_a_digest_is_read_back(content: bytes) -> None:
    digest = Digest.of(content)
    assert str(digest) == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert Digest.parse(str(digest)) == digest


def test_digests_are_equal_in_any_case() -> None:
    assert Digest.parse(f"sha256:{HEX.upper()}") == Digest.parse(f"sha256:{HEX}")


@pytest.mark.parametrize("text", ["", HEX, "sha256:", "sha256:xyz", f"SHA256:{HEX}", f"sha256:{HEX}\n", "sha256:abc"])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no digest"):
        Digest.parse(text)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("alpine", Reference("alpine")),
        ("smart-home/thermostat:1.4", Reference("smart-home/thermostat", "1.4")),
        ("localhost:5000/a/b", Reference("localhost:5000/a/b")),
        ("localhost:5000/a/b:v1", Reference("localhost:5000/a/b", "v1")),
        (f"a/b:1@sha256:{HEX}", Reference("a/b", "1", Digest("sha256", HEX))),
        ("docker://a:1", Reference("a", "1", scheme="docker")),
        ("[::1]:5000/a:1", Reference("[::1]:5000/a", "1")),
        (f"sha256:{HEX}", Reference("", digest=Digest("sha256", HEX))),
        ("Registry.Example.com/a__b/c-d.e", Reference("Registry.Example.com/a__b/c-d.e")),
    ],
)
def test_references(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference
    assert str(reference) == text.removeprefix("docker://")


@pytest.mark.parametrize("text", ["", "A", "a:", "a@", "a:b:c", "a b", "-a", "a/", "a:1@sha256:zz", "a\n", "docker://"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no image reference"):
        Reference.parse(text)
