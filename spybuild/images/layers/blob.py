"""A layer's uncompressed bytes, held against both digests and the limits while they pass."""

import hashlib
from collections.abc import Iterator
from typing import IO, Protocol

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.layers.compression import compression_of, unpacked
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.model.digests import Digest

_INPUT = 256 << 10
_ALGORITHMS = ("sha256", "sha512")  # those that image-spec registers


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Stored:
    """The bytes as stored: counted and hashed."""

    def __init__(self, layer: Layer, blob: IO[bytes]) -> None:
        self.count = 0
        self._layer, self._blob = layer, blob
        self._hash = hash_for(layer.digest) if layer.digest else None

    def __iter__(self) -> Iterator[bytes]:
        size = self._layer.size
        while chunk := self._read():
            self.count += len(chunk)
            if size is not None and self.count > size:
                raise ImageInvalid(f"it has more than the {size} bytes its manifest says")
            if self._hash:
                self._hash.update(chunk)
            yield chunk

    def _read(self) -> bytes:
        try:
            return self._blob.read(_INPUT)
        except OSError as error:
            raise SourceUnavailable(f"{self._layer}: cannot be read: {error}") from error

    def check(self) -> None:
        if self._layer.size is not None and self.count != self._layer.size:
            raise ImageInvalid(f"it has {self.count} bytes, its manifest says {self._layer.size}")
        if self._layer.digest and self._hash and self._hash.hexdigest() != self._layer.digest.hex:
            raise ImageInvalid("its bytes do not match its digest")


def hash_for(digest: Digest) -> _Hash:
    """A fresh hash of a digest's algorithm.

    Raises:
        ImageInvalid: image-spec does not register it.
    """
    if digest.algorithm not in _ALGORITHMS:
        raise ImageInvalid(f"{digest} is of an algorithm we do not know")
    return hashlib.new(digest.algorithm)


def verified(layer: Layer, limits: Limits) -> Iterator[bytes]:
    """The bytes of a layer's tar, in pieces. What was read may be believed only once the iterator has ended.

    Raises:
        ImageInvalid: the layer does not match a digest or its size, is damaged, or goes over a limit.
        SourceUnavailable: its bytes cannot be got.
    """
    compression_of(layer.media_type)  # before anything is fetched
    tar = hash_for(layer.diff_id)
    count = 0
    try:
        with layer.open() as blob:
            stored = _Stored(layer, blob)
            for chunk in unpacked(iter(stored), layer.media_type):
                count += len(chunk)
                _check_size(count, stored.count, limits)
                tar.update(chunk)
                yield chunk
    except OSError as error:
        raise SourceUnavailable(f"{layer}: cannot be read: {error}") from error
    stored.check()
    if tar.hexdigest() != layer.diff_id.hex:
        raise ImageInvalid(f"its tar does not match {layer.diff_id}, which the image's config names")


def _check_size(unpacked_bytes: int, stored_bytes: int, limits: Limits) -> None:
    if unpacked_bytes > limits.unpacked:
        raise ImageInvalid(f"it unpacks to more than {limits.unpacked} bytes")
    if unpacked_bytes > limits.unsuspicious and unpacked_bytes > limits.ratio * stored_bytes:
        raise ImageInvalid(f"it unpacks to more than {limits.ratio} times its size")
