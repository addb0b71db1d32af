"""A layer's index made in one pass: every entry, the marks, and the contents that are evidence."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import IO

from spybuild.errors import ImageInvalid
from spybuild.images.layers import paths, tar
from spybuild.images.layers.contents import Keeper, Kept
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.paths import key_of, key_of_path
from spybuild.images.layers.rows import Flag, Row, RowKind
from spybuild.images.layers.sorting import Sorter
from spybuild.images.layers.stream import Stream
from spybuild.images.layers.table import Offsets

_KINDS = {
    tar.FILE: RowKind.FILE,
    tar.DIRECTORY: RowKind.DIRECTORY,
    tar.SYMLINK: RowKind.SYMLINK,
    tar.HARD_LINK: RowKind.HARD_LINK,
}
_NOTHING = Kept()
_MOST_REMEMBERED = 10_000


class Builder:
    """Reads a layer's tar and writes its rows and contents to a file."""

    def __init__(self, file: IO[bytes], scratch: Callable[[], IO[bytes]], limits: Limits, hashes: bool) -> None:
        """Write to `file`, which is empty; `scratch` makes temporary files."""
        self._file, self._limits = file, limits
        self._keeper = Keeper(file, scratch, limits, hashes)
        self._sorter = Sorter(scratch())
        self._count = 0
        self._implied: set[bytes] = {b""}

    def read(self, chunks: Iterator[bytes]) -> int:
        """Read the tar to its end, and whatever follows it; the number of bytes of content that were kept.

        Raises:
            ImageInvalid: it is damaged, goes over a limit, or says what engines would understand differently.
        """
        stream = Stream(chunks)
        members = tar.Tar(stream, self._limits)
        for sequence, member in enumerate(members, start=1):
            self._count_one()
            name = paths.parse(member.name, self._limits)
            if name:
                self._sorter.add(self._row(name, sequence, member, members))
        stream.drain()
        return self._keeper.end

    def write_rows(self) -> Offsets:
        """Write the rows behind the contents, sorted: under each name what stands there in the end.

        Raises:
            ImageInvalid: something lies in what is no directory.
        """
        offsets, at = Offsets(), self._keeper.end
        for _, group in itertools.groupby(self._sorter.sorted(), key=itemgetter(0)):
            for row, is_last in _folded(group):
                (offsets.rows if is_last else offsets.replaced).append(at)
                if is_last and row.kind == RowKind.HARD_LINK:
                    offsets.links.append(at)
                at += self._file.write(row.pack())
        return offsets

    def _count_one(self) -> None:
        self._count += 1
        if self._count > self._limits.entries:
            raise ImageInvalid(f"it has more than {self._limits.entries} entries")

    def _imply(self, folder: bytes) -> None:
        """The directories on the way to an entry, which a tar need not name."""
        if len(self._implied) > _MOST_REMEMBERED:
            self._implied = {b""}
        while folder not in self._implied:
            self._implied.add(folder)
            self._count_one()
            self._sorter.add(Row(key_of_path(folder), 0, RowKind.DIRECTORY, Flag.IMPLIED))
            folder = folder.rpartition(b"/")[0]

    def _row(self, name: paths.Name, sequence: int, member: tar.Member, members: tar.Tar) -> Row:
        if name.folder not in self._implied:
            self._imply(name.folder)
        if name.opaque:
            return Row(key_of_path(name.folder), 0, RowKind.DIRECTORY, Flag.IMPLIED | Flag.OPAQUE)
        key = key_of(name.folder, name.base)
        if name.hides:
            return Row(key, 0, RowKind.WHITEOUT, Flag.HIDES)
        kind = _KINDS.get(member.type, RowKind.OTHER)
        if not key and kind != RowKind.DIRECTORY:
            raise ImageInvalid("its root is no directory")
        common = key, sequence, kind
        if kind != RowKind.FILE:
            target = self._target(kind, member)
            return Row(*common, 0, member.mode, member.owner, member.modified, target=target)
        path = b"/%b/%b" % (name.folder, name.base) if name.folder else b"/" + name.base
        kept = self._keeper.keep(path.decode(errors="surrogateescape"), member, members) if member.size else _NOTHING
        return Row(
            *common, kept.flags, member.mode, member.owner, member.modified, member.size, kept.at, kept.kept,
            kept.checksum, kept.facts, b"", kept.sha256,
        )  # fmt: skip

    def _target(self, kind: int, member: tar.Member) -> bytes:
        if kind == RowKind.SYMLINK:
            if len(member.link) > self._limits.path:
                raise ImageInvalid(f"a symbolic link says too much: {paths.shown_path(member.name)}")
            return member.link
        return b"/".join(paths.split(member.link, self._limits)) if kind == RowKind.HARD_LINK else b""


def _folded(rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    """Of the rows under one name the settings that were replaced, and (marked True) what stands in the end."""
    last, marks = None, 0
    for row in rows:
        marks |= row.flags & (Flag.HIDES | Flag.OPAQUE)
        if last is None or last.kind == RowKind.WHITEOUT:
            last = row
        elif row.kind != RowKind.WHITEOUT:
            if (row.kind == RowKind.DIRECTORY) != (last.kind == RowKind.DIRECTORY):
                what = paths.shown_path(row.path)
                raise ImageInvalid(
                    f"it has {what} as a directory and as something else: engines differ in what is left"
                )
            if last.flags & Flag.TEXT:
                yield last, False
            last = row
    if last:
        yield (last._replace(flags=last.flags | marks) if marks else last), True
