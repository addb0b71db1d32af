"""What other modules do to a module while it is imported, or fail with."""

from pathlib import Path

import pytest

from spybuild.model.facts import MemberFacts, ModuleFacts, Outcome
from tests.static.reading import has, here, member_is_sure, read

PLUGIN = "LIMIT = 5\ndef run(a): ...\nclass Plugin:\n    kind = 'k'\n    def go(self, x): ...\n"
HELPERS = {
    "raises": "raise ValueError",
    "raises in a function": "def f():\n raise ValueError\nf()",
    "is no Python": "def (",
    "leaves": "import sys\nsys.exit()",
    "uses a name that is not there": "nope",
    "needs a module that is not there": "if True:\n import nope_nope",
    "needs a module that fails": "import deeper",
    "reads a file that is not there": "open('/nope')",
    "sets a name through sys.modules": "import sys\nsys.modules['plugin'].run = sys.modules['plugin'].LIMIT = 6",
    "sets a name of the module that imports it": "import plugin\nplugin.run = plugin.LIMIT = 6",
    "imports who does": "import third",
    "replaces builtins": "import builtins\nbuiltins.__build_class__ = lambda *a, **k: None\nbuiltins.int = lambda x: 7",
    "goes through all modules": "import sys\nfor m in list(sys.modules.values()):\n if hasattr(m, 'LIMIT'): m.LIMIT = 6",
    "goes through all modules by name": "import sys\nfor n, m in sys.modules.items(): setattr(m, 'LIMIT', 6)",
    "goes through all objects": "import gc\nfor d in gc.get_objects():\n if isinstance(d, dict): d['LIMIT'] = 6",
    "goes up the stack": "import sys\nf = sys._getframe()\nwhile f: f.f_globals['LIMIT'] = 6; f = f.f_back",
    "watches what runs": "import sys\ndef t(f, e, a): f.f_globals['LIMIT'] = 6\nsys.settrace(t)",
    "loads a pickle": "import pickle\npickle.loads(b'cplugin\\n__dict__\\n.').update(LIMIT=6)",
    "replaces the module": "import sys, types\nsys.modules['plugin'] = types.ModuleType('plugin')",
}


def with_helper(folder: Path, helper: str, source: str = f"import helper\n{PLUGIN}") -> ModuleFacts:
    """The facts of a module that imports another one."""
    (folder / "helper.py").write_text(helper + "\n")
    (folder / "deeper.py").write_text("[][0]\n")
    (folder / "third.py").write_text("import plugin\nplugin.run = plugin.LIMIT = 6\n")
    return read(folder, source)


@pytest.mark.parametrize("case", HELPERS)
@pytest.mark.parametrize("place", ["before", "after"])
def test_what_a_helper_does_to_a_module_is_seen(tmp_path: Path, case: str, place: str) -> None:
    """A module whose helper fails, or reaches into it, is not decided to have what its own text says."""
    source = f"import helper\n{PLUGIN}" if place == "before" else f"{PLUGIN}import helper\n"
    facts = with_helper(tmp_path, HELPERS[case], source)
    sure = facts.outcome is Outcome.IMPORTED and has(facts, "run") and has(facts, "LIMIT") and has(facts, "Plugin")
    assert not sure


CLASSES = {
    "by its subclasses": ("for c in object.__subclasses__():\n if c.__name__ == 'Plugin': c.kind = 'z'", ""),
    "by what it is given": ("def f(c): c.kind = 'z'", "helper.f(Plugin)"),
    "by its order of look-up": ("def f(c):\n for b in c.__mro__[:-1]: b.kind = 'z'", "helper.f(Plugin)"),
    "in a list": ("L = []\ndef f(c): L.append(c); L[0].kind = 'z'", "helper.f(Plugin)"),
    "through the module": ("import sys\ndef f(c): sys.modules['plugin'].Plugin.kind = 'z'", "helper.f(1)"),
}


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_that_a_helper_changes_is_in_doubt(tmp_path: Path, case: str) -> None:
    """A member that somebody else may have set is not what the class's own text says."""
    helper, call = CLASSES[case]
    facts = with_helper(tmp_path, helper, f"{PLUGIN}import helper\n{call}\n")
    kind = next((each for each in facts.classes if each.name == "Plugin"), None)
    told = kind and next((each for each in kind.members if each.name == "kind"), None)
    as_written = isinstance(told, MemberFacts) and told.value is not None and told.value.scalar == "k"
    assert not (as_written and member_is_sure(facts, "Plugin", "kind"))


