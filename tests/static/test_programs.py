"""Modules that are there to be run: importing them may start a program."""

import sysconfig
from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import has, read
from tests.static.shelves import Shelf, written


@pytest.mark.parametrize("name", ["unittest.__main__", "tkinter.__main__", "idlelib.__main__"])
def test_a_program_of_the_standard_library_decides_nothing(tmp_path: Path, name: str) -> None:
    """Importing `X.__main__` runs what `python -m X` runs: a test runner, an editor, a window."""
    facts = Shelf(tmp_path).read(name)
    assert any(each.name == "*" and "is a program" in each.reason for each in facts.undecided)


def test_importing_a_program_is_in_doubt(tmp_path: Path) -> None:
    """Whether a module goes on behind it is not known, unless it says that it handles an exit."""
    assert not has(read(tmp_path, "import unittest.__main__\nx = 1\n"), "x")
    handled = "try:\n import unittest.__main__\nexcept BaseException: ...\nx = 1\n"
    assert has(read(tmp_path, handled), "x")


def test_a_program_of_the_image_is_in_doubt(tmp_path: Path) -> None:
    """The same holds for the image's own packages."""
    shelf = Shelf(written(tmp_path, {"pkg.__init__": "", "pkg.__main__": "x = 1\n", "user": "import pkg.__main__\n"}))
    assert not has(shelf.read("pkg.__main__"), "x")
    assert any("is a program" in each.reason for each in shelf.read("user").undecided)


def test_a_module_of_the_library_that_says_where_it_works_is_in_doubt(tmp_path: Path) -> None:
    """`_ios_support` raises ImportError where a library of the system is not found: only running shows that."""
    source = "from ctypes import util\nif util.find_library('objc') is None:\n raise ImportError('no objc')\nx = 1\n"
    (tmp_path / "plugin.py").write_text(source)
    facts = read(tmp_path, source)
    assert facts.outcome is Outcome.IMPORTED
    assert not has(facts, "x")


def test_an_installed_module_whose_names_are_in_doubt_still_knows_that_it_is_imported(tmp_path: Path) -> None:
    """`if __name__ == "__main__":` does not run, whatever else of the module somebody may have changed."""
    source = "exec(input())\ndef main(): return vars(__import__('sys').modules)\nif __name__ == '__main__': main()\n"
    folder = tmp_path / "site-packages"
    shelf = Shelf(written(folder, {"tool": source, "user": "import tool\nx = 1\n"}))
    assert has(shelf.read("user"), "x")


def test_the_program_itself_can_always_be_imported(tmp_path: Path) -> None:
    """`import __main__` takes what runs out of `sys.modules` (idlelib, unittest), whatever it is."""
    facts = read(tmp_path, "import __main__\nfrom __main__ import shell as n\ny = 1\n")
    assert facts.outcome is Outcome.IMPORTED
    assert has(facts, "y"), facts.undecided
    assert not has(facts, "n")


def test_code_in_a_text_fills_the_dict_that_it_is_given_for_its_names(tmp_path: Path) -> None:
    """As typing_inspection makes its functions: reading a name out of that dict was taken for a KeyError."""
    source = "names = {}\nexec('def f(): ...', {'a': 1}, names)\nf = names['f']\nx = 1\n"
    facts = read(tmp_path, source)
    assert facts.outcome is Outcome.IMPORTED
    assert has(facts, "x")


def test_a_submodule_whose_import_fails_is_not_bound_in_its_package(tmp_path: Path) -> None:
    """As structlog's `_greenlets`, where greenlet is not installed: the package goes on without the name."""
    package = "try:\n from pkg import part\nexcept ImportError: ...\ntry:\n import pkg.other\nexcept ImportError: ...\nx = 1\n"
    parts = {"pkg.part": "raise ImportError\n", "pkg.other": "raise ImportError\n"}
    facts = Shelf(written(tmp_path, {"pkg.__init__": package, **parts})).read("pkg")
    assert has(facts, "x")
    assert not {each.name for each in facts.variables} & {"part", "other", "pkg"}


def test_what_a_stub_declares_returns_nobody_knows_what(tmp_path: Path) -> None:
    """As pandas, whose `lib.is_scalar()` was taken to return None, so that its import was said to fail."""
    (tmp_path / f"fast{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(b"\x7fELF")
    (tmp_path / "fast.pyi").write_text("def is_scalar(value: object) -> bool: ...\n")
    source = "import fast\nclass A:\n def __init__(self, v):\n  if not fast.is_scalar(v): raise ValueError\nA(1)\n"
    assert read(tmp_path, source).outcome is Outcome.IMPORTED


def test_code_may_bind_names_in_a_dict_that_stands_beside_a_namespace(tmp_path: Path) -> None:
    """`exec(code, globals(), names)`: mpmath makes its operators so, and sympy was said to fail."""
    source = "def make(name):\n    names = {}\n    exec(f'def {name}(): ...', globals(), names)\n    return names[name]\nf = make('f')\n"
    assert read(tmp_path, source).outcome is Outcome.IMPORTED
