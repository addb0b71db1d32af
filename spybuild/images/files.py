"""The files of one platform of an image, as its container would see them: layers merged, links followed inside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from spybuild.errors import ImageInvalid


class Kind(StrEnum):
    """What an entry of the tree is; devices, pipes and sockets are `OTHER`, a hard link is the file it names."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the tree.

    Attributes:
        path: where it really is: absolute, normalised, free of symbolic links (`/usr/lib/libc.so.6`).
        kind: what it is.
        size: bytes of content; 0 for anything but a file.
        mode: permission bits.
        owner: user id.
        modified: seconds since the epoch.
        target: what a symbolic link says, as written; empty otherwise.
        layer: which layer it came from, counted from 0, the lowest.
    """

    path: str
    kind: Kind
    size: int = 0
    mode: int = 0o644
    owner: int = 0
    modified: int = 0
    target: str = ""
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Elf:
    """What the headers and the dynamic section of an ELF file say (System V gABI, psABIs).

    Attributes:
        bits: 32 or 64. little: byte order. machine: `e_machine`. flags: `e_flags`. abi: `EI_OSABI`. type: `e_type`.
        interpreter: `PT_INTERP`, empty in a shared library.
        soname: `DT_SONAME`.
        needed: `DT_NEEDED`, in their order.
        runpath: `DT_RUNPATH`, else `DT_RPATH`, split at colons, `$ORIGIN` as written.
        versions: the symbol versions it needs, as (library, version): `("libc.so.6", "GLIBC_2.34")`.
        float_abi: of 32-bit ARM: `hard`, `soft`, or empty where it does not say.
        python: the version text inside the interpreter or its library (`3.11.2`); empty elsewhere.
        unread: why the dynamic section is not known; empty where it is, or where there is none.
    """

    bits: int
    little: bool
    machine: int
    type: int
    flags: int = 0
    abi: int = 0
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    float_abi: str = ""
    python: str = ""
    unread: str = ""

    @property
    def libc(self) -> str:
        """The C library that it asks for, by what it needs and the loader it names: `glibc`, `musl` or empty."""
        words = (*self.needed, self.interpreter.rpartition("/")[2])
        if any(word.startswith(("libc.musl-", "ld-musl-")) or word == "libc.so" for word in words):
            return "musl"
        if any(word == "libc.so.6" or word.startswith(("ld-linux", "ld64.so")) for word in words):
            return "glibc"
        return ""


class Files(Protocol):
    """A read-only file tree. Paths are absolute; symbolic and hard links resolve inside the tree only.

    May be used from several threads at once. Content is read from compressed layers, so it is cheapest to say early
    what will be read (`expect`).
    """

    def find(self, path: str) -> Entry | None:
        """The entry at `path`, every symbolic link on the way followed; None where there is none, or links go round."""

    def find_link(self, path: str) -> Entry | None:
        """The entry at `path` itself: a symbolic link at its end is not followed."""

    def names(self, path: str) -> tuple[str, ...]:
        """The names in the directory at `path`, sorted; empty where there is none."""

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """Every entry below `path`, depth first, names sorted, links not followed."""

    def expect(self, paths: Iterable[str]) -> None:
        """Fetch the contents or hashes of these files together: they will be asked for soon.

        The paths are taken when the first file is asked for that has to be fetched, and not at all if none is.
        """

    def read(self, path: str, most: int = 16 << 20) -> bytes:
        """A file's content.

        Raises:
            FileNotFoundError: there is no such file.
            ImageInvalid: it is larger than `most` bytes, or its layer is broken.
            SourceUnavailable: its layer had to be read again, and cannot be got.
        """

    def head(self, path: str, size: int = 256) -> bytes:
        """The first bytes of a file's content, `size` at most. Raises as `read` does, but for sizes."""

    def sha256(self, path: str) -> str:
        """The hexadecimal sha256 of a file's content. Raises as `read` does, but for sizes."""

    def elf(self, path: str) -> Elf | None:
        """What an ELF file says of itself; None where the file is none, or there is no file."""

    def covered(self) -> Iterator[tuple[Entry, bytes]]:
        """Small text files that some layer holds, also where a layer above hides or deletes them: (entry, content)."""


def is_file(files: Files, path: str) -> bool:
    """Whether there is a regular file, links followed."""
    return _is(files, path, Kind.FILE)


def is_folder(files: Files, path: str) -> bool:
    """Whether there is a directory, links followed."""
    return _is(files, path, Kind.DIRECTORY)


def text_of(files: Files, path: str, most: int) -> str:
    """A text file that an image can do without: empty where there is none, or it cannot be read in `most` bytes."""
    try:
        return files.read(path, most).decode("utf-8", "backslashreplace")
    except (FileNotFoundError, ImageInvalid):
        return ""


def _is(files: Files, path: str, kind: Kind) -> bool:
    entry = files.find(path)
    return entry is not None and entry.kind is kind
