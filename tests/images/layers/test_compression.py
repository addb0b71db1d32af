"""How layers are compressed."""

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.errors import ImageInvalid
from spybuild.images.layers.compression import Compression, compression_of, unpacked
from tests.images.layers.making import zstd_compress

OCI = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
DATA = bytes(range(256)) * 20_000
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\0\0\0toc!"


def pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    """Input as a connection gives it."""
    return (data[at : at + size] for at in range(0, len(data), size))


def unpack(data: bytes, media_type: str, size: int = 1000) -> bytes:
    """All that a layer unpacks to."""
    return b"".join(unpacked(pieces(data, size), media_type))


@pytest.mark.parametrize(
    ("media_type", "compression"),
    [
        (OCI, Compression.PLAIN), (f"{OCI}+gzip", Compression.GZIP), (f"{OCI}+zstd", Compression.ZSTD),
        (DOCKER, Compression.PLAIN), (f"{DOCKER}.gzip", Compression.GZIP), (f"{DOCKER}.zstd", Compression.ZSTD),
        (f"{OCI}+gzip; charset=x", Compression.GZIP),
    ],
)  # fmt: skip
def test_media_types(media_type: str, compression: Compression) -> None:
    """Those of OCI and of Docker."""
    assert compression_of(media_type) is compression


@pytest.mark.parametrize(
    ("media_type", "why"),
    [
        (f"{OCI}+gzip+encrypted", "encrypted"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "not part of the image"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "not part of the image"),
        ("application/vnd.in-toto+json", "unknown"),
        ("", "unknown"),
        (f"{OCI}+xz", "unknown"),
    ],
)
def test_layers_that_nobody_could_read(media_type: str, why: str) -> None:
    """Encrypted, foreign and unknown ones are refused before a byte is read."""
    with pytest.raises(ImageInvalid, match=why):
        compression_of(media_type)


@pytest.mark.parametrize("size", [997, 1 << 20])
@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (DATA, OCI),
        (gzip.compress(DATA), f"{OCI}+gzip"),
        (zstd_compress(DATA), f"{OCI}+zstd"),
        (gzip.compress(DATA), OCI),  # as archives call it
        (gzip.compress(DATA[:1000]) + gzip.compress(b"") + gzip.compress(DATA[1000:]), f"{OCI}+gzip"),  # as eStargz
        (
            zstd_compress(DATA[:1000]) + SKIPPABLE + zstd_compress(DATA[1000:]) + SKIPPABLE,
            f"{OCI}+zstd",
        ),  # as zstd:chunked
        (SKIPPABLE + zstd_compress(DATA), f"{OCI}+zstd"),
    ],
)
def test_everything_is_unpacked(data: bytes, media_type: str, size: int) -> None:
    """All members and frames, whatever pieces they come in."""
    assert unpack(data, media_type, size) == DATA


@pytest.mark.parametrize(
    ("data", "media_type", "why"),
    [
        (DATA, f"{OCI}+gzip", "says gzip, its bytes are not"),
        (gzip.compress(DATA), f"{OCI}+zstd", "says zstd, its bytes are not"),
        (gzip.compress(DATA)[:-20], f"{OCI}+gzip", "cut off"),
        (gzip.compress(DATA)[:-4], f"{OCI}+gzip", "cut off"),
        (zstd_compress(DATA)[:-5], f"{OCI}+zstd", "cut off"),
        (gzip.compress(DATA) + b"more" * 9, f"{OCI}+gzip", "damaged"),
        (zstd_compress(DATA) + b"more" * 9, f"{OCI}+zstd", "damaged"),
        (gzip.compress(DATA)[:-8] + bytes(8), f"{OCI}+gzip", "damaged"),
        (b"", f"{OCI}+gzip", "says gzip"),
        (b"\x1f\x8b", f"{OCI}+gzip", "says gzip"),
    ],
)
def test_what_is_no_such_stream_is_refused(data: bytes, media_type: str, why: str) -> None:
    """Wrong types, cut streams, garbage behind the end, a wrong checksum."""
    with pytest.raises(ImageInvalid, match=why):
        unpack(data, media_type)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "zstd"]))
def test_hostile_streams_never_crash(data: bytes, kind: str) -> None:
    """Anything behind the first bytes is unpacked or refused."""
    magic = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd"}[kind]
    try:
        unpack(magic + data, f"{OCI}+{kind}")
    except ImageInvalid as error:
        assert kind in error.message  # noqa: PT017  # most are refused, some are not


def test_pieces_are_small_whatever_the_ratio() -> None:
    """A gigabyte of zeros comes a megabyte at a time."""
    assert max(map(len, unpacked(pieces(gzip.compress(bytes(50 << 20))), f"{OCI}+gzip"))) <= 1 << 20
    assert max(map(len, unpacked(pieces(zstd_compress(bytes(50 << 20))), f"{OCI}+zstd"))) <= 1 << 20
