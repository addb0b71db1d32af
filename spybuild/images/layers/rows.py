"""One entry of a layer as its index stores it: a fixed part, then its key, a link's target, and a hash."""

import struct
from mmap import mmap
from typing import NamedTuple, Self

_FIXED = struct.Struct("<IBBHqqQQIIIHHH")
_KEY = struct.Struct("<H")
_KEY_AT = _FIXED.size - 6


class RowKind:
    """What an entry is; `WHITEOUT` where the layer has nothing else under its name. Plain numbers, for speed."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    OTHER = 3
    HARD_LINK = 4
    WHITEOUT = 5


class Flag:
    """What else is known of an entry, as bits."""

    IMPLIED = 1  # a directory that is there because something lies in it
    HIDES = 2  # lower layers' entry of this name is hidden
    OPAQUE = 4  # lower layers' entries in this directory are hidden
    TEXT = 8  # small settings


class Row(NamedTuple):
    """One entry; rows sort as tuples do, by key and then by their order in the tar.

    Attributes:
        sequence: its place in the tar, from 1; 0 where it is only implied.
        at: where in the index's file its content, or the head of it, is kept.
        kept: how many bytes of it are; the content's size where it is kept whole.
        checksum: CRC-32 of the kept bytes.
        facts: how many bytes of ELF facts are kept right before them.
        target: what a link says; of a hard link without slashes at its ends.
        sha256: of the content; empty where it was not hashed.
    """

    key: bytes
    sequence: int
    kind: int
    flags: int = 0
    mode: int = 0o755
    owner: int = 0
    modified: int = 0
    size: int = 0
    at: int = 0
    kept: int = 0
    checksum: int = 0
    facts: int = 0
    target: bytes = b""
    sha256: bytes = b""

    @property
    def is_kept_whole(self) -> bool:
        """Whether the index has the file's whole content."""
        return self.kept == self.size

    @property
    def path(self) -> bytes:
        """Its path, without a slash before it."""
        return self.key.replace(b"\0", b"/").lstrip(b"/")

    def pack(self) -> bytes:
        """The row as bytes."""
        key, sequence, kind, flags, mode, owner, modified, size, at, kept, checksum, facts, target, sha256 = self
        fixed = _FIXED.pack(
            sequence, kind, flags, mode, owner, modified, size, at, kept, checksum, facts, len(key), len(target),
            len(sha256),
        )  # fmt: skip
        return fixed + key + target + sha256

    @classmethod
    def unpack(cls, data: bytes | mmap, at: int = 0) -> Self:
        """Read the row at an offset."""
        *numbers, key, target, sha256 = _FIXED.unpack_from(data, at)
        at += _FIXED.size
        if not target and not sha256:
            return cls._make((data[at : at + key], *numbers, b"", b""))
        text = data[at : at + key + target + sha256]
        return cls._make((text[:key], *numbers, text[key : key + target], text[key + target :]))


def key_at(data: bytes | mmap, at: int) -> bytes:
    """The key of the row at an offset."""
    (length,) = _KEY.unpack_from(data, at + _KEY_AT)
    return data[at + _FIXED.size : at + _FIXED.size + length]
