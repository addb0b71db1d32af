"""Tar archives read in place: one pass over the headers tells where each file's bytes are."""

import io
import os
import posixpath
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from spybuild.errors import EnvironmentProblem, ImageInvalid, ImageNotFound
from spybuild.images.layers.compression import unpacked
from spybuild.images.layers.layer import LAYER_TAR
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.stream import Stream
from spybuild.images.layers.tar import FILE, HARD_LINK, SYMLINK, Member, Tar
from spybuild.images.links import resolve
from spybuild.model.names import shown

_MOST_MEMBERS = 200_000
_CHUNK = 1 << 18
_BUFFER = 1 << 18
_BLOBS = "blobs/"
_LIMITS = Limits()
_COMPRESSED = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd")


class Archive:
    """The files of a tar; see `Holder`. Links in it are followed inside it only."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Read the headers.

        Args:
            file: seekable and uncompressed; it is closed with the archive.
            name: what it is called in messages.

        Raises:
            ImageInvalid: it is no sound tar, or has too many members.
        """
        self._file, self._name = file, name
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            for number, (member, place) in enumerate(_members(file)):
                if number == _MOST_MEMBERS:
                    raise ImageInvalid(f"it has more than {_MOST_MEMBERS} members")
                self._note(member, place)
        except ImageInvalid as error:
            file.close()
            raise ImageInvalid(f"{name}: {error.message}", error.hint) from error

    def open(self, path: str) -> BinaryIO | None:
        """See `Holder.open`."""
        place = self._place(path)
        return io.BufferedReader(_Slice(self._file, *place), _BUFFER) if place else None

    def size(self, path: str) -> int | None:
        """See `Holder.size`."""
        place = self._place(path)
        return place[1] if place else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _place(self, path: str) -> tuple[int, int] | None:
        real = resolve(f"/{path}", lambda link: self._links.get(link.lstrip("/")))
        return self._places.get(real.lstrip("/")) if real else None

    def _note(self, member: Member, place: tuple[int, int]) -> None:
        path = posixpath.normpath("/" + member.name.decode("utf-8", "surrogateescape")).lstrip("/")
        link = member.link.decode("utf-8", "surrogateescape")
        if member.type not in (FILE, SYMLINK, HARD_LINK):
            return
        if (path in self._places or path in self._links) and not path.startswith(_BLOBS):
            raise ImageInvalid(f"{shown(path)} is there twice, and tools differ in which they take")
        if member.type == FILE:
            self._places[path] = place
        else:
            self._links[path] = link if member.type == SYMLINK else f"/{link}"


def open_archive(path: Path, limits: Limits = _LIMITS) -> Archive:
    """The archive in a file; a compressed one is unpacked to a temporary file first, for it has no places.

    Raises:
        ImageNotFound: there is no such file.
        ImageInvalid: it is no sound tar, or unpacks to too much.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageNotFound(f"{path} is no file")
        file = path.open("rb")
    except OSError as error:
        raise ImageNotFound(f"{path} cannot be read: {error.strerror}") from error
    magic = os.pread(file.fileno(), 4, 0)
    if not magic.startswith(_COMPRESSED):
        return Archive(file, path.name)
    with file:
        return Archive(_unpacked(file, path, limits), path.name)


def spooled(chunks: Iterator[bytes], name: str, most: int) -> BinaryIO:
    """A temporary file with these bytes, at its start; it has no name, and is gone when it is closed.

    Raises:
        ImageInvalid: there are more than `most` bytes.
        EnvironmentProblem: there is no room for them.
    """
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # it is given out
    count = 0
    try:
        for chunk in chunks:
            count += len(chunk)
            if count > most:
                raise ImageInvalid(f"{name} has more than {most} bytes")
            spool.write(chunk)
        spool.seek(0)
    except BaseException as error:
        spool.close()
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            hint = "name a folder with room in TMPDIR"
            raise EnvironmentProblem(f"there is no room for {name} while it is read: {reason}", hint) from error
        raise
    return spool


def _unpacked(file: BinaryIO, path: Path, limits: Limits) -> BinaryIO:
    most = min(limits.unpacked, max(limits.unsuspicious, limits.ratio * os.fstat(file.fileno()).st_size))
    try:
        return spooled(unpacked(iter(lambda: file.read(_CHUNK), b""), LAYER_TAR), path.name, most)
    except ImageInvalid as error:
        raise ImageInvalid(f"{path.name}: {error.message}", error.hint) from error


def _members(file: BinaryIO) -> Iterator[tuple[Member, tuple[int, int]]]:
    stream = _Seeking(file)
    tar = Tar(stream, _LIMITS)
    for member in tar:
        if member.type == FILE and member.size and not tar.peek(1):
            raise ImageInvalid(f"{shown(member.name.decode('utf-8', 'replace'))} is a sparse file, or is cut off")
        yield member, (stream.position, member.size)


class _Seeking(Stream):
    """Passes over contents without reading them."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(iter(()))
        self._file, self.position = file, 0
        self._size = os.fstat(file.fileno()).st_size

    def peek(self, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, self.position)

    def take(self, size: int) -> bytes:
        data = self.peek(size)
        if len(data) < size:
            raise ImageInvalid("its tar is cut off")
        self.position += size
        return data

    def pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.take(min(size, _CHUNK))
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        self.position += size
        if self.position > self._size:
            raise ImageInvalid("its tar is cut off")

    def drain(self) -> None:
        self.position = self._size


class _Slice(io.RawIOBase):
    """A part of a file that others read at the same time."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._position, self._end = file, start, start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer
        data = os.pread(self._file.fileno(), min(len(buffer), self._end - self._position), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
