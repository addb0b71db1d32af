"""Sparse files in a tar: where their stored bytes lie in the file (GNU tar manual, "Storing Sparse Files").

The old GNU header, and the pax formats 0.0, 0.1 and 1.0.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spybuild.errors import ImageInvalid
from spybuild.images.layers.header import BLOCK, GNU, Header, number
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.pax import Records
from spybuild.images.layers.stream import Stream

_ZEROS = bytes(1 << 16)
_LONGEST_NUMBER = 24


class Area(NamedTuple):
    """Stored bytes of a sparse file: where they begin in it, and how many they are."""

    offset: int
    size: int


def areas_of_gnu(header: Header, stream: Stream, limits: Limits) -> tuple[int, tuple[Area, ...]]:
    """The real size and the areas of an old GNU sparse file (type `S`); takes its extension blocks off the stream.

    Raises:
        ImageInvalid: they break the format or go over a limit.
    """
    if header.raw[257:265] != GNU:
        raise ImageInvalid("a sparse file is of a format we do not know")
    areas = list(_gnu_areas(header.raw[386:482]))
    more = header.raw[482]
    while more:
        block = stream.take(BLOCK)
        areas.extend(_gnu_areas(block[:504]))
        more = block[504]
        if len(areas) > limits.segments:
            raise ImageInvalid("a sparse file has too many areas")
    return number(header.raw[483:495]), tuple(areas)


def _gnu_areas(fields: bytes) -> Iterator[Area]:
    for at in range(0, len(fields) - 23, 24):
        if not fields[at]:
            return
        yield Area(number(fields[at : at + 12]), number(fields[at + 12 : at + 24]))


def is_sparse(records: Records) -> bool:
    """Whether a pax header tells of a sparse file."""
    return any(key.startswith(b"GNU.sparse.") for key in records)


def areas_of_pax(records: Records, stream: Stream, stored: int, limits: Limits) -> tuple[int, tuple[Area, ...], int]:
    """The real size and the areas of a file with a sparse pax header, and how many stored bytes are left for them.

    Raises:
        ImageInvalid: as `areas_of_gnu`, or the format is none of 0.0, 0.1 and 1.0.
    """
    version = records.get(b"GNU.sparse.major", b""), records.get(b"GNU.sparse.minor", b"")
    real = records.number(b"GNU.sparse.size", records.number(b"GNU.sparse.realsize", stored))
    if version == (b"1", b"0"):
        areas, taken = _from_data(stream, stored, limits)
        return real, areas, stored - taken
    has_areas = records.get(b"GNU.sparse.map") or records.get(b"GNU.sparse.offset")
    if version in ((b"0", b"0"), (b"0", b"1")) or (version == (b"", b"") and has_areas):
        return real, _from_records(records, limits), stored
    raise ImageInvalid("a sparse file is of a format we do not know")


def _from_records(records: Records, limits: Limits) -> tuple[Area, ...]:
    """Format 0.1 has one list, format 0.0 repeats two records in turn."""
    if b"GNU.sparse.map" in records:
        numbers = records[b"GNU.sparse.map"].split(b",") if records[b"GNU.sparse.map"] else []
    else:
        numbers = [value for key, value in records.pairs if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes")]
    if len(numbers) % 2 or len(numbers) > 2 * limits.segments:
        raise ImageInvalid("the areas of a sparse file are damaged, or too many")
    return tuple(Area(*pair) for pair in zip(*[iter(map(_integer, numbers))] * 2, strict=True))


def _from_data(stream: Stream, stored: int, limits: Limits) -> tuple[tuple[Area, ...], int]:
    """Format 1.0: decimal lines before the data, their count first, filled up to whole blocks."""
    lines = _Lines(stream, stored)
    count = lines.next()
    if count > limits.segments:
        raise ImageInvalid("a sparse file has too many areas")
    areas = tuple(Area(lines.next(), lines.next()) for _ in range(count))
    return areas, lines.taken


class _Lines:
    def __init__(self, stream: Stream, stored: int) -> None:
        self.taken = 0
        self._stream, self._stored, self._data = stream, stored, b""

    def next(self) -> int:
        while b"\n" not in self._data[:_LONGEST_NUMBER]:
            if len(self._data) >= _LONGEST_NUMBER or self.taken + BLOCK > self._stored:
                raise ImageInvalid("the areas of a sparse file are cut off")
            self._data += self._stream.take(BLOCK)
            self.taken += BLOCK
        line, _, self._data = self._data.partition(b"\n")
        return _integer(line)


def _integer(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise ImageInvalid("a number of a sparse file is none")
    return int(digits)


def check(areas: Sequence[Area], real: int, stored: int) -> None:
    """See that areas follow each other inside the file, and that their bytes are those that are stored.

    Raises:
        ImageInvalid: they do not.
    """
    end = 0
    for area in areas:
        if area.offset < end:
            raise ImageInvalid("the areas of a sparse file overlap")
        end = area.offset + area.size
    if end > real or sum(area.size for area in areas) != stored:
        raise ImageInvalid("the areas of a sparse file do not fit it")


def expanded(stream: Stream, areas: Sequence[Area], real: int) -> Iterator[bytes]:
    """A sparse file's content, its holes filled with zeros."""
    at = 0
    for area in (*areas, Area(real, 0)):
        yield from _zeros(area.offset - at)
        yield from stream.pieces(area.size)
        at = area.offset + area.size


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield _ZEROS[:count]
        count -= len(_ZEROS)
