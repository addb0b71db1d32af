"""What an index keeps of a file's content as it passes by: all of it, its head, its ELF facts, its hash."""

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import IO, NamedTuple

from spybuild.errors import ImageInvalid
from spybuild.images.elf.header import MAGIC, ReadAt, reader_of
from spybuild.images.elf.reading import read_elf
from spybuild.images.files import Elf
from spybuild.images.keeping import MOST_OF_TEXT, is_evidence, is_hashed, is_settings, is_system_library, is_text
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.rows import Flag
from spybuild.images.layers.tar import Member, Tar

_IN_MEMORY = 4 << 20
_MOST_SPOOLED = 4 << 30
_BEGINNING = 1 << 20
_HEAD = 256
_HEAD_OF_BYTECODE = 16
_CHECKSUM = struct.Struct("<I")
_FIELDS = tuple(field.name for field in fields(Elf))


class Kept(NamedTuple):
    """What a row says of a content; the fields are those of `Row`."""

    flags: int = 0
    at: int = 0
    kept: int = 0
    checksum: int = 0
    facts: int = 0
    sha256: bytes = b""


class Keeper:
    """Writes what is kept to the index's file, in the order it comes."""

    def __init__(self, file: IO[bytes], spool: Callable[[], IO[bytes]], limits: Limits, hashes: bool) -> None:
        """Write to `file` from where it stands; `spool` makes a temporary file, for large ELF files."""
        self.end = file.tell()
        self._file, self._make_spool, self._hashes = file, spool, hashes
        self._spool: IO[bytes] | None = None
        self._content_left, self._facts_left = limits.kept, limits.facts

    def keep(self, path: str, member: Member, tar: Tar) -> Kept:
        """Take of a regular file, the current one of `tar`, what is worth keeping.

        Raises:
            ImageInvalid: the tar is damaged, or has more ELF facts than any honest layer.
        """
        head = tar.peek(len(MAGIC))
        if head == MAGIC:
            return self._keep_elf(path, member, tar)
        if self._is_whole(path, member, head):
            return self._keep_whole(path, tar.content())
        size = _size_of_head(path, member, head)
        kept = tar.peek(size) if size else b""
        return self._write(kept, sha256=_digest(tar.pieces()) if self._is_hashed(path, member) else b"")

    def _is_whole(self, path: str, member: Member, head: bytes) -> bool:
        if member.size > self._content_left:
            return False
        is_script = head[:2] == b"#!" and member.size <= MOST_OF_TEXT and bool(member.mode & 0o111)
        return is_script or is_evidence(path, member.size)

    def _is_hashed(self, path: str, member: Member) -> bool:
        return self._hashes and is_hashed(path, member.size)

    def _keep_whole(self, path: str, content: bytes, facts: bytes = b"") -> Kept:
        self._content_left -= len(content)
        flags = Flag.TEXT if is_settings(path, len(content)) and is_text(content) else 0
        return self._write(content, flags, facts)

    def _keep_elf(self, path: str, member: Member, tar: Tar) -> Kept:
        if member.size > _MOST_SPOOLED:
            return self._keep_vast_elf(path, member, tar)
        if member.size > _IN_MEMORY:
            spool, sha256 = self._spooled(tar.pieces(), self._is_hashed(path, member))
            return self._write(b"", 0, self._facts(reader_of(spool.fileno()), path, member.size), sha256)
        content = tar.content()
        facts = self._facts(lambda offset, size: content[offset : offset + size], path, member.size)
        if member.size <= self._content_left and (is_system_library(path) or is_evidence(path, member.size)):
            return self._keep_whole(path, content, facts)
        sha256 = hashlib.sha256(content).digest() if self._is_hashed(path, member) else b""
        return self._write(b"", 0, facts, sha256)

    def _keep_vast_elf(self, path: str, member: Member, tar: Tar) -> Kept:
        """Its header; for want of the rest, the facts say that they are not whole."""
        head = tar.peek(_BEGINNING)
        facts = self._facts(lambda offset, size: head[offset : offset + size], path, len(head))
        return self._write(b"", 0, facts, _digest(tar.pieces()) if self._is_hashed(path, member) else b"")

    def _facts(self, read_at: ReadAt, path: str, size: int) -> bytes:
        elf = read_elf(read_at, size, path.rpartition("/")[2])
        facts = pack_elf(elf) if elf else b""
        self._facts_left -= len(facts)
        if self._facts_left < 0:
            raise ImageInvalid("it has more ELF files, or larger tables in them, than any honest layer")
        return facts

    def _spooled(self, pieces: Iterator[bytes], hashed: bool) -> tuple[IO[bytes], bytes]:
        """A temporary file with a content, good until the next one, and its hash."""
        self._spool = spool = self._spool or self._make_spool()
        spool.seek(0)
        spool.truncate()
        digest = hashlib.sha256()
        for piece in pieces:
            spool.write(piece)
            if hashed:
                digest.update(piece)
        spool.flush()
        return spool, digest.digest() if hashed else b""

    def _write(self, data: bytes, flags: int = 0, facts: bytes = b"", sha256: bytes = b"") -> Kept:
        if facts:
            self.end += self._file.write(facts)
        at = self.end
        if data:
            self.end += self._file.write(data)
        return Kept(flags, at, len(data), zlib.crc32(data), len(facts), sha256)


def _size_of_head(path: str, member: Member, head: bytes) -> int:
    if path.endswith(".pyc"):
        return _HEAD_OF_BYTECODE
    return _HEAD if head[:2] == b"#!" and member.mode & 0o111 else 0


def _digest(pieces: Iterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def pack_elf(elf: Elf) -> bytes:
    """ELF facts as bytes, their checksum first."""
    text = json.dumps([getattr(elf, name) for name in _FIELDS], separators=(",", ":")).encode()
    return _CHECKSUM.pack(zlib.crc32(text)) + text


def unpack_elf(data: bytes) -> Elf | None:
    """ELF facts as `pack_elf` wrote them; None where they are damaged."""
    text = data[_CHECKSUM.size :]
    if len(data) < _CHECKSUM.size or _CHECKSUM.unpack_from(data)[0] != zlib.crc32(text):
        return None
    values = dict(zip(_FIELDS, json.loads(text), strict=True))
    needed, runpath, versions = values.pop("needed"), values.pop("runpath"), values.pop("versions")
    return Elf(needed=tuple(needed), runpath=tuple(runpath), versions=tuple(map(tuple, versions)), **values)