MEANINGS = {
    "a decorator": ("import functools\nfunctools.lru_cache = lambda f: (lambda z: 0)",
                    "import functools\n@functools.lru_cache\ndef x(a): ..."),
    "a builtin": ("import builtins\nbuiltins.len = lambda x: 7", "x = len('12345')"),
    "a builtin class": ("import builtins\nbuiltins.int = lambda x: 7", "x = int('5')"),
    "the version": ("import sys\nsys.version_info = (2, 7)", "import sys\nx = 5 if sys.version_info >= (3, 6) else 6"),
    "the platform": ("import sys\nsys.platform = 'z'", "import sys\nx = 5 if sys.platform == 'linux' else 6"),
    "the system": ("import os\nos.name = 'z'", "import os\nx = 5 if os.name == 'posix' else 6"),
    "type checking": ("import typing\ntyping.TYPE_CHECKING = True",
                      "from typing import TYPE_CHECKING\nx = 6 if TYPE_CHECKING else 5"),
    "a module": ("import sys, types\nsys.modules['other'] = types.ModuleType('other')", "from other import x"),
    "a name of a module": ("import other\nother.x = 6", "from other import x"),
    "where modules are found": ("import sys\nsys.path.insert(0, '{folder}/alt')", "from other import x"),
    "where modules are found, computed": ("import sys, os\nsys.path.insert(0, os.environ['A'])", "from other import x"),
    "how modules are found": ("import sys\nclass F: ...\nsys.meta_path.insert(0, F())", "from other import x"),
    "how modules are imported": ("import builtins\nbuiltins.__import__ = lambda *a: None", "from other import x"),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGS)
def test_what_a_helper_replaces_means_nothing_any_more(tmp_path: Path, case: str) -> None:
    """Names of builtins and of other modules that somebody replaces are not what they are known to mean."""
    helper, source = MEANINGS[case]
    (tmp_path / "other.py").write_text("x = 5\n")
    (tmp_path / "alt").mkdir()
    (tmp_path / "alt" / "other.py").write_text("x = 6\n")
    facts = with_helper(tmp_path, helper.replace("{folder}", str(tmp_path)), f"import helper\n{source}\n")
    value = next((each.value for each in facts.variables if each.name == "x"), None)
    function = next((each for each in facts.functions if each.name == "x"), None)
    assert not (has(facts, "x") and (function or (value and value.scalar == 5)))


def test_a_base_that_stands_for_another_may_change_the_class(tmp_path: Path) -> None:
    """What `__mro_entries__` gives may have an `__init_subclass__`."""
    source = (
        "class Y:\n def __init_subclass__(c): c.kind = 'z'\nclass X:\n def __mro_entries__(s, b): return (Y,)\n"
        "class Plugin(X()):\n kind = 'k'\n"
    )
    assert not member_is_sure(read(tmp_path, source), "Plugin", "kind")


