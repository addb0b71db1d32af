"""As much of DER (X.690) as timestamps and signed certificate timestamps take."""

from collections.abc import Iterator
from datetime import UTC, datetime

SEQUENCE, SET, INTEGER, OCTETS, OID, UTF8, NULL, TIME = 0x30, 0x31, 0x02, 0x04, 0x06, 0x0C, 0x05, 0x18


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element: tag, length, content."""
    body = b"".join(contents)
    size = len(body)
    length = bytes([size]) if size < 128 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    prefix = b"" if size < 128 else bytes([0x80 | len(length)])
    return bytes([tag]) + prefix + length + body


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(groups))
    return tlv(OID, bytes(body))


def set_of(*elements: bytes) -> bytes:
    """A SET OF, sorted as DER wants it."""
    return tlv(SET, *sorted(elements))


def algorithm(dotted: str) -> bytes:
    """An AlgorithmIdentifier without parameters."""
    return tlv(SEQUENCE, oid(dotted))


def time(moment: datetime) -> bytes:
    """A GeneralizedTime in seconds."""
    return tlv(TIME, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def elements(body: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements in `body`: tag, content, and the whole of it."""
    while body:
        size, start = body[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(body[2:start], "big")
        yield body[0], body[start : start + size], body[: start + size]
        body = body[start + size :]
