"""What unpacks where isal and backports.zstd are not."""

import gzip
import sys
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.errors import EnvironmentProblem
from spybuild.images.layers import decoders
from spybuild.images.layers.decoders import DamageError, Decoder, LibzstdDecoder, ZlibDecoder
from tests.images.layers.making import zstd_compress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = st.one_of(st.binary(max_size=3000), st.integers(0, 300_000).map(bytes))


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What there is here is found out anew."""
    for found in (decoders.gzip_decoders, decoders.zstd_decoders):
        found.cache_clear()
    yield
    for found in (decoders.gzip_decoders, decoders.zstd_decoders):
        found.cache_clear()


def unpacked(decoder: Decoder, data: bytes, given_at_once: int, taken_at_once: int) -> bytes:
    """All of one member or frame, in pieces."""
    pieces, at = [], 0
    while not decoder.eof:
        given = b""
        if decoder.needs_input:
            given = data[at : at + given_at_once]
            at += given_at_once
            assert given, "it wants more than there is"
        pieces.append(decoder.decompress(given, taken_at_once))
        assert len(pieces[-1]) <= taken_at_once
    assert decoder.unused_data + data[at:] == b"after"
    return b"".join(pieces)


@given(PLAIN, st.integers(1, 5000), st.integers(1, 5000))
def test_zlib_unpacks_what_gzip_packs(plain: bytes, given_at_once: int, taken_at_once: int) -> None:
    """In whatever pieces it comes and is taken, up to its end and no further."""
    packed = gzip.compress(plain) + b"after"
    assert unpacked(ZlibDecoder(), packed, given_at_once, max(taken_at_once, len(plain) // 50)) == plain


@given(PLAIN, st.integers(1, 5000), st.integers(1, 5000))
def test_the_library_unpacks_what_zstd_packs(plain: bytes, given_at_once: int, taken_at_once: int) -> None:
    """In whatever pieces it comes and is taken, up to its end and no further."""
    packed = zstd_compress(plain) + b"after"
    assert unpacked(LibzstdDecoder(), packed, given_at_once, max(taken_at_once, len(plain) // 50)) == plain


@given(st.binary(max_size=300), st.integers(0, 40), st.binary(min_size=1, max_size=4))
def test_what_backports_accepts_the_library_reads_alike(plain: bytes, at: int, change: bytes) -> None:
    """Or neither has it whole yet. What is damaged may be refused by the newer of the two alone; nothing else is raised."""
    packed = bytearray(zstd_compress(plain * 3))
    packed[at : at + len(change)] = change
    ours, theirs = outcome(LibzstdDecoder(), bytes(packed)), outcome(zstd.ZstdDecompressor(), bytes(packed))
    assert theirs in ("damaged", ours)


def outcome(decoder: Decoder, packed: bytes) -> object:
    """What comes of decoding a whole stream at once."""
    try:
        return decoder.decompress(packed, 100_000), decoder.eof, decoder.unused_data
    except (DamageError, zstd.ZstdError):
        return "damaged"


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """As if these modules were not installed."""
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_without_packages_there_are_those_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on 32-bit ARM."""
    without(monkeypatch, "isal", "isal.igzip_lib", "backports.zstd", "compression.zstd")
    assert decoders.gzip_decoders() == (ZlibDecoder, zlib.error)
    assert decoders.zstd_decoders() == (LibzstdDecoder, DamageError)


def test_without_anything_for_zstd_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clear error, when such a layer is met and not before."""
    without(monkeypatch, "backports.zstd", "compression.zstd")
    monkeypatch.setattr(decoders, "_LIBRARY", "libzstd.so.0.not.there")
    decoders._libzstd.cache_clear()
    with pytest.raises(EnvironmentProblem, match="nothing here unpacks zstd"):
        decoders.zstd_decoders()