OWN = {
    "the dict of builtins": "(__builtins__ if isinstance(__builtins__, dict) else vars(__builtins__))['exec']('LIMIT = 6')",
    "the stack": "from inspect import stack\nstack()[0].frame.f_globals['LIMIT'] = 6",
    "a traceback": "try: 1 / 0\nexcept ZeroDivisionError as e: e.__traceback__.tb_frame.f_globals['LIMIT'] = 6",
    "a generator's frame": "def g(): yield 1\nx = g()\nx.gi_frame.f_globals['LIMIT'] = 6",
    "all modules": "import sys\nfor m in list(sys.modules.values()):\n if getattr(m, 'LIMIT', None) == 5: m.LIMIT = 6",
    "all objects": "import gc\nfor d in gc.get_objects():\n if isinstance(d, dict) and d.get('LIMIT') == 5: d['LIMIT'] = 6",
    "a mock": "from unittest import mock\nmock.patch('plugin.LIMIT', 6).start()",
    "a mock of an attribute": "import sys\nfrom unittest.mock import patch\npatch.object(sys.modules[__name__], 'LIMIT', 6).start()",
    "a profiler": "import sys\ndef t(f, e, a): f.f_globals['LIMIT'] = 6\nsys.setprofile(t)",
    "ctypes": "import ctypes\nctypes.pythonapi.PyDict_SetItemString(ctypes.py_object(globals()), b'LIMIT', ctypes.py_object(6))",
    "a pickle": "import pickle\npickle.loads(b'cplugin\\n__dict__\\n.').update(LIMIT=6)",
}


@pytest.mark.parametrize("case", OWN)
def test_a_name_that_is_reached_in_a_roundabout_way_is_in_doubt(tmp_path: Path, case: str) -> None:
    """Whatever gives hold of any object of the program may change the module's own names."""
    facts = read(tmp_path, f"LIMIT = 5\n{OWN[case]}\n")
    value = next((each.value for each in facts.variables if each.name == "LIMIT"), None)
    assert not (has(facts, "LIMIT") and value and value.scalar == 5)


HARMLESS = {
    "a helper of functions": ("def f(x): return x", "y = helper.f(1)"),
    "a helper with a cache": ("import functools\n@functools.lru_cache\ndef f(x): return x", "helper.f(1)"),
    "a logger": ("import logging\nlog = logging.getLogger(__name__)\nlogging.addLevelName(5, 'T')", "helper.log"),
    "dataclasses and enums": (
        "import dataclasses, enum\n@dataclasses.dataclass\nclass A:\n x: int\nclass E(enum.Enum):\n X = 1",
        "y = helper.A(1)",
    ),
    "a path of its own": ("import sys\nsys.path.insert(0, '/nowhere')", ""),
    "an import that may fail": ("try:\n import nope_nope\nexcept ImportError:\n nope_nope = None", ""),
    "a class that is registered": ("R = {}\ndef f(c):\n R[c.__name__] = c\n return c", "helper.f(Plugin)"),
    "threads and locks": ("import threading\nlock = threading.Lock()\nt = threading.Thread(target=print)", ""),
    "warnings": ("import warnings\nwarnings.filterwarnings('ignore')", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", HARMLESS)
def test_a_harmless_helper_leaves_everything_decided(tmp_path: Path, case: str) -> None:
    """What modules usually do at import is no reason for doubt."""
    helper, rest = HARMLESS[case]
    facts = with_helper(tmp_path, helper, f"import helper\n{PLUGIN}{rest}\n")
    assert facts.outcome is Outcome.IMPORTED
    assert all(has(facts, name) for name in ("LIMIT", "run", "Plugin")), facts.undecided
    assert member_is_sure(facts, "Plugin", "go")


def test_an_installed_distribution_is_trusted_where_its_import_only_may_fail(tmp_path: Path) -> None:
    """What fails for sure fails wherever it stands; what the container decides is left to whoever installed it."""
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "lib.py").write_text("open('/nope')\ndef f(): ...\n")
    facts = read(site, "import lib\nx = lib.f()\n")
    assert has(facts, "x")
    (site / "lib.py").write_text("raise ValueError\n")
    assert read(site, "import lib\nx = 1\n").outcome is Outcome.FAILED


def test_a_stub_that_speaks_of_what_it_declares_later_fails_nothing(tmp_path: Path) -> None:
    """Stubs are not run: the order of their declarations means nothing."""
    suffix = here()[1].suffixes[0]
    (tmp_path / f"fast{suffix}").write_bytes(b"\x7fELF")
    (tmp_path / "fast.pyi").write_text("def f(x: A = A()) -> A: ...\nclass B(A): ...\nclass A: ...\n")
    assert has(read(tmp_path, "from fast import A\nx = 1\n"), "x")
