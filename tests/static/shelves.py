"""A folder of modules, read as several modules of one image are: with one library."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from spybuild.interpreters.search import Search
from spybuild.model.facts import ModuleFacts
from spybuild.static.library import Library
from spybuild.static.resolve import INTERNAL, resolve
from tests.static.reading import here


def written(folder: Path, modules: Mapping[str, str]) -> Path:
    """The folder, with these modules in it, by their dotted names (`pkg.__init__`, `pkg.part`)."""
    for name, source in modules.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return folder


class Shelf:
    """Reads modules of a folder, or of the standard library, one after the other."""

    def __init__(self, folder: Path) -> None:
        files, own = here()
        self.search = Search(files, replace(own, search_path=(str(folder), *own.search_path)))
        self.library = Library(files, self.search.target)

    def read(self, name: str) -> ModuleFacts:
        """The facts of a module."""
        found = self.search.module(name)
        assert found is not None, name
        facts = resolve(self.search, self.search.target, found, name, self.library)
        assert facts.error is None or INTERNAL not in facts.error.message, facts.error
        return facts

    def steps(self, name: str) -> int:
        """What reading a module costs."""
        before = self.library.budget.used
        self.read(name)
        return self.library.budget.used - before
