"""Which way of passing floats a 32-bit ARM file was built for (ELF for the Arm Architecture; Addenda to the ABI)."""

import struct
from collections.abc import Iterator

from spybuild.images.elf.header import Header, ReadAt

_ARM = 40
_FLAG_SOFT, _FLAG_HARD = 0x200, 0x400
_ATTRIBUTES = 0x70000003
_TAG_VFP_ARGS = 28
_MOST_SECTIONS, _MOST_BYTES = 1024, 64 << 10


def float_abi(read_at: ReadAt, header: Header) -> str:
    """`hard`, `soft`, or empty where the file is not of 32-bit ARM or does not say.

    Only linked files have the flag; the attributes section, which strip may remove, is asked where it is missing.
    """
    if header.machine != _ARM or header.bits != 32:
        return ""
    if header.flags & (_FLAG_HARD | _FLAG_SOFT):
        return "hard" if header.flags & _FLAG_HARD else "soft"
    try:
        return _from_attributes(_attributes(read_at, header), header.order)
    except (struct.error, IndexError):
        return ""


def _attributes(read_at: ReadAt, header: Header) -> bytes:
    layout = header.order + "10I"
    if not 0 < header.section_count <= _MOST_SECTIONS or header.section_size != struct.calcsize(layout):
        return b""
    data = read_at(header.sections_at, header.section_size * header.section_count)
    for _, kind, _, _, offset, size, *_ in struct.iter_unpack(layout, data[: len(data) // 40 * 40]):
        if kind == _ATTRIBUTES and size <= _MOST_BYTES:
            return read_at(offset, size)
    return b""


def _from_attributes(data: bytes, order: str) -> str:
    """Read the file-wide attributes of the section's `aeabi` part, which comes first in what any compiler writes."""
    if data[:1] != b"A" or data[5:11] != b"aeabi\0" or data[11] != 1:
        return ""
    (size,) = struct.unpack_from(order + "I", data, 12)
    values = dict(_tags(data[16 : 11 + size]))
    if _TAG_VFP_ARGS not in values:
        return "soft" if values else ""  # absent tags have the value 0, the base standard
    return {0: "soft", 1: "hard"}.get(values[_TAG_VFP_ARGS], "")


def _tags(data: bytes) -> Iterator[tuple[int, int]]:
    """The numeric attributes; those that are texts (4, 5, and odd ones from 33 on) are passed over."""
    at = 0
    while at < len(data):
        tag, at = _uleb128(data, at)
        if tag in (4, 5) or (tag > 32 and tag % 2):
            at = data.index(b"\0", at) + 1 if b"\0" in data[at:] else len(data)
            continue
        value, at = _uleb128(data, at)
        yield tag, value
        if tag == 32:  # Tag_compatibility has a text behind its number
            at = data.index(b"\0", at) + 1 if b"\0" in data[at:] else len(data)


def _uleb128(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80 or shift > 63:
            return value, at
