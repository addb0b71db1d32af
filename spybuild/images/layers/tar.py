"""The members of a tar, one after the other, in one pass; their contents only where they are asked for.

As with Go's `archive/tar`, GNU's long names win over pax records, and these over the header. Global pax headers are
passed over, as engines do; one that would name, size or map files is refused, since POSIX would have it count.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from spybuild.errors import ImageInvalid
from spybuild.images.layers import pax, sparse
from spybuild.images.layers.header import BLOCK, Header, parse, text
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.stream import Stream

FILE, HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, PIPE = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
_OLD_FILE, _CONTIGUOUS, _GNU_SPARSE = b"\0", b"7", b"S"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"
_WITHOUT_DATA = frozenset((HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, PIPE))
_FILES = frozenset((FILE, _OLD_FILE, _CONTIGUOUS, _GNU_SPARSE))
_ZERO = bytes(BLOCK)
_NAMING = (b"path", b"linkpath", b"size")
_OVERLAY_MARK = re.compile(rb"\boverlay\.(?:opaque|redirect|metacopy|whiteouts?)\b")


class Member(NamedTuple):
    """One member: `name` and `link` as written, `size` the bytes of its content, `modified` in seconds."""

    name: bytes
    type: bytes
    size: int
    mode: int
    owner: int
    modified: int
    link: bytes


class _Extensions(NamedTuple):
    """What the special headers before a member say of it."""

    name: bytes = b""
    link: bytes = b""
    records: pax.Records = pax.Records([])  # never changed


_NONE = _Extensions()


class Tar:
    """The members of a tar on a stream. After each, its content may be taken, at most once, before the next."""

    def __init__(self, stream: Stream, limits: Limits) -> None:
        self.stream = stream
        self._limits = limits
        self._stored = 0
        self._padding = 0
        self._real = 0
        self._areas: tuple[sparse.Area, ...] | None = None

    def __iter__(self) -> Iterator[Member]:
        """The members.

        Raises:
            ImageInvalid: the tar is cut off, damaged or goes over a limit.
        """
        extensions = _NONE
        while header := self._header():
            if header.type in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
                extensions = self._extended(header, extensions)
                continue
            yield self._member(header, extensions)
            self.stream.skip(self._stored + self._padding)
            extensions = _NONE
        if extensions != _NONE:
            raise ImageInvalid("its tar ends with a header that belongs to nothing")

    def peek(self, size: int) -> bytes:
        """The first bytes of the member's content; fewer where it has fewer, or begins with a hole."""
        if self._areas:
            size = min(size, self._areas[0].size) if not self._areas[0].offset else 0
        return self.stream.peek(min(size, self._stored))

    def content(self) -> bytes:
        """The member's whole content. Raises as iterating."""
        if self._areas is None:
            size, self._stored = self._stored, 0
            return self.stream.take(size)
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The member's content as it comes; all of it must be taken. Raises as iterating."""
        size, self._stored = self._stored, 0
        if self._areas is None:
            yield from self.stream.pieces(size)
        elif self._real > self._limits.unpacked:
            raise ImageInvalid(f"a sparse file has more than {self._limits.unpacked} bytes")
        else:
            yield from sparse.expanded(self.stream, self._areas, self._real)

    def _header(self) -> Header | None:
        """The next header; None at the end, which is two blocks of zeros or, as old tools have it, none."""
        block = self.stream.peek(BLOCK)
        if not block:
            return None
        block = self.stream.take(BLOCK)
        if block != _ZERO:
            return parse(block)
        following = self.stream.peek(BLOCK)
        if following not in (b"", _ZERO):
            raise ImageInvalid("its tar is damaged: a block of zeros where a header should be")
        return None

    def _extended(self, header: Header, extensions: _Extensions) -> _Extensions:
        if header.size > self._limits.header:
            raise ImageInvalid(f"a header of its tar has more than {self._limits.header} bytes")
        data = self.stream.take(header.size)
        self.stream.skip(-header.size % BLOCK)
        if header.type == _LONG_NAME:
            return extensions._replace(name=text(data))
        if header.type == _LONG_LINK:
            return extensions._replace(link=text(data))
        records = pax.parse(data)
        if header.type == _PAX:
            return extensions._replace(records=records)
        if any(key in _NAMING for key in records) or sparse.is_sparse(records) or extensions != _NONE:
            raise ImageInvalid("a global pax header of its tar names files: engines pass it over, other tools do not")
        return extensions

    def _member(self, header: Header, extensions: _Extensions) -> Member:
        records, kind, size = extensions.records, header.type, header.size
        name = extensions.name or header.name
        link = extensions.link or header.link
        owner, modified = header.owner, header.modified
        if records:
            _check_attributes(records)
            name = extensions.name or records.get(b"path") or name
            link = extensions.link or records.get(b"linkpath") or link
            size, owner = records.number(b"size", size), records.number(b"uid", owner)
            modified = records.seconds(b"mtime", modified)
        if kind == _OLD_FILE and name.endswith(b"/"):
            kind = DIRECTORY
        if kind in _WITHOUT_DATA:
            self._areas, self._stored, self._padding, size = None, 0, 0, 0
        else:
            name, size = self._file(header, records, name, size)
            kind = FILE
        return Member(name, kind, size, header.mode & 0o7777, owner, modified, link)

    def _file(self, header: Header, records: pax.Records, name: bytes, size: int) -> tuple[bytes, int]:
        """Get ready for a file's content; its name and its real size."""
        self._areas, self._stored, self._padding = None, size, -size % BLOCK
        if header.type == _GNU_SPARSE:
            self._real, self._areas = sparse.areas_of_gnu(header, self.stream, self._limits)
        elif header.type not in _FILES:
            raise ImageInvalid(f"its tar has a member of a type that no layer has: {header.type!r}")
        elif records and sparse.is_sparse(records):
            name = records.get(b"GNU.sparse.name") or name
            self._real, self._areas, self._stored = sparse.areas_of_pax(records, self.stream, size, self._limits)
        if self._areas is None:
            return name, size
        sparse.check(self._areas, self._real, self._stored)
        return name, self._real


def _check_attributes(records: pax.Records) -> None:
    """Refuse what the overlay file system would take as its own marks: they hide files from some engines only."""
    for key in records:
        if key.startswith(b"SCHILY.xattr.") and _OVERLAY_MARK.search(key):
            raise ImageInvalid(f"its tar has a mark of the overlay file system: {key.decode(errors='replace')[:200]}")
