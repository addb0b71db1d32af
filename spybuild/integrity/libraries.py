"""The libraries that a Python's binaries need: whether they are there, of which C library, and new enough."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from spybuild.integrity.elves import Elves
from spybuild.integrity.linking import Linker, Loaded
from spybuild.integrity.optional import is_optional
from spybuild.integrity.pythons import Python
from spybuild.integrity.survey import Survey, some
from spybuild.model.integrity import MissingLibrary, OldLibrary

_VERSION = re.compile(r"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)")
_MOST_LOOKED_UP = 50
# parts of the standard library that distributions ship without what they need, on purpose
_OFTEN_BARE = frozenset({"_tkinter", "_dbm", "_gdbm", "readline", "_curses", "_curses_panel", "nis", "ossaudiodev"})


@dataclass
class Libraries:
    """What is gathered of the libraries that one Python's binaries need.

    `libc` is the image's C library, empty where any will do; `least` is what its release has for sure; `foreign` holds
    libraries of other platforms, with who needs them.
    """

    python: Python
    survey: Survey
    elves: Elves
    linker: Linker
    libc: str = ""
    least: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    missing: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    old: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    foreign: set[tuple[str, str]] = field(default_factory=set)
    _shipped: dict[str, list[str]] | None = None
    _looked_up: int = 0

    def load(self, owner: str, interpreter: str) -> None:
        """Look at what the interpreter needs, and take what is there of it as loaded."""
        entry = self.elves.files.find(interpreter)
        if entry is not None and self.elves.is_native(entry.path):
            self.check(owner, entry.path)
            self.linker.preload(entry.path)

    def has_libc_of(self, path: str) -> bool:
        """Whether a binary's C library is the image's; true where either is not known."""
        libc = self.elves.build(path).libc
        return not libc or not self.libc or libc == self.libc

    def fits(self, path: str) -> bool:
        """Whether nothing is remarkable about a binary: its platform, its C library and all that it needs fit."""
        return (
            self.elves.is_native(path)
            and self.has_libc_of(path)
            and not any(self._in_vain(each) or any(self._too_old(each)) for each in self.linker.closure(path))
        )

    def check(self, owner: str, path: str) -> None:
        """Look at what an extension module needs, and what that needs."""
        if not self.has_libc_of(path):
            return
        for each in self.linker.closure(path):
            for name in self._in_vain(each):
                self._keep_missing(owner, name, each.path, path)
            for library, version in self._too_old(each):
                self.old[library, version, owner].add(each.path)

    def facts(self) -> Iterator[MissingLibrary]:
        """The libraries that are found nowhere."""
        by_name: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
        for (name, owner), paths in self.missing.items():
            by_name[name][owner] = paths
        for name, found in by_name.items():
            yield MissingLibrary(name=name, owners=tuple(sorted(found)), files=some(set().union(*found.values())))

    def old_facts(self) -> Iterator[OldLibrary]:
        """The libraries that are too old: of several versions wanted by one owner, the newest."""
        by_owner: defaultdict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(dict)
        for (library, version, owner), paths in self.old.items():
            by_owner[library, _parsed(version)[0], owner][version] = paths
        for (library, kind, owner), wanted in by_owner.items():
            has = [each for each in self.elves.defines(library) or () if _parsed(each)[0] == kind]
            yield OldLibrary(
                library=library,
                needed=max(wanted, key=_parsed),
                newest=max(has, key=_parsed, default=""),
                owner=owner,
                files=some(set().union(*wanted.values())),
            )

    def _keep_missing(self, owner: str, name: str, asking: str, module: str) -> None:
        others = self._shipped_as(name)
        if others:
            self.foreign.add((owner, others[0]))
        elif name in self.python.recorded_libraries:
            return  # the finding about the missing file tells it
        elif (name, owner) in self.missing or not self._excuses(module):
            self.missing[name, owner].add(asking)

    def _in_vain(self, each: Loaded) -> list[str]:
        return [
            name
            for name, path in each.found.items()
            if path is None and not self.linker.is_given(name) and not self._is_shipped(name)
        ]

    def _is_shipped(self, name: str) -> bool:
        """Whether some distribution has the library: packages load such ones themselves before they are needed."""
        return any(self.elves.is_native(path) for path in self._shipped_as(name))

    def _shipped_as(self, name: str) -> list[str]:
        if self._shipped is None:
            self._shipped = _shipped(self.python, self.survey)
        return self._shipped.get(posixpath.basename(name), [])

    def _excuses(self, path: str) -> bool:
        """Whether a module may lack what it needs; looked up for a few modules, since it reads whole packages."""
        stem = posixpath.basename(path).split(".")[0]
        if posixpath.dirname(path).endswith("/lib-dynload"):
            return stem in _OFTEN_BARE
        self._looked_up += 1
        root = self.python.root_of(path)
        return self._looked_up <= _MOST_LOOKED_UP and is_optional(self.elves.files, self.survey, root, path)

    def _too_old(self, each: Loaded) -> Iterator[tuple[str, str]]:
        for name, version in each.elf.versions:
            kind, number = _parsed(version)
            library = each.found.get(name)
            if library is None or not kind or number <= self.least.get(kind, ()):
                continue
            if self.python.root_of(library) or each.elf.libc == "musl":
                continue
            has = self.elves.defines(library)
            if has is not None and version not in has:
                yield library, version


def _parsed(version: str) -> tuple[str, tuple[int, ...]]:
    match = _VERSION.fullmatch(version)
    return (match[1], tuple(int(part) for part in match[2].split(".") if len(part) < 9)) if match else ("", ())


def _shipped(python: Python, survey: Survey) -> dict[str, list[str]]:
    """The shared libraries below a Python's folders, by name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    folders: Mapping[str, None] = dict.fromkeys((*python.roots, f"{python.target.base_prefix.rstrip('/')}/lib"))
    for root in folders:
        for path in survey.below(root) if len(root) > len("/usr/lib") else ():
            if ".so" in path:
                found[posixpath.basename(path)].append(path)
    return dict(found)
