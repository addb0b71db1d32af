"""The sorted rows of one layer, looked up without reading them all."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from mmap import mmap

from spybuild.errors import ImageInvalid
from spybuild.images.layers.paths import key_of_path, shown_path
from spybuild.images.layers.rows import Row, RowKind, key_at

_MOST_LINKS = 40


def _numbers() -> "array[int]":
    return array("Q")


@dataclass(frozen=True)
class Offsets:
    """Where rows begin: all that stand in the end, sorted; settings that were replaced; hard links (among `rows`)."""

    rows: "array[int]" = field(default_factory=_numbers)
    replaced: "array[int]" = field(default_factory=_numbers)
    links: "array[int]" = field(default_factory=_numbers)


class RowTable:
    """Rows found by key, or directory by directory."""

    def __init__(self, data: bytes | mmap, offsets: Sequence[int]) -> None:
        """Look up in `data`; `offsets` say where its rows begin, in the order of their keys."""
        self._data, self._offsets = data, offsets
        self._positions = range(len(offsets))

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[Row]:
        return (self.row(offset) for offset in self._offsets)

    def row(self, offset: int) -> Row:
        """The row that begins at an offset."""
        return Row.unpack(self._data, offset)

    def find(self, key: bytes) -> Row | None:
        """The row of a key."""
        position = bisect_left(self._positions, key, key=self._key)
        if position == len(self._positions):
            return None
        row = self.row(self._offsets[position])
        return row if row.key == key else None

    def within(self, folder: bytes) -> Iterator[Row]:
        """The rows of what lies in a directory, sorted by name; `folder` is its path without slashes at its ends."""
        start = folder + b"\0"
        position = bisect_left(self._positions, start, key=self._key)
        while position < len(self._positions):
            row = self.row(self._offsets[position])
            if not row.key.startswith(start):
                return
            yield row
            position += 1

    def linked(self, link: Row) -> Row:
        """What a hard link of this layer names; where that lies in a lower layer, the hard link that leads there.

        Raises:
            ImageInvalid: it names a directory, itself, or what came after it.
        """
        row = link
        for _ in range(_MOST_LINKS):
            found = self.find(key_of_path(row.target))
            if found is None or found.kind == RowKind.WHITEOUT:
                return row
            if found.kind == RowKind.DIRECTORY or found.sequence >= row.sequence:
                break
            if found.kind != RowKind.HARD_LINK:
                return found
            row = found
        raise ImageInvalid(f"the hard link {shown_path(link.path)} names no file that was there before it")

    def _key(self, position: int) -> bytes:
        return key_at(self._data, self._offsets[position])
