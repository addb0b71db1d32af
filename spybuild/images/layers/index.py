"""A layer's index: one file with the contents that were kept, the rows, where these begin, and a checksum of all that.

Contents are checked when they are read. The file is never changed once it is written; whoever has it open keeps it,
also when the cache lets go of it.
"""

import contextlib
import json
import mmap
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Self

from spybuild.errors import ImageInvalid
from spybuild.images.files import Elf
from spybuild.images.layers.blob import verified
from spybuild.images.layers.building import Builder
from spybuild.images.layers.contents import unpack_elf
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.rows import Flag, Row, RowKind
from spybuild.images.layers.table import Offsets, RowTable
from spybuild.model.digests import Digest

FORMAT = 2  # to be raised when the form changes, or what is kept (`keeping.py`), or what is refused
_MAGIC = b"spybuild layer\n\0"
_CHUNK = 1 << 20
_TAIL = struct.Struct("<QI16s")  # length and checksum of the description before it


class LayerIndex:
    """What one layer has, by path. May be used from several threads at once."""

    def __init__(self, file: int, data: mmap.mmap, described: dict[str, Any]) -> None:
        """Use `load`."""
        self._file = file
        view = memoryview(data)
        self._replaced = _offsets(view, described["replaced"], described["outward"])
        self._outward = _offsets(view, described["outward"], described["end"])
        self.has_hashes = bool(described["hashes"])
        self.table = RowTable(data, _offsets(view, described["offsets"], described["replaced"]))

    @classmethod
    def load(cls, file: int, diff_id: Digest) -> Self | None:
        """Open the index that a descriptor names, and own that; None where it is none of this layer, or is damaged."""
        try:
            data = mmap.mmap(file, 0, prot=mmap.PROT_READ)
            described = _description(data)
            checksum = _checksum(file, described["rows"], described["end"])
            wanted = {"format": FORMAT, "order": sys.byteorder, "diff_id": str(diff_id), "checksum": checksum}
            if described.items() >= wanted.items():
                return cls(file, data, described)
        except (OSError, ValueError, KeyError, struct.error):
            pass
        os.close(file)
        return None

    def content(self, row: Row) -> bytes | None:
        """The bytes that were kept of a file; None where they are damaged by now."""
        content = os.pread(self._file, row.kept, row.at) if row.kept else b""
        return content if zlib.crc32(content) == row.checksum else None

    def facts(self, row: Row) -> Elf | None:
        """The ELF facts that were kept of a file; None where they are damaged by now."""
        return unpack_elf(os.pread(self._file, row.facts, row.at - row.facts))

    def texts(self) -> Iterator[Row]:
        """The small settings of the layer, also those that it replaces itself."""
        yield from (row for row in self.table if row.flags & Flag.TEXT)
        yield from (self.table.row(offset) for offset in self._replaced)

    def outward_links(self) -> Iterator[Row]:
        """The hard links to files of lower layers."""
        return (self.table.row(offset) for offset in self._outward)

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    __del__ = close


def write_index(layer: Layer, file: IO[bytes], scratch: Callable[[], IO[bytes]], limits: Limits, hashes: bool) -> None:
    """Read a layer once, from its first byte to its last, and write its index to `file`.

    Args:
        layer: what to read.
        file: empty, open for reading too.
        scratch: makes temporary files.
        limits: what is refused.
        hashes: whether to hash the files that a RECORD may name.

    Raises:
        ImageInvalid: the layer matches not its digests, is damaged, goes over a limit, or is one that engines would
            understand differently.
        SourceUnavailable: its bytes cannot be got.
    """
    try:
        file.write(_MAGIC)
        with contextlib.ExitStack() as temporary:
            builder = Builder(file, lambda: temporary.enter_context(scratch()), limits, hashes)
            start = builder.read(verified(layer, limits))
            offsets = builder.write_rows()
        file.flush()
        _seal(file, layer, hashes, start, offsets)
    except ImageInvalid as error:
        raise ImageInvalid(f"{layer} cannot be used: {error.message}", error.hint) from error


def _seal(file: IO[bytes], layer: Layer, hashes: bool, rows: int, offsets: Offsets) -> None:
    """Write what is behind the rows: where they begin, and the description of it all."""
    described: dict[str, str | int] = {
        "format": FORMAT, "order": sys.byteorder, "diff_id": str(layer.diff_id), "hashes": int(hashes), "rows": rows,
    }  # fmt: skip
    outward = _outward(file, offsets)
    for name, numbers in (("offsets", offsets.rows), ("replaced", offsets.replaced), ("outward", outward)):
        described[name] = file.tell()
        file.write(numbers)
    described["end"] = file.tell()
    file.flush()
    described["checksum"] = _checksum(file.fileno(), rows, file.tell())
    text = json.dumps(described).encode()
    file.write(text + _TAIL.pack(len(text), zlib.crc32(text), _MAGIC))
    file.flush()


def _outward(file: IO[bytes], offsets: Offsets) -> "array[int]":
    """The hard links that lead to lower layers; the others are held against what they name."""
    if not offsets.links:
        return array("Q")
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
        table = RowTable(data, offsets.rows)
        ends = ((offset, table.linked(table.row(offset))) for offset in offsets.links)
        return array("Q", (offset for offset, row in ends if row.kind == RowKind.HARD_LINK))


def _description(data: mmap.mmap) -> dict[str, Any]:
    """The description at a file's end. Raises what broken bytes raise."""
    length, checksum, magic = _TAIL.unpack(data[-_TAIL.size :])
    text = data[-_TAIL.size - length : -_TAIL.size]
    if magic != _MAGIC or zlib.crc32(text) != checksum:
        raise ValueError("not an index")
    described: dict[str, Any] = json.loads(text)
    return described


def _checksum(file: int, start: int, end: int) -> int:
    """The CRC-32 of a part of a file; not through the map, whose pages would all become the process's."""
    checksum = 0
    for offset in range(start, end, _CHUNK):
        checksum = zlib.crc32(os.pread(file, min(_CHUNK, end - offset), offset), checksum)
    return checksum


def _offsets(view: memoryview, start: int, end: int) -> Sequence[int]:
    return view[start:end].cast("Q")
