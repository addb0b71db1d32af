"""Layers held against their digests and limits while they pass."""

import gzip
import hashlib
import io
from dataclasses import replace

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.layers.blob import verified
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.model.digests import Digest
from tests.images.layers.making import layer_of, stored_layer, tar_of

TAR = tar_of(("a", b"1" * 5000))
LAYER = layer_of(TAR)


def read(layer: Layer, limits: Limits | None = None) -> bytes:
    """All of a layer."""
    return b"".join(verified(layer, limits or Limits()))


def test_a_layer_that_is_what_it_should_be() -> None:
    """Its bytes come out, with either digest algorithm that OCI registers, and without digest and size too."""
    assert read(LAYER) == TAR
    assert read(replace(LAYER, digest=None, size=None)) == TAR
    assert read(replace(LAYER, diff_id=Digest("sha512", hashlib.sha512(TAR).hexdigest()))) == TAR


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (replace(LAYER, digest=Digest.of(b"other")), "do not match its digest"),
        (replace(LAYER, diff_id=Digest.of(b"other")), "which the image's config names"),
        (replace(LAYER, size=10), "more than the 10 bytes"),
        (replace(LAYER, size=1 << 20), "its manifest says 1048576"),
        (replace(LAYER, diff_id=Digest("md5", "0" * 32)), "algorithm we do not know"),
        (replace(LAYER, digest=Digest("sha1", "0" * 40)), "algorithm we do not know"),
        (stored_layer(gzip.compress(TAR) + gzip.compress(b"trailing"), TAR), "which the image's config names"),
    ],
)
def test_a_layer_that_is_not(layer: Layer, why: str) -> None:
    """A wrong digest of the stored bytes, of the tar, a wrong size, a digest of no worth, bytes behind the end."""
    with pytest.raises(ImageInvalid, match=why):
        read(layer)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """A ratio that no honest layer has is refused once more is unpacked than is above suspicion."""
    tar = bytes(64 << 20)
    limits = Limits(unsuspicious=8 << 20)
    seen: list[int] = []
    with pytest.raises(ImageInvalid, match="more than 200 times its size"):
        seen.extend(map(len, verified(layer_of(tar), limits)))
    assert sum(seen) < 16 << 20
    assert len(read(layer_of(tar), Limits())) == len(tar)


def test_a_layer_over_the_size_limit() -> None:
    """It is refused whatever its ratio."""
    with pytest.raises(ImageInvalid, match="more than 4096 bytes"):
        read(LAYER, Limits(unpacked=4096))


def test_a_connection_that_breaks() -> None:
    """It is no fault of the image."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("reset by peer")

    def missing() -> io.BytesIO:
        raise FileNotFoundError("no such blob")

    for opener in (Broken, missing):
        with pytest.raises(SourceUnavailable, match="cannot be read"):
            read(replace(LAYER, open=opener))


def test_the_blob_is_closed() -> None:
    """Also where a layer is refused half way."""
    opened: list[io.BytesIO] = []

    def opener() -> io.BytesIO:
        opened.append(io.BytesIO(gzip.compress(TAR)[:-30]))
        return opened[-1]

    with pytest.raises(ImageInvalid):
        read(replace(LAYER, open=opener))
    assert [blob.closed for blob in opened] == [True]


def test_reading_stops_where_the_reader_does() -> None:
    """A refusal half way through reads no further."""
    asked: list[int] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(1)
            return super().read(size)

    tar = bytes(range(256)) * (1 << 14)
    next(verified(replace(layer_of(tar, ""), open=lambda: Counted(tar)), Limits()))
    assert len(asked) == 1
