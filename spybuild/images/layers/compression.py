"""How a layer is compressed, by its media type and first bytes (OCI image-spec `media-types.md`, RFC 1952, RFC 8878).

eStargz is gzip of many members, zstd:chunked is zstd with skippable frames: both are read like any other.
"""

from collections.abc import Iterator
from enum import StrEnum

from spybuild.errors import ImageInvalid
from spybuild.images.layers.decoders import gzip_decoders, zstd_decoders

_OUTPUT = 1 << 20


class Compression(StrEnum):
    """How the bytes are compressed."""

    PLAIN = "tar"
    GZIP = "gzip"
    ZSTD = "zstd"


_OCI = "application/vnd.oci.image.layer.v1.tar"
_DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
_MEDIA_TYPES = {
    _OCI: Compression.PLAIN,
    f"{_OCI}+gzip": Compression.GZIP,
    f"{_OCI}+zstd": Compression.ZSTD,
    _DOCKER: Compression.PLAIN,
    f"{_DOCKER}.gzip": Compression.GZIP,
    f"{_DOCKER}+gzip": Compression.GZIP,
    f"{_DOCKER}.zstd": Compression.ZSTD,
    f"{_DOCKER}+zstd": Compression.ZSTD,
}
_MAGIC = {b"\x1f\x8b\x08": Compression.GZIP, b"\x28\xb5\x2f\xfd": Compression.ZSTD}
_MAGIC |= {bytes([low]) + b"\x2a\x4d\x18": Compression.ZSTD for low in range(0x50, 0x60)}  # a skippable frame first


_DECODERS = {Compression.GZIP: gzip_decoders, Compression.ZSTD: zstd_decoders}


def compression_of(media_type: str) -> Compression:
    """How a layer of this media type is compressed.

    Raises:
        ImageInvalid: it is encrypted, lies elsewhere than in the image, or is of a type we do not know.
    """
    known = _MEDIA_TYPES.get(media_type.partition(";")[0].strip())
    if known:
        return known
    if "encrypted" in media_type:
        raise ImageInvalid(f"it is encrypted ({media_type})", "decrypt the image first")
    if "foreign" in media_type or "nondistributable" in media_type:
        raise ImageInvalid(f"it is not part of the image ({media_type})", "push the image with its foreign layers")
    raise ImageInvalid(f"its media type is unknown: {media_type[:200]!r}")


def unpacked(chunks: Iterator[bytes], media_type: str) -> Iterator[bytes]:
    """The uncompressed bytes of a layer, in pieces of at most 1 MiB.

    A type without compression says nothing for sure: archives call layers so that are compressed, and engines look at
    the first bytes only. One with compression must hold.

    Raises:
        ImageInvalid: it is not what its media type says, is cut off, or is damaged.
    """
    said = compression_of(media_type)
    first = next(chunks, b"")
    while len(first) < 4 and (more := next(chunks, b"")):
        first += more
    found = next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), Compression.PLAIN)
    if said not in (Compression.PLAIN, found):
        raise ImageInvalid(f"its media type says {said}, its bytes are not")
    return _with_first(first, chunks) if found is Compression.PLAIN else _decoded(first, chunks, found)


def _with_first(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _decoded(first: bytes, chunks: Iterator[bytes], kind: Compression) -> Iterator[bytes]:
    """Decode members or frames, one after the other, to the very end."""
    make, damage = _DECODERS[kind]()
    decoder, data = make(), first
    try:
        while True:
            if piece := decoder.decompress(data, _OUTPUT):
                yield piece
            data = b""
            if decoder.eof:
                data = decoder.unused_data or next(chunks, b"")
                if not data:
                    return
                decoder = make()
            elif decoder.needs_input:
                data = next(chunks, b"")
                if not data:
                    raise ImageInvalid(f"its {kind} stream is cut off")
    except (damage, ValueError, EOFError) as error:
        raise ImageInvalid(f"its {kind} stream is damaged: {error}") from error
