"""One walk over an image's tree, and what every later question is answered from."""

import bisect
from collections.abc import Iterable, Iterator, Sequence

from spybuild.images.files import Entry, Files, Kind
from spybuild.images.keeping import PACKAGES
from spybuild.model.integrity import SHOWN_PATHS, Paths

_SUFFIXES = (".py", ".pyc", ".so", ".pth", "/pyvenv.cfg")


class Survey:
    """The paths of the files that may matter to Python, folder by folder; names, which recur, are held once."""

    def __init__(self, files: Files) -> None:
        """Walk the whole tree once; paths with symbolic links in the middle are met where they really are."""
        known: dict[str, str] = {}
        self._names: dict[str, list[str]] = {}
        for entry in files.walk("/"):
            if _matters(entry):
                folder, _, name = entry.path.rpartition("/")
                self._names.setdefault(folder, []).append(known.setdefault(name, name))
        for names in self._names.values():
            names.sort()
        self._folders = sorted(self._names)

    def __contains__(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        names = self._names.get(folder, [])
        at = bisect.bisect_left(names, name)
        return names[at : at + 1] == [name]

    def below(self, folder: str) -> Sequence[str]:
        """The paths of all files below `folder`, sorted."""
        return sorted(f"{each}/{name}" for each in self._inside(folder) for name in self._names[each])

    def has_below(self, folder: str) -> bool:
        """Whether there is any file below `folder`."""
        return any(True for _ in self._inside(folder))

    def named(self, name: str) -> list[str]:
        """The paths of all files of this name."""
        return sorted(path for folder in self._folders if (path := f"{folder}/{name}") in self)

    def _inside(self, folder: str) -> Iterator[str]:
        """The folder and those below it, of those that have files."""
        base = folder.rstrip("/")
        if base in self._names:
            yield base
        start = bisect.bisect_left(self._folders, f"{base}/")
        yield from self._folders[start : bisect.bisect_left(self._folders, f"{base}0", start)]  # "0" comes after "/"


def some(paths: Iterable[str]) -> Paths:
    """How many paths these are, and the first few."""
    ordered = sorted(set(paths))
    return Paths(count=len(ordered), first=tuple(ordered[:SHOWN_PATHS]))


def head(files: Files, path: str, size: int) -> bytes:
    """The first bytes of a file; nothing where there is none.

    Raises:
        ImageInvalid: it cannot be read.
    """
    try:
        return files.head(path, size)
    except FileNotFoundError:
        return b""


def _matters(entry: Entry) -> bool:
    if entry.kind not in (Kind.FILE, Kind.SYMLINK):
        return False
    path = entry.path
    return path.endswith(_SUFFIXES) or ".so." in path or any(part in path for part in PACKAGES)
