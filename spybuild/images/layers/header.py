"""One 512-byte header of a tar (POSIX.1-2017 `pax`, the GNU tar manual's "Basic Tar Format").

Where dialects leave room, it is read as Go's `archive/tar` reads it: the engines unpack layers with that, and what we
see must be what they see. What it refuses is refused.
"""

import struct
import zlib
from typing import NamedTuple

from spybuild.errors import ImageInvalid

BLOCK = 512
GNU = b"ustar  \0"
_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s")
_ADLER = 65521
_USTAR = b"ustar\0"


class Header(NamedTuple):
    """The fields of one header; `raw` is the whole block, for what only some types have."""

    name: bytes
    mode: int
    owner: int
    size: int
    modified: int
    type: bytes
    link: bytes
    raw: bytes


def parse(block: bytes) -> Header:
    """Read a header block.

    Raises:
        ImageInvalid: its checksum or a number is wrong.
    """
    name, mode, owner, _, size, modified, checksum, kind, link, magic, _, _, _, _, prefix, _ = _FIELDS.unpack(block)
    _check(block, checksum)
    name = text(name)
    if magic[:6] == _USTAR:
        prefix = text(prefix[:131] if block[508:] == b"tar\0" else prefix)
        name = prefix + b"/" + name if prefix else name
    elif magic == GNU and prefix[0] and not (_is_number(prefix[:12]) and _is_number(prefix[12:24])):
        before = text(prefix)  # an early Go wrote the prefix where GNU has times, and so Go reads it
        name = before + b"/" + name if before and before.isascii() else name
    return Header(
        name, number(mode), number(owner), number(size), number(modified, signed=True), kind, text(link), block
    )


def text(field: bytes) -> bytes:
    """A field up to its NUL."""
    return field.partition(b"\0")[0]


def number(field: bytes, signed: bool = False) -> int:
    """A numeric field: octal digits, or base-256 where its first bit is set (GNU, star).

    Raises:
        ImageInvalid: it is none, or is negative or greater than 64 bits hold where it must not be.
    """
    digits = field.strip(b" \0")
    if digits.isdigit():
        try:
            return int(digits, 8)
        except ValueError:
            pass
    return _rare_number(field, signed)


def _rare_number(field: bytes, signed: bool) -> int:
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (len(field) * 8 - 1)) - 1)
        if field[0] & 0x40:
            value -= 1 << (len(field) * 8 - 1)
        if -(1 << 63) <= value < 1 << 63 and (signed or value >= 0):
            return value
        raise ImageInvalid("its tar is damaged: a number in a header is out of range")
    digits = text(field.strip(b" \0"))
    if digits and not (digits.isdigit() and max(digits) < ord("8")):
        raise ImageInvalid("its tar is damaged: a number in a header is none")
    return int(digits or b"0", 8)


def _is_number(field: bytes) -> bool:
    try:
        number(field, signed=True)
    except ImageInvalid:
        return False
    return True


def _check(block: bytes, field: bytes) -> None:
    """Adler-32's lower half is the sum of all bytes but for its modulus, and far quicker than a sum in Python."""
    said = number(field)
    spaces = 8 * 32 - sum(field)
    if ((zlib.adler32(block) & 0xFFFF) - 1 + spaces - said) % _ADLER == 0:
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:]) + 8 * 32
    if signed != said:
        raise ImageInvalid("its tar is damaged: the checksum of a header is wrong")
