"""The dynamic section: what a library is called, which others and which of their versions it needs, where it looks.

System V gABI chapter 5; symbol versions as in the Linux Standard Base core specification, section 10.7.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spybuild.images.elf.header import LOAD, Broken, Header, ReadAt, Segment

_NULL, _NEEDED, _STRTAB, _STRSZ, _SONAME, _RPATH, _RUNPATH = 0, 1, 5, 10, 14, 15, 29
_VERNEED, _VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_MOST_TAGS, _MOST_VERSIONS = 4096, 4096
_LONGEST_TEXT, _MOST_TEXT = 4096, 256 << 10


@dataclass(frozen=True)
class Dynamic:
    """The dynamic section of one file, in the words of `Elf`."""

    soname: str = ""
    needed: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()


class _Texts:
    """The string table; counts what is taken, so that a hostile file cannot make much of it."""

    def __init__(self, read_at: ReadAt, start: int, size: int) -> None:
        self._read_at, self._start, self._size, self._left = read_at, start, size, _MOST_TEXT

    def at(self, index: int) -> str:
        if index >= self._size:
            raise Broken("a name lies outside its string table")
        text, end, _ = self._read_at(self._start + index, min(_LONGEST_TEXT, self._size - index)).partition(b"\0")
        self._left -= len(text) + 1
        if not end or self._left < 0:
            raise Broken("its names are too long")
        return text.decode(errors="backslashreplace")


def read_dynamic(read_at: ReadAt, header: Header, found: Sequence[Segment], section: Segment) -> Dynamic:
    """Read the dynamic section that lies in `section`; `found` are all program headers.

    Raises:
        Broken: it is cut off, points outside the file, or has more of anything than any honest file.
    """
    tags = _tags(read_at, header, section)
    if not tags[_STRTAB]:
        return Dynamic()
    texts = _Texts(read_at, _offset(found, tags[_STRTAB][-1]), tags[_STRSZ][-1] if tags[_STRSZ] else 0)
    runpath = tags[_RUNPATH] or tags[_RPATH]
    return Dynamic(
        soname=texts.at(tags[_SONAME][-1]) if tags[_SONAME] else "",
        needed=tuple(texts.at(value) for value in tags[_NEEDED]),
        runpath=tuple(part for part in texts.at(runpath[-1]).split(":") if part) if runpath else (),
        versions=_versions(read_at, header, found, tags, texts),
    )


def _tags(read_at: ReadAt, header: Header, section: Segment) -> defaultdict[int, list[int]]:
    """The values of each tag, in their order, up to the end mark."""
    if section.size > _MOST_TAGS * 16:
        raise Broken("its dynamic section is too long")
    data = read_at(section.offset, section.size)
    words = header.words(data)
    tags: defaultdict[int, list[int]] = defaultdict(list)
    for tag, value in zip(words[::2], words[1::2], strict=False):
        if tag == _NULL:
            return tags
        tags[tag].append(value)
    raise Broken("its dynamic section is cut off")


def _offset(found: Sequence[Segment], address: int) -> int:
    """Where in the file the byte at an address lies."""
    for segment in found:
        if segment.type == LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    raise Broken("its dynamic section points outside the file")


def _versions(
    read_at: ReadAt, header: Header, found: Sequence[Segment], tags: defaultdict[int, list[int]], texts: _Texts
) -> tuple[tuple[str, str], ...]:
    if not tags[_VERNEED]:
        return ()
    count = tags[_VERNEEDNUM][-1] if tags[_VERNEEDNUM] else 0
    start = _offset(found, tags[_VERNEED][-1])
    return tuple(dict.fromkeys(_version_needs(read_at, header.order, start, count, texts)))


def _version_needs(read_at: ReadAt, order: str, at: int, count: int, texts: _Texts) -> Iterator[tuple[str, str]]:
    if count > _MOST_VERSIONS:
        raise Broken("it needs too many versions")
    left = _MOST_VERSIONS
    for _ in range(count):
        _, names, file, first, following = struct.unpack(order + "HHIII", _exactly(read_at, at, 16))
        library, left = texts.at(file), left - names
        if left < 0:
            raise Broken("it needs too many versions")
        for name in _names(read_at, order, at + first, names):
            yield library, texts.at(name)
        if not following:
            return
        at += following


def _names(read_at: ReadAt, order: str, at: int, count: int) -> Iterator[int]:
    for _ in range(count):
        _, _, _, name, following = struct.unpack(order + "IHHII", _exactly(read_at, at, 16))
        yield name
        if not following:
            return
        at += following


def _exactly(read_at: ReadAt, offset: int, size: int) -> bytes:
    data = read_at(offset, size)
    if len(data) < size:
        raise Broken("its version needs are cut off")
    return data
