"""The ELF header and the program headers, of either class and byte order (System V gABI, chapters 4 and 5)."""

import os
import struct
from collections.abc import Callable
from typing import NamedTuple, Self

ReadAt = Callable[[int, int], bytes]

MAGIC = b"\x7fELF"
LOAD, DYNAMIC, INTERP = 1, 2, 3
_MOST_SEGMENTS = 256


def reader_of(file: int) -> ReadAt:
    """Reads of an open file at any offset; beyond what it has, or the system can address, there is nothing."""

    def read_at(offset: int, size: int) -> bytes:
        try:
            return os.pread(file, size, offset)
        except (OSError, OverflowError):
            return b""

    return read_at


class Broken(Exception):  # noqa: N818  # caught where it is met: it becomes `Elf.unread`
    """The file breaks the format or goes over a bound; the text says how."""


class Header(NamedTuple):
    """The fields of the header that anything asks for; `order` is struct's sign for the byte order."""

    bits: int
    order: str
    abi: int
    type: int
    machine: int
    segments_at: int
    sections_at: int
    flags: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int

    @classmethod
    def parse(cls, head: bytes) -> Self | None:
        """Read the first 64 bytes of a file; None where they are no ELF header."""
        if len(head) < 52 or not head.startswith(MAGIC) or head[4] not in (1, 2) or head[5] not in (1, 2):
            return None
        bits, order = 32 * head[4], "<" if head[5] == 1 else ">"
        if bits == 64 and len(head) < 64:
            return None
        layout = "HHIQQQIHHHHHH" if bits == 64 else "HHIIIIIHHHHHH"
        kind, machine, _, _, segments_at, sections_at, flags, _, *sizes = struct.unpack_from(order + layout, head, 16)
        return cls(bits, order, head[7], kind, machine, segments_at, sections_at, flags, *sizes[:4])

    def words(self, data: bytes) -> tuple[int, ...]:
        """`data` as address-sized words; what is left over is dropped."""
        size = self.bits // 8
        return struct.unpack(
            f"{self.order}{len(data) // size}{'Q' if size == 8 else 'I'}", data[: len(data) // size * size]
        )


class Segment(NamedTuple):
    """One program header: which bytes of the file lie at which address."""

    type: int
    offset: int
    address: int
    size: int


def segments(read_at: ReadAt, header: Header) -> tuple[Segment, ...]:
    """The program headers.

    Raises:
        Broken: there are too many, or they are cut off.
    """
    layout = header.order + ("IIQQQQQQ" if header.bits == 64 else "IIIIIIII")
    size, count = struct.calcsize(layout), header.segment_count
    if not count:
        return ()
    if count > _MOST_SEGMENTS or header.segment_size != size:
        raise Broken("its program headers are out of shape")
    data = read_at(header.segments_at, size * count)
    if len(data) < size * count:
        raise Broken("its program headers are cut off")
    rows = struct.iter_unpack(layout, data)
    if header.bits == 64:
        return tuple(Segment(kind, offset, address, length) for kind, _, offset, address, _, length, _, _ in rows)
    return tuple(Segment(kind, offset, address, length) for kind, offset, address, _, length, _, _, _ in rows)
