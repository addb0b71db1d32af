"""Loops over `sys.meta_path`, and what is deleted from it."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, has, read

TAKES = "try:\n import colorsys\nexcept ImportError:\n gone = 1\nsys.meta_path[:] = keep\n"
FIRST = "import sys, tarfile\nclass F:\n name = 'x'\n def find_spec(self, *a): ...\nkeep = list(sys.meta_path)\n"
OTHERS = {
    "by its place": "for i, f in enumerate(sys.meta_path):\n if type(f).__name__ == 'F' and f.name == 'x':\n  del sys.meta_path[i]\n  break\n",
}
STANDARD = {
    "the standard one": "for i, f in enumerate(sys.meta_path):\n if getattr(f, '__name__', '') == 'PathFinder':\n  del sys.meta_path[i]\n  break\n",
    "another type": "def type(x):\n class F: ...\n return F\nfor i, f in enumerate(sys.meta_path):\n if type(f).__name__ == 'F': del sys.meta_path[i]\n",
    "what comes after another": (
        "sys.meta_path[:] = [F(), *sys.meta_path]\nfor i, f in enumerate(sys.meta_path):\n if type(f).__name__ == 'F':\n"
        "  del sys.meta_path[i]\n  del sys.meta_path[i]\n  del sys.meta_path[i]\n  del sys.meta_path[i]\n  break\n"
    ),
    "places that are kept": "p = [i for i, f in enumerate(sys.meta_path)]\nfor i in reversed(p): del sys.meta_path[i]\n",
    "other numbers": "for i, f in enumerate(sys.meta_path, -1):\n if type(f).__name__ != 'F': del sys.meta_path[i]\n",
    "another loop's": (
        "for i, f in enumerate(sys.meta_path):\n for j, g in enumerate(sys.meta_path):\n"
        "  if type(g).__name__ == 'F': del sys.meta_path[i]\n  elif j == 2: del sys.meta_path[j]\n"
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_deleting_a_finder_that_is_none_of_the_standard_ones_changes_nothing(tmp_path: Path, case: str) -> None:
    """What the standard finders find is found as before."""
    facts = read(tmp_path, FIRST.rpartition("keep")[0] + OTHERS[case] + "import colorsys\n")
    assert has(facts, "colorsys")
    assert has(facts, "F")


@pytest.mark.parametrize("case", STANDARD)
def test_deleting_what_may_be_a_standard_finder_leaves_imports_in_doubt(tmp_path: Path, case: str) -> None:
    """What is imported after that may not be found."""
    source = FIRST + STANDARD[case] + TAKES
    assert not against_probe(tmp_path, source).wrong
    assert doubted(read(tmp_path, source), "colorsys")
