"""What points at content."""

import hashlib
import json
from typing import Any

import pytest

from spybuild.errors import ImageInvalid
from spybuild.images.oci.descriptors import Descriptor, check, check_size, read_descriptor
from spybuild.images.oci.documents import read_document
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform

SOUND = {"mediaType": "application/json", "digest": f"sha256:{'a' * 64}", "size": 5}


def read(**changes: Any) -> Descriptor:
    """A descriptor with these changes."""
    return read_descriptor(read_document(json.dumps({**SOUND, **changes}).encode(), "it"))


def test_platforms_are_normal() -> None:
    """`arm64/v8` is `arm64`; `unknown` is no platform; an empty one says nothing."""
    assert read(platform={"os": "linux", "architecture": "arm64", "variant": "v8"}).platform == Platform(
        "linux", "arm64"
    )
    unknown = read(platform={"os": "unknown", "architecture": "unknown"})
    assert (unknown.platform, unknown.is_platform_unknown) == (None, True)
    empty = read(platform={})
    assert (empty.platform, empty.is_platform_unknown) == (None, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": ""}, {"mediaType": "text"}, {"mediaType": "a/b\nc"}, {"size": None}, {"size": -1},
        {"size": 1 << 63}, {"digest": ""}, {"digest": "sha256:"}, {"digest": f"sha256:{'A' * 64}"},
        {"digest": f"sha256:{'a' * 63}"}, {"digest": f"sha512:{'a' * 64}"}, {"digest": f"md5:{'a' * 32}"},
        {"digest": "sha256:../../../etc/passwd"}, {"platform": {"os": "li\x1bnux", "architecture": "amd64"}},
        {"platform": {"os": "linux", "architecture": "a" * 100}},
    ],
)  # fmt: skip
def test_what_points_nowhere_is_refused(changes: dict[str, Any]) -> None:
    """A digest is one that content can be held against, in full; names hold no control characters."""
    with pytest.raises(ImageInvalid):
        read(**changes)


def test_content_is_held_against_size_and_digest() -> None:
    """Of either algorithm."""
    for algorithm in ("sha256", "sha512"):
        digest = Digest(algorithm, hashlib.new(algorithm, b"hello").hexdigest())
        good = Descriptor("application/json", digest, 5)
        assert check(b"hello", good, "it") == b"hello"
        with pytest.raises(ImageInvalid, match="damaged or forged"):
            check(b"jello", good, "it")
        with pytest.raises(ImageInvalid, match="6 bytes where 5"):
            check(b"hello!", good, "it")


def test_a_manifest_that_announces_gigabytes_is_not_fetched() -> None:
    """Its size is looked at first."""
    with pytest.raises(ImageInvalid, match="4 MiB is the most"):
        check_size(read(size=1 << 40), "it")
