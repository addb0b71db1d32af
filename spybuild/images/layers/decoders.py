"""What unpacks gzip and zstd (RFC 1952, RFC 8878): the quickest there is here, and whatever there is where that is not.

Of isal and backports.zstd there is no wheel for 32-bit ARM, and the image that build stages pull goes without the
latter, since it has the library of zstd itself, which OpenSSL needs.
"""

import ctypes
import sys
import weakref
import zlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Protocol

from spybuild.errors import EnvironmentProblem

_LIBRARY = "libzstd.so.1"
_AT_ONCE = 1 << 20


class DamageError(Exception):
    """The stream is not what it should be."""


class Decoder(Protocol):
    """One member or frame of a stream; see `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool:
        """Whether it ended."""

    @property
    def needs_input(self) -> bool:
        """Whether it can give no more without further input."""

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most `max_length` bytes more."""


class ZlibDecoder:
    """A member of gzip, by zlib."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the member ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = _AT_ONCE) -> bytes:
        """At most `max_length` bytes more. Raises zlib.error where it is damaged."""
        piece = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(piece) < max_length
        return piece


class _Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer, which differ in a const."""

    _fields_ = (("begin", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


class LibzstdDecoder:
    """A frame of zstd, by the shared library (zstd.h, "Streaming decompression")."""

    def __init__(self) -> None:
        self._library = _libzstd()
        self._stream = self._library.ZSTD_createDStream()
        if not self._stream:
            raise MemoryError
        weakref.finalize(self, self._library.ZSTD_freeDStream, self._stream)
        self._input = b""
        self.eof, self.needs_input, self.unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int = _AT_ONCE) -> bytes:
        """At most `max_length` bytes more. Raises DamageError."""
        given = self._input + data
        room = ctypes.create_string_buffer(max_length)
        source = _Buffer(ctypes.cast(ctypes.c_char_p(given), ctypes.c_void_p), len(given), 0)
        target = _Buffer(ctypes.cast(room, ctypes.c_void_p), max_length, 0)
        left = self._library.ZSTD_decompressStream(self._stream, ctypes.byref(target), ctypes.byref(source))
        if self._library.ZSTD_isError(left):
            raise DamageError(self._library.ZSTD_getErrorName(left).decode("ascii", "replace"))
        self.eof, self._input = left == 0, given[source.position :]
        if self.eof:
            self.unused_data, self._input = self._input, b""
        self.needs_input = not self.eof and not self._input and target.position < max_length
        return room.raw[: target.position]


@cache
def _libzstd() -> Any:
    library = ctypes.CDLL(_LIBRARY)
    library.ZSTD_createDStream.restype = ctypes.c_void_p
    library.ZSTD_freeDStream.argtypes = (ctypes.c_void_p,)
    library.ZSTD_decompressStream.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Buffer), ctypes.POINTER(_Buffer))
    library.ZSTD_decompressStream.restype = ctypes.c_size_t
    library.ZSTD_isError.argtypes = library.ZSTD_getErrorName.argtypes = (ctypes.c_size_t,)
    library.ZSTD_getErrorName.restype = ctypes.c_char_p
    return library


Kind = tuple[Callable[[], Decoder], type[Exception]]
"""What makes a decoder, and what such a one raises where the stream is damaged."""


@cache
def gzip_decoders() -> Kind:
    """For members of gzip."""
    try:
        from isal import igzip_lib
    except ImportError:
        return ZlibDecoder, zlib.error
    return partial(igzip_lib.IgzipDecompressor, flag=igzip_lib.DECOMP_GZIP), igzip_lib.error  # type: ignore[return-value]


@cache
def zstd_decoders() -> Kind:
    """For frames of zstd.

    Raises:
        EnvironmentProblem: this machine has nothing that unpacks them.
    """
    try:
        if sys.version_info >= (3, 14):
            from compression.zstd import ZstdDecompressor, ZstdError
        else:
            from backports.zstd import ZstdDecompressor, ZstdError
    except ImportError:
        try:
            _libzstd()
        except (OSError, AttributeError) as error:
            raise EnvironmentProblem("nothing here unpacks zstd", f"install backports.zstd or {_LIBRARY}") from error
        return LibzstdDecoder, DamageError
    return ZstdDecompressor, ZstdError
