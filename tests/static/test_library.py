"""Sources that are shared among the modules of one image."""

import gc
from functools import cache
from pathlib import Path
from weakref import ref

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spybuild.model.facts import ModuleFacts
from spybuild.static import library as libraries
from spybuild.static.library import Book, Library
from spybuild.static.parsing import Unparsed
from tests.static.reading import here
from tests.static.shelves import Shelf, written

STDLIB = (
    "abc", "types", "enum", "functools", "collections", "contextlib", "dataclasses", "keyword", "operator", "string",
    "textwrap", "queue", "sched", "bisect", "heapq", "copyreg", "reprlib",
)  # fmt: skip
CRAFTED = {
    "helper": "import victim\nvictim.changed = 2\nvictim.items.append(1)\nclass Late(victim.Base): ...\n",
    "victim": "changed = 1\nitems = []\nclass Base:\n kind = 'base'\n",
    "round_a": "import round_b\nfrom round_b import b\na = 1\nclass A: x = b\n",
    "round_b": "import round_a\ntry:\n from round_a import a\nexcept ImportError:\n a = None\nb = 2\nclass B: x = a\n",
    "pkg.__init__": "from pkg.one import *\nfrom . import two\n__all__ = ['ONE', 'two']\n",
    "pkg.one": "ONE = 1\nimport pkg.three\n",
    "pkg.two": "import pkg\nTWO = pkg.ONE\n",
    "pkg.three": "import sys\nTHREE = 3\nsys.modules['other'] = sys.modules[__name__]\n",
    "marker": "import functools, victim\n@functools.wraps(victim.Base)\ndef f(): ...\nvictim.Base.kind = 'other'\n",
}
NAMES = (*STDLIB, "helper", "victim", "round_a", "round_b", "pkg", "pkg.one", "pkg.two", "pkg.three", "marker")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crafted modules."""
    return written(tmp_path_factory.mktemp("crafted"), CRAFTED)


@cache
def alone(folder: Path, name: str) -> ModuleFacts:
    """A module that nothing was read before."""
    return Shelf(folder).read(name)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=4))
def test_modules_asked_for_together_are_told_as_each_alone(folder: Path, names: list[str]) -> None:
    """In any order, and one of them twice: no module's facts depend on what was read before."""
    shelf = Shelf(folder)
    assert [shelf.read(name) for name in names] == [alone(folder, name) for name in names]


def test_what_was_parsed_before_costs_the_same(folder: Path) -> None:
    """Otherwise where a reading ends would depend on what was read before."""
    shelf = Shelf(folder)
    assert shelf.steps("pkg") == shelf.steps("pkg")


def test_a_file_is_parsed_once(folder: Path) -> None:
    """The tree is the same object the second time."""
    library = Library(*here())
    one = library.book(str(folder / "victim.py"), checked=False)
    assert isinstance(one, Book)
    assert library.book(str(folder / "victim.py"), checked=False) is one


def test_what_only_the_compiler_refuses_is_refused_whenever_it_is_asked_for(tmp_path: Path) -> None:
    """That a file was parsed unchecked before does not let it pass."""
    path = str(written(tmp_path, {"m": "return 1\n"}) / "m.py")
    library = Library(*here())
    assert isinstance(library.book(path, checked=False), Book)
    assert isinstance(library.book(path, checked=True), Unparsed)


def test_no_more_sources_are_kept_than_memory_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was asked for longest ago goes first."""
    monkeypatch.setattr(libraries, "_MOST_KEPT", 25)
    names = ("a", "b", "c")
    folder = written(tmp_path, {name: f"{name} = 1234\n" for name in names})  # nine bytes each
    library = Library(*here())
    kept = {name: ref(library.book(str(folder / f"{name}.py"), checked=False)) for name in names}
    gc.collect()
    assert [name for name, book in kept.items() if book()] == ["b", "c"]


def test_what_is_being_read_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tree is in memory anyway, however many others were asked for since."""
    monkeypatch.setattr(libraries, "_MOST_KEPT", 0)
    folder = written(tmp_path, {"a": "a = 1\n", "b": "b = 1\n"})
    library = Library(*here())
    a = library.book(str(folder / "a.py"), checked=False)
    library.book(str(folder / "b.py"), checked=False)
    assert library.book(str(folder / "a.py"), checked=False) is a
