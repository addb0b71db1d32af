"""What the standard library's `_sysconfigdata` says of how the interpreter was built, read without executing it."""

import posixpath
import re
from dataclasses import dataclass

from spybuild.images.files import Files, text_of

_LARGEST = 1 << 20
_FILE, _FLAG = re.compile(r"_sysconfigdata_[tm]?_[\w.-]*\.py"), len("_sysconfigdata_")
_TEXT = r"'[^'\n]*'"
# a value may go over several lines, each a text of its own (pprint)
_KEY = r"'(?P<key>SOABI|MOD(?:BUILT_|SHARED_)?NAMES)'"
_ENTRY = re.compile(rf"^[^'\n]*{_KEY}:\s*(?P<texts>{_TEXT}(?:\s+{_TEXT})*)", re.MULTILINE)
_PIECE = re.compile(_TEXT)


@dataclass(frozen=True)
class SysconfigData:
    """Of the variables of the build, those that decide about modules.

    Attributes:
        soabi: the tag of extension modules; empty where it is not known.
        builtin: the modules that were linked into the interpreter; None where it is not known.
    """

    soabi: str = ""
    builtin: frozenset[str] | None = None


def read_sysconfigdata(files: Files, stdlib: str, implementation: str, *, free_threaded: bool) -> SysconfigData:
    """Read the file of this build in the folder `stdlib`, not that of a debug build beside it; PyPy's tells nothing."""
    if implementation == "PyPy":
        return SysconfigData()
    texts: dict[str, str] = {}
    for name in sorted(files.names(stdlib)):
        if _FILE.fullmatch(name) and (name[_FLAG] == "t") == free_threaded:
            texts = _read(files, posixpath.join(stdlib, name))
            break
    names = texts.get("MODBUILT_NAMES") or texts.get("MODNAMES")
    builtin = frozenset(names.split()) - frozenset(texts.get("MODSHARED_NAMES", "").split()) if names else None
    return SysconfigData(texts.get("SOABI", ""), builtin)


def _read(files: Files, path: str) -> dict[str, str]:
    return {match["key"]: _joined(match["texts"]) for match in _ENTRY.finditer(text_of(files, path, _LARGEST))}


def _joined(texts: str) -> str:
    return "".join(piece[1:-1] for piece in _PIECE.findall(texts))
