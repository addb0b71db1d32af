"""Rows sorted in bounded memory: what is too much for it is sorted piece by piece and merged from a temporary file."""

import heapq
import os
import struct
from collections.abc import Iterator
from typing import IO

from spybuild.images.layers.rows import Row

_LENGTH = struct.Struct("<I")
_MOST_BYTES = 16 << 20
_LARGEST_BUFFER, _SMALLEST_BUFFER = 64 << 10, 16 << 10


class Sorter:
    """Takes rows in any order and gives them sorted."""

    def __init__(self, spill: IO[bytes], most: int = 32_768) -> None:
        """Hold at most `most` rows in memory, fewer where they are long; `spill` is an empty file of its own."""
        self._spill, self._most = spill, most
        self._bytes = 0
        self._rows: list[Row] = []
        self._runs: list[tuple[int, int]] = []

    def add(self, row: Row) -> None:
        """Take a row."""
        self._rows.append(row)
        self._bytes += len(row.key) + len(row.target)
        if len(self._rows) >= self._most or self._bytes >= _MOST_BYTES:
            self._write()

    def sorted(self) -> Iterator[Row]:
        """All rows, sorted; none may be added after."""
        self._rows.sort()
        if not self._runs:
            return iter(self._rows)
        self._spill.flush()
        buffer = max(_SMALLEST_BUFFER, min(_LARGEST_BUFFER, _MOST_BYTES // len(self._runs)))
        return heapq.merge(self._rows, *(self._run(start, end, buffer) for start, end in self._runs))

    def _write(self) -> None:
        start = self._spill.tell()
        for row in sorted(self._rows):
            packed = row.pack()
            self._spill.write(_LENGTH.pack(len(packed)) + packed)
        self._runs.append((start, self._spill.tell()))
        self._rows, self._bytes = [], 0

    def _run(self, start: int, end: int, buffer: int) -> Iterator[Row]:
        data, at = b"", 0
        while at < len(data) or start < end:
            if len(data) - at < _LENGTH.size or len(data) - at < _LENGTH.size + _LENGTH.unpack_from(data, at)[0]:
                more = os.pread(self._spill.fileno(), min(buffer, end - start), start)
                data, at, start = data[at:] + more, 0, start + len(more)
                continue
            yield Row.unpack(data, at + _LENGTH.size)
            at += _LENGTH.size + _LENGTH.unpack_from(data, at)[0]
