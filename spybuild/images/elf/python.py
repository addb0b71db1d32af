"""The version text inside an interpreter or its library: what `Py_GetVersion` begins with."""

import re
from collections.abc import Iterator, Sequence

from spybuild.images.elf.header import ReadAt

_FILE = re.compile(
    r"(?:lib)?(?:python|pypy)(?P<version>\d(?:\.\d{1,2})?)?(?:-nogil|-c|[a-z]{0,2})(?:\.so[\d.]*)?", re.ASCII
)
# the C compiler puts a NUL before it, and PyPy's translator as the end of the length
_TEXT = re.compile(rb"\0([23]\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?\+?)(?=\0| \()")
_UNICODE_OF_IDNA = "3.2.0"  # unicodedata.ucd_3_2_0, in every interpreter
_WINDOW, _OVERLAP, _MOST = 1 << 20, 64, 256 << 20


def python_version(read_at: ReadAt, size: int, name: str) -> str:
    """The version in a file called like an interpreter or its library; empty elsewhere, and where it is not clear.

    Args:
        read_at: gives the file's bytes.
        size: how many of its first bytes to look at.
        name: of the file, without its folder.
    """
    named = _FILE.fullmatch(name)
    if not named:
        return ""
    of_name = _candidates(read_at, min(size, _MOST), [named["version"]]) if named["version"] else set()
    fitting = of_name or _candidates(read_at, min(size, _MOST), "23")  # SQLite, linked in, says 3.x.y too
    return fitting.pop() if len(fitting) == 1 else ""


def _candidates(read_at: ReadAt, size: int, versions: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for offset in range(0, size, _WINDOW):
        found.update(_texts(read_at(offset, _WINDOW + _OVERLAP), versions))
    return found - {_UNICODE_OF_IDNA}


def _texts(window: bytes, versions: Sequence[str]) -> Iterator[str]:
    """The texts of these versions; looking for a constant first is many times quicker than the pattern alone."""
    for start in (f"\0{version}.".encode() for version in versions):
        at = window.find(start)
        while at >= 0:
            if match := _TEXT.match(window, at):
                yield match[1].decode()
            at = window.find(start, at + 1)
