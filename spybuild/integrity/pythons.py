"""The Pythons of an image: the one it starts and those of its virtual environments, and whose files are whose."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from spybuild.images.files import Files, Kind
from spybuild.integrity.survey import Survey
from spybuild.interpreters.distributions import Installed, RecordEntry, installed
from spybuild.model.target import Target

_STDLIB = "standard library"
_INSTALLERS = frozenset({"pip", "uv", "poetry", "pdm", "hatch", "pipenv", "rye", "pixi"})


@dataclass(frozen=True)
class Python:
    """One interpreter with the folders it imports from and the distributions in them.

    Attributes:
        target: the interpreter.
        roots: the folders of its `sys.path` as they really are, but the root of the tree.
        installed: its distributions; of two with one key the first one counts.
    """

    target: Target
    roots: tuple[str, ...]
    installed: tuple[Installed, ...]
    locations: dict[str, str] = field(repr=False)
    _recorded: dict[str, Sequence[tuple[str, RecordEntry]]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The interpreter as people say it: `CPython 3.11`."""
        return f"{self.target.implementation} {self.target.version[0]}.{self.target.version[1]}"

    @cached_property
    def owners(self) -> dict[str, Installed]:
        """Who owns each path that some RECORD lists."""
        owners: dict[str, Installed] = {}
        for each in self.installed:
            for path, _ in self.recorded(each):
                owners.setdefault(path, each)
        return owners

    @cached_property
    def own_distributions(self) -> tuple[Installed, ...]:
        """The distributions that are held against their RECORD and requirements."""
        return tuple(each for each in self.installed if not self.is_managed(each))

    @cached_property
    def by_label(self) -> dict[str, Installed]:
        """The distributions by what people call them."""
        return {label(each): each for each in reversed(self.installed)}

    @cached_property
    def recorded_libraries(self) -> frozenset[str]:
        """The names of the shared libraries that some RECORD lists."""
        return frozenset(posixpath.basename(path) for path in self.owners if ".so" in path)

    @cached_property
    def stdlib(self) -> str:
        """The folder of the standard library, as it really is."""
        return self.locations.get(self.target.stdlib, self.target.stdlib)

    def is_managed(self, each: Installed) -> bool:
        """Whether a distribution is another's to keep sound, and its RECORD and requirements say little.

        That is so for what came with the interpreter (PyPy has its cffi beside `os.py`), and for packages of the
        operating system, below `/usr` and not by an installer of Python's: those are stripped and patched after RECORD
        is made, and what they need is what the system's package manager says.
        """
        place = self.locations.get(each.location, each.location)
        of_system = place.startswith("/usr/") and not place.startswith("/usr/local/")
        return place == self.stdlib or (of_system and each.installer.lower() not in _INSTALLERS)

    def recorded(self, each: Installed) -> Sequence[tuple[str, RecordEntry]]:
        """Each entry of a distribution's RECORD, with the path that it really means."""
        if each.folder not in self._recorded:
            place = self.locations.get(each.location, each.location)
            self._recorded[each.folder] = [(_placed(entry.written, place), entry) for entry in each.record or ()]
        return self._recorded[each.folder]

    def owner(self, path: str) -> str:
        """Whose a file is: a distribution with its version, the standard library, or the folder it is in."""
        found = self.owners.get(path)
        if found is not None:
            return label(found)
        root = self.root_of(path)
        if path.startswith(f"{self.stdlib}/") and root in (self.stdlib, f"{self.stdlib}/lib-dynload"):
            return _STDLIB
        top = path.removeprefix(f"{root}/").split("/")[0] if root else ""
        return f"{root}/{top}" if top else posixpath.dirname(path)

    def root_of(self, path: str) -> str:
        """The innermost folder of `sys.path` that holds a file; empty where none does."""
        return max((root for root in self.roots if path.startswith(f"{root}/")), key=len, default="")

    def own(self, survey: Survey, root: str) -> Iterator[str]:
        """The files below a folder of `sys.path` that are not below another one inside of it."""
        inner = tuple(f"{each}/" for each in self.roots if each.startswith(f"{root}/"))
        for path in survey.below(root):
            if not (inner and path.startswith(inner)):
                yield path


def _placed(written: str, place: str) -> str:
    if ".." in written or written.startswith("/"):
        return posixpath.normpath(posixpath.join(place, written))
    return f"{place}/{written}"


def label(each: Installed) -> str:
    """A distribution as people say it: `numpy 1.26.4`."""
    return f"{each.name} {each.version_text}".strip()


def look_at(files: Files, target: Target) -> Python:
    """The Python that `target` is, with its folders and distributions."""
    locations = _real(files, (*target.search_path, target.stdlib))
    roots = tuple(dict.fromkeys(place for place in locations.values() if place != "/"))
    return Python(target, roots, installed(files, target), locations)


def _real(files: Files, folders: Sequence[str]) -> dict[str, str]:
    found = ((folder, files.find(folder)) for folder in folders if folder.startswith("/"))
    return {folder: entry.path for folder, entry in found if entry and entry.kind is Kind.DIRECTORY}
