"""Texts of which only the beginning is known."""

from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import against_probe, doubted, has, read

FAKE = "import os, sys, types\nfake = types.ModuleType('colorsys')\nfake.only = 1\n"
TAKES = "try:\n from colorsys import only\nexcept ImportError:\n other = 1\n"
REACHING = {
    "a text with a value in it": "sys.modules[f\"color{os.environ.get('NOT_SET', 'sys')}\"] = fake",
    "a converted value": "sys.modules[f\"{'c'}{os.environ.get('NOT_SET', 'olorsys')}\"] = fake",
    "a format": "sys.modules['color{}'.format(os.environ.get('NOT_SET', 'sys'))] = fake",
    "a percent sign": "sys.modules['color%s' % (os.environ.get('NOT_SET', 'sys'),)] = fake",
    "a text that grows": "k = 'color'\nfor a in os.environ.get('NOT_SET', 'sys'):\n k = f'{k}{a}'\n sys.modules[k] = fake",
    "an object that says how it is joined": (
        "class S(str):\n def __radd__(self, o): return 'colorsys'\n"
        "class O:\n def __str__(self): return S('x')\nsys.modules['a.' + str(O())] = fake"
    ),
    "an object that says how it is formatted": (
        "class S(str):\n def __rmod__(self, o): return 'colorsys'\n"
        "class O:\n def __str__(self): return S('x')\nsys.modules['a.%s' % str(O())] = fake"
    ),
    "an object with a format of its own": (
        "class F:\n def __format__(self, spec): return 'sys'\nsys.modules['color{0}'.format(F())] = fake"
    ),
}


@pytest.mark.parametrize("case", REACHING)
def test_a_module_whose_name_may_begin_so_is_not_decided(tmp_path: Path, case: str) -> None:
    """Which module is imported is not known where its entry may have been replaced."""
    source = f"{FAKE}{REACHING[case]}\n{TAKES}"
    assert not against_probe(tmp_path, source).wrong
    facts = read(tmp_path, source)
    assert doubted(facts, "only")
    assert doubted(facts, "other")


def test_modules_of_other_names_stay_what_they_are(tmp_path: Path) -> None:
    """An entry of sys.modules whose name begins with another text is no other module's."""
    source = (
        f"{FAKE}sys.modules[f\"color.{{os.environ.get('NOT_SET', 'sys')}}\"] = fake\nfrom colorsys import rgb_to_hls\n"
    )
    assert has(read(tmp_path, source), "rgb_to_hls")


def test_a_module_that_may_replace_itself_is_not_decided(tmp_path: Path) -> None:
    """The name of the module itself may begin so."""
    facts = read(tmp_path, f"{FAKE}last = 1\nsys.modules[f\"plug{{os.environ.get('NOT_SET', 'in')}}\"] = fake\n")
    assert doubted(facts, "last")


def test_a_submodule_that_was_put_there_is_not_said_to_fail(tmp_path: Path) -> None:
    """Whoever has put an entry in place brings a module that no file has."""
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("")
    (tmp_path / "pk" / "sub.py").write_text("raise ImportError('never')\n")
    helper = (
        "import os, sys, types\nsys.modules[f\"pk.{os.environ.get('NOT_SET', 'sub')}\"] = types.ModuleType('pk.sub')\n"
    )
    (tmp_path / "helper.py").write_text(helper)
    assert read(tmp_path, "import helper\nimport pk.sub\n").outcome is Outcome.IMPORTED


BEGINNINGS = {"'OpenS'": True, "'OpenSSL 4'": False, "'LibreSSL'": False, "'OpenSSL 3.0'": None, "('Open', 'x')": None}


@pytest.mark.parametrize("wanted", BEGINNINGS)
def test_a_beginning_says_what_a_text_begins_with(tmp_path: Path, wanted: str) -> None:
    """It does so as far as it goes."""
    text = "f\"OpenSSL 3.{os.environ.get('NOT_SET', '5')}\""
    facts = read(tmp_path, f"import os\nif {text}.startswith({wanted}):\n yes = 1\nelse:\n no = 1\n")
    expected = BEGINNINGS[wanted]
    assert has(facts, "yes") == (expected is True)
    assert has(facts, "no") == (expected is False)
