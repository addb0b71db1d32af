"""The version text inside an interpreter or its library: what `Py_GetVersion` begins with."""

import re

from spybuild.images.elf.header import ReadAt

_FILE = re.compile(
    r"(?:lib)?(?:python|pypy)(?P<version>\d(?:\.\d{1,2})?)?(?:-nogil|-c|[a-z]{0,2})(?:\.so[\d.]*)?", re.ASCII
)
# the C compiler puts a NUL before it, and PyPy's translator as the end of the length; a literal start keeps it quick
_TEXTS = tuple(re.compile(rb"\0(%d\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?\+?)(?=\0| \()" % major) for major in (2, 3))
_UNICODE_OF_IDNA = "3.2.0"  # unicodedata.ucd_3_2_0, in every interpreter
_WINDOW, _OVERLAP, _MOST = 1 << 20, 64, 256 << 20


def python_version(read_at: ReadAt, size: int, name: str) -> str:
    """The version in a file called like an interpreter or its library; empty elsewhere, and where it is not clear.

    Args:
        read_at: gives the file's bytes.
        size: of the file, in bytes.
        name: of the file, without its folder.
    """
    named = _FILE.fullmatch(name)
    if not named:
        return ""
    found = _candidates(read_at, min(size, _MOST))
    of_name = {each for each in found if named["version"] and each.startswith(f"{named['version']}.")}
    fitting = of_name or found  # SQLite, linked in, says 3.x.y too
    return fitting.pop() if len(fitting) == 1 else ""


def _candidates(read_at: ReadAt, size: int) -> set[str]:
    found: set[str] = set()
    for offset in range(0, size, _WINDOW):
        window = read_at(offset, _WINDOW + _OVERLAP)
        found.update(match.decode() for pattern in _TEXTS for match in pattern.findall(window))
    return found - {_UNICODE_OF_IDNA}
