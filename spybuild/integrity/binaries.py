"""Binaries that a Python loads: its own, its extension modules, and the libraries that these need.

Only what is loaded counts. A package may ship binaries of many platforms in its folders (debuggers, drivers): they are
let be as long as one of the same name fits, or nothing of the image loads them. File names and wheel tags are hints;
what a binary was built for is told by its ELF header.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from spybuild.images.files import Files, text_of
from spybuild.integrity import modules
from spybuild.integrity.elves import Elves
from spybuild.integrity.libraries import Libraries
from spybuild.integrity.modules import Candidate
from spybuild.integrity.pythons import Python
from spybuild.integrity.survey import Survey, some
from spybuild.model.integrity import BinaryBuild, BinaryGroup, ForeignAbi

_LARGEST_WHEEL = 1 << 16
_TAG = re.compile(r"^Tag:\s*(\S+)\s*$", re.MULTILINE)


@dataclass
class Binaries:
    """What is gathered of one Python's binaries, by owner."""

    python: Python
    survey: Survey
    elves: Elves
    libraries: Libraries
    groups: dict[tuple[str, str, BinaryBuild], set[str]] = field(default_factory=lambda: defaultdict(set))
    unseen: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    accepted: frozenset[str] = frozenset()

    def gather(self, roots: Iterable[str]) -> None:
        """Look at the interpreter, then at every extension module that it would load from these folders."""
        self._interpreter()
        roots = tuple(roots)
        linked = modules.linked_packages(self.elves.files, roots)
        found = modules.candidates(self.python, self.survey, dict.fromkeys((*roots, *linked)))
        self.accepted = modules.accepted(self.python, (each for files in found.values() for each in files))
        for owner, owned in modules.by_owner(self.python, found).items():
            fitting = {files[0].stem for files in owned if self._loaded(files) is not None}
            for files in owned:
                self._module(owner, files, fitting)
        for owner, path in self.libraries.foreign:
            self._keep("library", owner, path)

    def facts(self, files: Files) -> Iterator[BinaryGroup]:
        """The binaries, grouped by role, owner and build."""
        tags = {owner: self._tags(files, owner) for _, owner, _ in self.groups}
        for (role, owner, build), paths in self.groups.items():
            yield BinaryGroup.model_validate(
                {"role": role, "owner": owner, "build": build, "files": some(paths), "tags": tags[owner]}
            )

    def unseen_facts(self, files: Files) -> Iterator[ForeignAbi]:
        """The extension modules that the interpreter does not see."""
        likeliest = tuple(dict.fromkeys(each for each in self.python.target.suffixes if each in self.accepted))
        for (owner, suffix), paths in self.unseen.items():
            yield ForeignAbi(
                owner=owner, suffix=suffix, accepted=likeliest, python=self.python.name, files=some(paths),
                tags=self._tags(files, owner),
            )  # fmt: skip

    def _interpreter(self) -> None:
        target = self.python.target
        for path in dict.fromkeys((target.binary, target.executable)):
            entry = self.elves.files.find(path)
            if entry is not None and self.elves.read(entry.path) is not None:
                self._keep("interpreter", f"{self.python.name} interpreter", entry.path)
        self.libraries.load(f"{self.python.name} interpreter", target.binary)

    def _module(self, owner: str, files: Sequence[Candidate], fitting: set[str]) -> None:
        if hiding := self._hiding(files):
            self._keep("extension", owner, hiding.path)
            return
        loaded = self._loaded(files)
        if loaded is not None:
            if loaded.is_bare and not self.libraries.fits(loaded.path) and not self.elves.is_module(loaded.path):
                return
            self._keep("extension", owner, loaded.path)
            self.libraries.check(owner, loaded.path)
            return
        first = next((each for each in files if self.elves.is_native(each.path)), files[0])
        if first.stem in fitting or (first.is_bare and not self.elves.is_module(first.path)):
            return
        if self.elves.is_native(first.path) and self.libraries.has_libc_of(first.path):
            if not modules.has_stand_in(self.survey, first):
                self.unseen[owner, first.suffix].add(first.path)
            return
        self._keep("extension", owner, first.path)

    def _hiding(self, files: Sequence[Candidate]) -> Candidate | None:
        """The file of another machine that hides one of this: the interpreter tries the first name, and no other."""
        known = self.python.target.suffixes
        named = [each for each in files if each.suffix in known and not each.is_bare]
        first = min(named, key=lambda each: known.index(each.suffix), default=None)
        if first is None or self.elves.is_native(first.path):
            return None
        return first if any(self.elves.is_native(each.path) for each in files) else None

    def _loaded(self, files: Sequence[Candidate]) -> Candidate | None:
        """The file that the interpreter would load for a module, if one is of its platform and its ABI."""
        fitting = (each for each in files if each.suffix in self.accepted or each.is_bare)
        return next((each for each in fitting if self.elves.is_native(each.path)), None)

    def _keep(self, role: str, owner: str, path: str) -> None:
        self.groups[role, owner, self.elves.build(path)].add(path)

    def _tags(self, files: Files, owner: str) -> tuple[str, ...]:
        """The tags of the wheel that a distribution was installed from."""
        each = self.python.by_label.get(owner)
        text = text_of(files, posixpath.join(each.folder, "WHEEL"), _LARGEST_WHEEL) if each else ""
        return tuple(_TAG.findall(text)[:4])
