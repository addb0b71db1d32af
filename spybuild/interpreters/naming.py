"""The module that a contract names: by import name, file name or path, as the probe finds it (its section 7).

Both kinds of evidence have to speak of the same module, so every step here is the probe's own: which folders are looked
into, what is left out, when a name is ambiguous, and when a file is loaded by its path under a made-up name.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.interpreters.found import Found
from spybuild.interpreters.starting import SITE_FOLDERS
from spybuild.model.facts import Outcome

if TYPE_CHECKING:
    from spybuild.interpreters.search import Search

_NOBODYS_CODE = frozenset((*SITE_FOLDERS, "node_modules", "__pycache__", ".git"))
_SUFFIXES = (".py", ".pyc", ".so")
_MOST_ENTRIES, _MOST_CANDIDATES = 20_000, 10


@dataclass(frozen=True)
class Requested:
    """What a contract's name for a module stands for.

    Attributes:
        requested: the name that the contract uses.
        search: what the module's own imports go through: a file outside of `sys.path` brings its folder to it.
        found: the module; None where there is none, or more than one, and `outcome` says which.
        outcome: MISSING, AMBIGUOUS, FAILED or UNREADABLE where there is no module to speak of.
        candidates: the files that the name may stand for, where there are several.
        error: type and message of what its import raises, or why it cannot be told.
        by_import_name: whether the name was taken for an import name, and not for a file's.
    """

    requested: str
    search: "Search"
    found: Found | None = None
    outcome: Outcome | None = None
    candidates: tuple[str, ...] = ()
    error: tuple[str, str] | None = None
    by_import_name: bool = False


class _TooManyFiles(Exception):  # noqa: N818  # reads as what happened
    """The folder has more entries than are looked at."""


def requested(search: "Search", name: str, workdir: str, entry_dir: str) -> Requested:
    """The module that `name` stands for; see `Search.requested`."""
    try:
        files = _files(search, name, workdir, entry_dir)
    except _TooManyFiles as problem:
        message = f"too many files below {problem} to find {name}; name it by its path"
        return Requested(name, search, outcome=Outcome.UNREADABLE, error=("ProbeError", message))
    if files is None:
        return _by_import_name(search, name)
    if len(files) != 1:
        outcome = Outcome.AMBIGUOUS if files else Outcome.MISSING
        return Requested(name, search, outcome=outcome, candidates=tuple(sorted(files)[:_MOST_CANDIDATES]))
    return _by_file(search, name, files[0])


def _by_import_name(search: "Search", name: str) -> Requested:
    if not name:
        error = ("ValueError", "Empty module name")
        return Requested(name, search, outcome=Outcome.FAILED, error=error, by_import_name=True)
    found = search.module(name)
    if found is not None:
        return Requested(name, search, found, by_import_name=True)
    parts = name.split(".")
    prefixes = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    absent = next((prefix for prefix in prefixes if search.module(prefix) is None), name)
    error = ("ModuleNotFoundError", f"No module named {absent!r}")
    return Requested(name, search, outcome=Outcome.MISSING, error=error, by_import_name=True)


def _by_file(search: "Search", requested: str, path: str) -> Requested:
    """Import by name; by path where the file can have no name, or its name would bring something else."""
    placed, name = _placed(search, path)
    found = placed.module(name) if name else None
    if name and found is None:
        error = ("ModuleNotFoundError", f"No module named {name!r}")
        return Requested(requested, placed, outcome=Outcome.FAILED, error=error)
    if found is None or (found.kind != "unknown" and not _is_same_file(placed, found, path)):
        stem = posixpath.basename(path).split(".")[0]
        made_up = "spybuild_" + "".join(char if char.isalnum() else "_" for char in stem)
        found = placed.loaded_by_path(made_up, path)
    if found is None:
        error = ("AttributeError", "'NoneType' object has no attribute 'loader'")
        return Requested(requested, placed, outcome=Outcome.FAILED, error=error)
    return Requested(requested, placed, found)


def _files(search: "Search", name: str, workdir: str, entry_dir: str) -> list[str] | None:
    """The files that a name may stand for; None where it is an import name."""
    bases = [base for base in (workdir, entry_dir, *search.target.search_path) if base]
    if posixpath.isabs(name):
        return _existing(search, [name])
    if "/" in name:
        return _existing(search, (posixpath.join(base, name) for base in bases))[:1]
    if not name.endswith(_SUFFIXES):
        return None
    direct = _existing(search, (posixpath.join(base, name) for base in bases))[:1]
    below = direct or (_walk(search, workdir, name) if (workdir or "/") != "/" else [])
    if below:
        return below
    sites = (base for base in bases if posixpath.basename(base) in SITE_FOLDERS)
    return [path for base in sites for path in _walk(search, base, name)]


def _existing(search: "Search", paths: Iterable[str]) -> list[str]:
    """Those that are files, a package's folder as its `__init__.py`, each once."""
    found: dict[str, None] = {}
    for each in paths:
        path = posixpath.normpath(each)
        path = posixpath.join(path, "__init__.py") if search.is_folder(path) else path
        if search.is_file(path):
            found[path] = None
    return list(found)


def _walk(search: "Search", top: str, name: str) -> list[str]:
    """Files of a name below a folder, without what is nobody's own code, in the order of `os.walk`."""
    found, left, entries = [], [top], _MOST_ENTRIES
    while left:
        folder = left.pop()
        inside = search.files.names(folder)
        entries -= len(inside)
        if entries < 0:
            raise _TooManyFiles(top)
        if name in inside and not search.is_folder(posixpath.join(folder, name)):
            found.append(posixpath.join(folder, name))
        below = (posixpath.join(folder, each) for each in reversed(inside) if each not in _NOBODYS_CODE)
        left.extend(path for path in below if search.is_own_folder(path))
    return found


def _placed(search: "Search", path: str) -> tuple["Search", str | None]:
    """The import name of a file, None where it can have none, and the search with the file's root on `sys.path`."""
    folder, file = posixpath.split(path)
    stem = file[:-3] if file.endswith(".py") else file.split(".")[0]
    parts = [] if stem == "__init__" else [stem]
    while folder != "/" and search.is_file(posixpath.join(folder, "__init__.py")):
        folder, last = posixpath.split(folder)
        parts.insert(0, last)
    nearest = _nearest(search.target.search_path, folder)
    between = [part for part in folder[len(nearest or folder) :].split("/") if part]
    if nearest is None or not all(map(str.isidentifier, between)):
        search, between = search.after(folder), []  # as `python path/to/file.py` would do
    names = between + parts
    return search, ".".join(names) if names and all(map(str.isidentifier, names)) else None


def _nearest(path: tuple[str, ...], folder: str) -> str | None:
    """The entry of `sys.path` that a folder is in, the deepest one; the root is none."""
    above = [entry for entry in path if entry != "/" and f"{folder}/".startswith(entry.rstrip("/") + "/")]
    return max(above, key=len) if above else None


def _is_same_file(search: "Search", found: Found, path: str) -> bool:
    if found.path is None:  # a namespace's module has no file to compare
        return True
    one, other = search.files.find(found.path), search.files.find(path)
    return one is not None and other is not None and one.path == other.path
