"""One walk over an image's tree, and what every later question is answered from."""

import bisect
import posixpath
from collections.abc import Iterable, Sequence

from spybuild.images.files import Entry, Files, Kind
from spybuild.images.keeping import PACKAGES
from spybuild.model.integrity import SHOWN_PATHS, Paths

_SUFFIXES = (".py", ".pyc", ".so", ".pth", "/pyvenv.cfg")


class Survey:
    """The files that may matter to Python, with their paths sorted, so that a folder's are one slice."""

    def __init__(self, files: Files) -> None:
        """Walk the whole tree once; paths with symbolic links in the middle are met where they really are."""
        self.entries: dict[str, Entry] = {entry.path: entry for entry in files.walk("/") if _matters(entry)}
        self._paths = sorted(self.entries)

    def below(self, folder: str) -> Sequence[str]:
        """The paths of all files below `folder`, sorted."""
        base = folder.rstrip("/")
        start = bisect.bisect_left(self._paths, f"{base}/")
        return self._paths[start : bisect.bisect_left(self._paths, f"{base}0", start)]  # "0" comes after "/"

    def has_below(self, folder: str) -> bool:
        """Whether there is any file below `folder`."""
        base = f"{folder.rstrip('/')}/"
        start = bisect.bisect_left(self._paths, base)
        return start < len(self._paths) and self._paths[start].startswith(base)

    def named(self, name: str) -> list[str]:
        """The paths of all files of this name."""
        return [path for path in self._paths if posixpath.basename(path) == name]


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
