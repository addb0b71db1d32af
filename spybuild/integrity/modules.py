"""Extension modules by their file names: which module a file would be, for which Python, and what stands in for it."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spybuild.images.files import Files, Kind
from spybuild.integrity.pythons import Python
from spybuild.integrity.survey import Survey

# PEP 3149 and what CPython, PyPy and GraalPy make of it; a bare `.so` fits every Python
_TAGGED = re.compile(r"(?P<stem>[^./]+)(?P<suffix>\.(?:(?:cpython|pypy|graalpy)\d*-[^./]+|abi3t?(?:-[^./]+)?)\.so)")
_BARE = re.compile(r"(?P<stem>[^./]+)(?P<suffix>\.so)")


@dataclass(frozen=True)
class Candidate:
    """One file that may be an extension module: its path, and the suffix that says for which Python."""

    path: str
    folder: str
    stem: str
    suffix: str

    @property
    def is_bare(self) -> bool:
        """Whether the suffix is plain `.so`, which libraries have too."""
        return self.suffix == ".so"


def candidates(python: Python, survey: Survey, roots: Iterable[str]) -> dict[tuple[str, str], list[Candidate]]:
    """The files that may be extension modules below these folders of a Python's `sys.path`, by folder and module."""
    found: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for root in roots:
        depth = 0 if root == python.stdlib else None  # its folders are not for extension modules
        for path in python.own(survey, root):
            each = _candidate(path, root, depth)
            if each is not None:
                found[each.folder, each.stem].append(each)
    return dict(found)


def linked_packages(files: Files, roots: Iterable[str]) -> Iterator[str]:
    """The folders elsewhere that links in these folders of `sys.path` make packages of, as they really are."""
    for root in roots:
        paths = (posixpath.join(root, name) for name in files.names(root) if name.isidentifier())
        for path in paths:
            entry = files.find_link(path)
            real = files.find(path) if entry and entry.kind is Kind.SYMLINK else None
            if real and real.kind is Kind.DIRECTORY and real.path != "/":
                yield real.path


def accepted(python: Python, found: Iterable[Candidate]) -> frozenset[str]:
    """The suffixes that the interpreter takes: what is known of it, and what its own modules have."""
    own = {each.suffix for each in found if each.folder.endswith("/lib-dynload")}
    return frozenset({*python.target.suffixes, *own})


def has_stand_in(survey: Survey, each: Candidate) -> bool:
    """Whether the module is there all the same, written in Python."""
    base = f"{each.folder}/{each.stem}"
    return any(f"{base}{suffix}" in survey for suffix in (".py", ".pyc", "/__init__.py"))


def by_owner(python: Python, found: Mapping[tuple[str, str], list[Candidate]]) -> dict[str, list[list[Candidate]]]:
    """The modules of each owner, each with its files."""
    owned: defaultdict[str, list[list[Candidate]]] = defaultdict(list)
    for files in found.values():
        owned[python.owner(files[0].path)].append(files)
    return dict(owned)


def _candidate(path: str, root: str, depth: int | None) -> Candidate | None:
    if not path.endswith(".so"):
        return None
    folder, name = posixpath.split(path)
    match = _TAGGED.fullmatch(name) or _BARE.fullmatch(name)
    inside = list(_parts(folder.removeprefix(root)))
    if match is None or not match["stem"].isidentifier() or (depth is not None and len(inside) > depth):
        return None
    return Candidate(path, folder, match["stem"], match["suffix"]) if all(map(str.isidentifier, inside)) else None


def _parts(path: str) -> Iterator[str]:
    return (part for part in path.split("/") if part)
