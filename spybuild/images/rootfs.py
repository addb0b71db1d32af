"""A root filesystem unpacked into a folder, as a file tree; the host's kernel never follows a link of it."""

import contextlib
import hashlib
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.elf.header import MAGIC, reader_of
from spybuild.images.elf.reading import read_elf
from spybuild.images.files import Elf, Entry, Kind
from spybuild.images.keeping import MOST_OF_TEXT, is_settings, is_text
from spybuild.images.links import resolve, resolve_link

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 20
_MOST_ELVES = 100
_MOST_FOLDERS = 10_000  # that are remembered


class FolderFiles:
    """The `Files` below a folder, which is `/` to them.

    Symbolic links end inside the folder, whatever they say. Devices, pipes and sockets are listed and never opened.
    The folder is read as it stands at each call; only its own folders are taken to stay folders, and where one is
    replaced by a link nothing is opened.
    """

    _root = -1

    def __init__(self, root: Path, *, with_mounts: bool = False) -> None:
        """Open the folder.

        Args:
            root: the folder.
            with_mounts: whether folders where other file systems are mounted are gone into; an image has empty ones
                there (`/proc`, `/sys`, volumes).

        Raises:
            ImageNotFound: there is no such folder, or it may not be read.
        """
        try:
            self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ImageNotFound(f"{root} is no root filesystem: {error.strerror}") from error
        self._device = None if with_mounts else os.fstat(self._root).st_dev
        self._elves: dict[tuple[int, int, int, int, str], Elf] = {}
        self._folders: set[str] = set()

    def close(self) -> None:
        """Let go of the folder."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    __del__ = close

    def find(self, path: str) -> Entry | None:
        """The entry at `path`, every symbolic link on the way followed; None where there is none, or links go round."""
        folder, name = posixpath.split(path)
        if folder in self._folders and name not in ("", ".", ".."):
            entry, _ = self._look(path)
            if entry and entry.kind is not Kind.SYMLINK:
                return entry
        real = self._real(path)
        return self._entry(real) if real is not None else None

    def find_link(self, path: str) -> Entry | None:
        """The entry at `path` itself: a symbolic link at its end is not followed."""
        walk = _Walk(self._look, self._folders)
        real = resolve_link(path, walk.target, walk.is_folder)
        return self._entry(real) if real is not None else None

    def names(self, path: str) -> tuple[str, ...]:
        """The names in the directory at `path`, sorted; empty where there is none."""
        real = self._real(path)
        return self._listing(real) if real is not None else ()

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """Every entry below `path`, depth first, names sorted, links not followed."""
        real = self._real(path)
        left = self._below(real) if real is not None else []
        while left:
            entry = self._entry(left.pop())
            if entry is None:
                continue
            yield entry
            if entry.kind is Kind.DIRECTORY:
                left.extend(self._below(entry.path))

    def expect(self, paths: Iterable[str]) -> None:
        """Nothing is to be fetched: the folder is here."""

    def read(self, path: str, most: int = 16 << 20) -> bytes:
        """A file's content.

        Raises:
            FileNotFoundError: there is no such file.
            ImageInvalid: it is larger than `most` bytes, or cannot be read.
        """
        with self._opened(path) as file:
            size = os.fstat(file).st_size
            content = b"".join(_chunks(file, most + 1)) if size <= most else b""
            if size > most or len(content) > most:
                raise ImageInvalid(f"{path} has more than {most} bytes")
            return content

    def head(self, path: str, size: int = 256) -> bytes:
        """The first bytes of a file. Raises as `read`, but for sizes."""
        with self._opened(path) as file:
            return os.pread(file, size, 0)

    def sha256(self, path: str) -> str:
        """The hexadecimal sha256 of a file's content. Raises as `read` does, but for sizes."""
        hashed = hashlib.sha256()
        with self._opened(path) as file:
            for chunk in _chunks(file, os.fstat(file).st_size):
                hashed.update(chunk)
        return hashed.hexdigest()

    def elf(self, path: str) -> Elf | None:
        """What an ELF file says of itself; None where the file is none, or there is no file."""
        with contextlib.suppress(FileNotFoundError), self._opened(path) as file:
            if os.pread(file, len(MAGIC), 0) == MAGIC:
                return self._elf(file, posixpath.basename(path))
        return None

    def _elf(self, file: int, name: str) -> Elf | None:
        """What an open ELF file says. The first are kept: among them are interpreters, which are searched through."""
        found = os.fstat(file)
        identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, name)
        if identity in self._elves:
            return self._elves[identity]
        elf = read_elf(reader_of(file), found.st_size, name)
        if elf and len(self._elves) < _MOST_ELVES:
            self._elves[identity] = elf
        return elf

    def covered(self) -> Iterator[tuple[Entry, bytes]]:
        """The small text files; a folder hides none."""
        for entry in self.walk():
            if entry.kind is Kind.FILE and is_settings(entry.path, entry.size):
                with contextlib.suppress(FileNotFoundError, ImageInvalid):
                    content = self.read(entry.path, MOST_OF_TEXT)
                    if is_text(content):
                        yield entry, content

    def _real(self, path: str) -> str | None:
        walk = _Walk(self._look, self._folders)
        return resolve(path, walk.target, walk.is_folder)

    def _entry(self, path: str) -> Entry | None:
        """The entry at a path whose folders are no links."""
        return self._look(path)[0]

    def _look(self, path: str) -> tuple[Entry | None, bool]:
        """The entry at a path whose folders are no links, and whether something is in it, or may be."""
        inside = path.lstrip("/") or "."
        with contextlib.suppress(OSError, ValueError):
            found = os.stat(inside, dir_fd=self._root, follow_symlinks=False)
            target = os.readlink(inside, dir_fd=self._root) if stat.S_ISLNK(found.st_mode) else ""
            return _as_entry(path, found, target), stat.S_ISDIR(found.st_mode) and not self._is_mount(found)
        return None, False

    def _listing(self, path: str) -> tuple[str, ...]:
        with contextlib.suppress(OSError, ValueError), self._folder_of(posixpath.join(path, ".")) as folder:
            if self._is_mount(os.fstat(folder)):
                return ()
            return tuple(sorted(os.listdir(folder)))  # noqa: PTH208  # a descriptor is no path
        return ()

    def _below(self, path: str) -> list[str]:
        return [posixpath.join(path, name) for name in reversed(self._listing(path))]

    def _is_mount(self, found: os.stat_result) -> bool:
        """Whether a folder is of a file system that is left alone; of overlays, only folders tell which they are of."""
        return self._device is not None and stat.S_ISDIR(found.st_mode) and found.st_dev != self._device

    @contextlib.contextmanager
    def _folder_of(self, path: str) -> Iterator[int]:
        """The open folder that holds a path's last part, reached one real folder after the other."""
        folder = os.dup(self._root)
        try:
            for part in path.split("/")[1:-1]:
                inner = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """A regular file, open."""
        entry = self.find(path)
        if entry is None or entry.kind is not Kind.FILE:
            raise FileNotFoundError(path)
        try:
            with self._folder_of(entry.path) as folder:
                file = os.open(posixpath.basename(entry.path), _FILE, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ImageInvalid(f"cannot read {path}: {error.strerror}", "read it as a user who may") from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise FileNotFoundError(path)
            yield file
        finally:
            os.close(file)


class _Walk:
    """One walk along a path; each of its entries is looked at once, and folders that are known not at all."""

    def __init__(self, look: Callable[[str], tuple[Entry | None, bool]], folders: set[str]) -> None:
        self._look, self._folders = look, folders
        self._path = ""
        self._seen: tuple[Entry | None, bool] = None, False

    def target(self, path: str) -> str | None:
        if path in self._folders:
            return None
        entry, _ = self._at(path)
        return entry.target if entry and entry.kind is Kind.SYMLINK else None

    def is_folder(self, path: str) -> bool:
        if path in self._folders:
            return True
        found = self._at(path)[1]
        if found and len(self._folders) < _MOST_FOLDERS:
            self._folders.add(path)
        return found

    def _at(self, path: str) -> tuple[Entry | None, bool]:
        if path != self._path:
            self._path, self._seen = path, self._look(path)
        return self._seen


def _as_entry(path: str, found: os.stat_result, target: str) -> Entry:
    kind = Kind.OTHER
    if stat.S_ISREG(found.st_mode):
        kind = Kind.FILE
    elif stat.S_ISDIR(found.st_mode):
        kind = Kind.DIRECTORY
    elif stat.S_ISLNK(found.st_mode):
        kind = Kind.SYMLINK
    return Entry(
        path, kind, found.st_size if kind is Kind.FILE else 0, stat.S_IMODE(found.st_mode), found.st_uid,
        int(found.st_mtime), target,
    )  # fmt: skip


def _chunks(file: int, most: int) -> Iterator[bytes]:
    """A file's content up to `most` bytes, which also ends what grows while it is read."""
    offset = 0
    while offset < most and (chunk := os.pread(file, min(_CHUNK, most - offset), offset)):
        yield chunk
        offset += len(chunk)
