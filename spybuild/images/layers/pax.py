"""Extended headers of a tar: pax records (POSIX.1-2017 `pax`, "pax Extended Header")."""

import re

from spybuild.errors import ImageInvalid

_LENGTH = re.compile(rb"(\d{1,19}) ")
_INTEGER = re.compile(rb"\d{1,19}")
_TIME = re.compile(rb"(-?)(\d{1,18})(?:\.(\d*))?")
_PLAIN = (b"path", b"linkpath", b"uname", b"gname")


class Records(dict[bytes, bytes]):
    """The records of one extended header, later ones over earlier ones; `pairs` has them all."""

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def number(self, key: bytes, usual: int = 0) -> int:
        """A record as a number that is not negative.

        Raises:
            ImageInvalid: it is none.
        """
        value = self.get(key)
        if not value:
            return usual
        if not _INTEGER.fullmatch(value) or int(value) >= 1 << 63:
            raise ImageInvalid(f"{key.decode(errors='replace')} in a pax header is no number")
        return int(value)

    def seconds(self, key: bytes, usual: int) -> int:
        """A record as a time in whole seconds, rounded down. Raises as `number`."""
        value = self.get(key)
        if not value:
            return usual
        match = _TIME.fullmatch(value)
        if not match:
            raise ImageInvalid(f"{key.decode(errors='replace')} in a pax header is no time")
        whole = int(match[2])
        return whole if not match[1] else -whole - (1 if (match[3] or b"").strip(b"0") else 0)


def parse(data: bytes) -> Records:
    """Read the records of an extended header.

    Raises:
        ImageInvalid: they break the format, or a name has a NUL.
    """
    pairs, at = [], 0
    while at < len(data):
        match = _LENGTH.match(data, at)
        end = at + int(match[1]) if match else 0
        if not match or end > len(data) or end <= match.end() or data[end - 1] != ord("\n"):
            raise ImageInvalid("a pax header is damaged")
        key, separator, value = data[match.end() : end - 1].partition(b"=")
        if not separator or not key or b"\0" in (value if key in _PLAIN else key):
            raise ImageInvalid("a pax header is damaged")
        pairs.append((key, value))
        at = end
    return Records(pairs)
