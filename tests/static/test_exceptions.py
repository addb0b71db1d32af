"""Exceptions that are caught, and names that answer otherwise than they stand there."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, read

_SOURCES = {
    "names of sys that differ from run to run": "from sys import path, modules\nlast = 1",
    "a name that site adds": "from builtins import help\nlast = 1",
    "a group that is caught": "try:\n    raise ExceptionGroup('x', [ValueError()])\nexcept* ValueError:\n    last = 1",
    "the exception that is caught": "try:\n    1 / 0\nexcept Exception as e:\n    last = type(e).__name__",
    "whether it is of a class": "try:\n    {}[1]\nexcept LookupError as e:\n    last = isinstance(e, KeyError)",
    "a class that answers for its instances": "class A:\n    y = 0\n    def __getattribute__(self, name): return 7\nlast = A().y",
    "a property called __class__": "class A:\n    @property\n    def __class__(self): return int\nlast = isinstance(A(), A)",
    "a list that grows while it is gone through": "l = [1]\nfor last in l:\n    if last == 1: l.append(2)",
    "a list that shrinks": "l = [1, 2, 3]\nfor last in l:\n    l.remove(last)",
    "a tuple that is another then": "t = (1, 2)\nfor last in t:\n    t += ('b',)",
    "a list that is kept": "l = [1, 2]\nm = []\nfor last in l:\n    m.append(last)",
    "an item of a dict": "d = {1: 2}\nlast = d.popitem()[1]",
    "a loop over what exec has left": "ns = {}\nexec('x = 1', ns)\nwhile ns:\n    _k, _ = ns.popitem()\ndel _k, _\nlast = 1",
}


@pytest.mark.parametrize("case", _SOURCES)
def test_it_is_told_as_python_tells_it(tmp_path: Path, case: str) -> None:
    """Or it is in doubt."""
    assert against_probe(tmp_path, _SOURCES[case] + "\n").wrong == []


_SEARCHES = (
    "sys.meta_path = [F] + sys.meta_path", "sys.meta_path += [F]", "old = sys.meta_path\nold.reverse()",
    "sys.path_hooks.pop()", "sys.path = []",
)  # fmt: skip


@pytest.mark.parametrize("change", _SEARCHES)
def test_where_modules_are_found_may_be_changed_in_any_way(tmp_path: Path, change: str) -> None:
    """What is imported after that may be another."""
    (tmp_path / "helper.py").write_text("a = 1\n")
    facts = read(tmp_path, f"import sys\nclass F: ...\n{change}\nfrom helper import a\n")
    assert doubted(facts, "a") or doubted(facts, "*")


def test_a_name_that_was_set_from_here_may_come_with_a_star(tmp_path: Path) -> None:
    """What the other module's own text has is not all that it gives."""
    (tmp_path / "helper.py").write_text("a = 1\n")
    facts = read(tmp_path, "import helper\nhelper.zz = 1\nfrom helper import *\n")
    assert doubted(facts, "zz") or doubted(facts, "*")


def test_an_entry_that_is_set_by_default_may_be_another(tmp_path: Path) -> None:
    """`sys.modules.setdefault` decides what the next import gives."""
    (tmp_path / "helper.py").write_text("a = 1\n")
    source = "import sys, types\nsys.modules.setdefault('helper', types.ModuleType('helper'))\nimport helper\nfrom helper import a\n"
    facts = read(tmp_path, source)
    assert facts.outcome == "imported"
    assert doubted(facts, "a") or doubted(facts, "*")
