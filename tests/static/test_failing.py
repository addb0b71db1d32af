"""Imports that fail: what the language refuses is seen, wherever it happens."""

from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import against_probe, has, read

FAILING = {
    "an undefined name": ("nope", "NameError"),
    "a local name before it is bound": ("def f():\n x\n x = 1\nf()", "UnboundLocalError"),
    "an attribute that a module lacks": ("import os\nos.nope", "AttributeError"),
    "an attribute that a class lacks": ("class A: ...\nA.nope", "AttributeError"),
    "an attribute that a text lacks": ("'a'.nope", "AttributeError"),
    "an attribute of None": ("None.nope", "AttributeError"),
    "a name that a module lacks": ("from os import nope", "ImportError"),
    "a call of None": ("x = None\nx()", "TypeError"),
    "a call of a module": ("import os\nos()", "TypeError"),
    "an index": ("[][0]", "IndexError"),
    "an index of a tuple": ("x = (1, 2)\nx[5]", "IndexError"),
    "a key": ("{}['x']", "KeyError"),
    "a key of a filled dict": ("x = {'a': 1}\nx['b']", "KeyError"),
    "an item of None": ("x = None\nx[0]", "TypeError"),
    "a sum of a text and a number": ("'a' + 1", "TypeError"),
    "a division": ("1 / 0", "ZeroDivisionError"),
    "an order of a number and a text": ("1 < 'a'", "TypeError"),
    "a search in a number": ("1 in 2", "TypeError"),
    "too few to unpack": ("a, b = (1,)", "ValueError"),
    "too many to unpack": ("a, b = 1, 2, 3", "ValueError"),
    "unpacking nothing": ("a, b = None", "TypeError"),
    "a loop over a number": ("for x in 5: ...", "TypeError"),
    "a number's text": ("int('x')", "ValueError"),
    "bases in no order": ("class A: ...\nclass B(object, A): ...", "TypeError"),
    "bases that conflict": ("class A: ...\nclass B(A): ...\nclass C(A, B): ...", "TypeError"),
    "a base twice": ("class A: ...\nclass B(A, A): ...", "TypeError"),
    "an abstract class": (
        "import abc\nclass A(abc.ABC):\n @abc.abstractmethod\n def f(self): ...\nA()",
        "TypeError",
    ),
    "an argument too few": ("def f(a): ...\nf()", "TypeError"),
    "an argument too many": ("def f(a): ...\nf(1, 2)", "TypeError"),
    "an argument of another name": ("def f(a): ...\nf(z=1)", "TypeError"),
    "an argument twice": ("def f(a): ...\nf(1, a=1)", "TypeError"),
    "a missing keyword": ("def f(*, a): ...\nf()", "TypeError"),
    "a positional one by name": ("def f(a, /): ...\nf(a=1)", "TypeError"),
    "a generator that does not fit": ("def f(a): yield a\nf()", "TypeError"),
    "a constructor": ("class A:\n def __init__(self, a): ...\nA()", "TypeError"),
    "a class without a constructor": ("class A: ...\nA(1)", "TypeError"),
    "a method": ("class A:\n def m(self, a): ...\nA().m()", "TypeError"),
    "within a function": ("def f(): return {}['x']\nf()", "KeyError"),
    "within a class": ("class A:\n x = nope", "NameError"),
    "in a default": ("def f(a=nope): ...", "NameError"),
    "as a decorator": ("@nope\ndef f(): ...", "NameError"),
    "as a base": ("class A(nope): ...", "NameError"),
    "an assertion": ("assert not 1", "AssertionError"),
    "an annotation": ("x: nope = 1", "NameError"),
    "a parameter's annotation": ("def f(a: nope): ...", "NameError"),
    "a format": ("'{} {}'.format(1)", "IndexError"),
    "a percent format": ("'%s %s' % (1,)", "TypeError"),
    "a list as a key": ("{[]: 1}", "TypeError"),
    "a negative text": ("-'a'", "TypeError"),
    "a number as a context": ("with 5: ...", "TypeError"),
    "a number's star": ("def f(*a): ...\nf(*5)", "TypeError"),
    "an attribute set on None": ("None.x = 1", "AttributeError"),
    "a base that is final": ("class A(bool): ...", "TypeError"),
    "an enum with members as a base": ("import enum\nclass A(enum.Enum): X = 1\nclass B(A): ...", "TypeError"),
    "two metaclasses": (
        "class M(type): ...\nclass N(type): ...\nclass A(metaclass=M): ...\nclass B(metaclass=N): ...\nclass C(A, B): ...",
        "TypeError",
    ),
    "a field without a default": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n a: int = 1\n b: int",
        "TypeError",
    ),
    "leaving through the wrong handler": ("try:\n [][0]\nexcept KeyError: ...", "IndexError"),
    "leaving after finally": ("try:\n 1 / 0\nfinally:\n x = 1", "ZeroDivisionError"),
}


@pytest.mark.parametrize("case", FAILING)
def test_an_import_that_fails_is_said_to_fail(tmp_path: Path, case: str) -> None:
    """What Python refuses on values that are known fails the import, with Python's exception."""
    source, kind = FAILING[case]
    facts = read(tmp_path, source + "\nlast = 1\n")
    assert facts.outcome is Outcome.FAILED
    assert facts.error is not None
    assert facts.error.type == kind
    with pytest.raises(Exception) as raised:  # noqa: PT011  # whichever Python itself raises
        exec(source, {"__name__": "plugin"})
    assert kind in {each.__name__ for each in type(raised.value).__mro__}


CAUGHT = {
    "by its kind": "try: 1 / 0\nexcept ZeroDivisionError: x = 1",
    "by a base": "try: [][0]\nexcept LookupError: x = 1",
    "a name": "try: unicode\nexcept NameError: unicode = str",
    "an attribute": "import os\ntry: y = os.nope\nexcept AttributeError: y = None",
    "a call": "def f(): ...\ntry: f(1)\nexcept TypeError: x = 1",
    "a text": "try: x = int('x')\nexcept ValueError: x = 0",
    "within a function": "def f():\n try: return {}['a']\n except KeyError: return 1\nx = f()",
    "with its name": "x = 1\ntry: 1 / 0\nexcept ZeroDivisionError as x: ...",
    "in a class, with its name": "class A:\n x = 1\n try: 1 / 0\n except ZeroDivisionError as x: ...",
    "suppressed": "import contextlib\nwith contextlib.suppress(KeyError): {}['x']\nx = 1",
}


@pytest.mark.parametrize("case", CAUGHT)
def test_what_is_caught_is_decided(tmp_path: Path, case: str) -> None:
    """The handler runs for sure, and the name that it gives the exception is unbound after it."""
    tally = against_probe(tmp_path, CAUGHT[case] + "\n")
    assert not tally.wrong
    assert not tally.undecided, tally.reasons


WORKING = {
    "type parameters": "x = 1\ndef f(a, /, b=1, *c, d, e=2, **g): ...\nf(1, d=1)\nf(1, 2, 3, d=1, z=2, a=5)",
    "code that is replaced": "def f(a): ...\ndef g(): ...\nf.__code__ = g.__code__\nf()\nx = 1",
    "defaults that are set": "def f(a): ...\nf.__defaults__ = (1,)\nf()\nx = 1",
    "a decorator that wraps": "def d(f):\n def w(*a, **k): return f(*a, **k)\n return w\n@d\ndef f(a): ...\nf(1)\nx = 1",
    "an instance of a subclass": "class A(dict): ...\nA(a=1)\nclass B(Exception): ...\nB(1, 2)\nx = 1",
    "a metaclass that is called": "class M(type):\n def __call__(cls, *a): return 1\nclass A(metaclass=M): ...\nA(1, 2)\nx = 1",
    "recursion that ends": "def f(n): return 1 if n == 0 else n * f(n - 1)\nx = f(5)",
    "a name in a comprehension": "x = [[y * z for z in (1, 2)] for y in (1, 2)]",
    "a dict that is filled": "d = {}\nfor k in ('a', 'b'): d[k] = 1\nx = d['a']",
    "a class's own name in a method": "class A:\n def f(self): return __class__\nA().f()\nx = 1",
    "formats": "x = '%s %d' % ('a', 1)",
    "known calls": "import logging, re\nlog = logging.getLogger(__name__)\nrx = re.compile('a')\nlog.setLevel('INFO')\nx = 1",
    "a key that is taken with a default": "d = {}\nx = d.pop('a', 1)",
    "one of several that lacks an attribute": "import os\ny = 'a' if os.environ.get('X') else None\nz = y.upper()\nx = 1",
    "private parameters": "class A:\n def __init__(self, __a=1, /): self.b = __a\nA()\nx = 1",
    "a name of a submodule": "import xml.dom\nx = xml.dom.Node",
    "a dict that a long function fills": "d = {}\ndef f(n):\n  for i in range(500): g(i)\n  d[n] = 1\ndef g(i):\n"
    "  for j in range(500): len('a')\nf('a')\ny = d['a']\nx = 1",
    "a loop that is left": "while True:\n if 1: break\nx = 1",
}


@pytest.mark.parametrize("case", WORKING)
def test_what_works_is_not_said_to_fail(tmp_path: Path, case: str) -> None:
    """No failure is seen where there is none, and what follows stays decided."""
    facts = read(tmp_path, WORKING[case] + "\n")
    assert facts.outcome is Outcome.IMPORTED
    assert has(facts, "x"), facts.undecided


UNSURE = {
    "a file that is not in the image": "open('/nope/at/all')",
    "a file by pathlib": "import pathlib\npathlib.Path('/nope').read_text()",
    "a command": "import subprocess\nsubprocess.check_call(['false'])",
    "a file in a function": "def f(): return open('/nope').read()\nf()",
    "a program that tests": "import unittest\nunittest.main()",
    "a window": "import tkinter\ntkinter.Tk()",
    "a signal": "import os\nos.kill(os.getpid(), 9)",
    "a wrong handler": "try: open('/nope')\nexcept ImportError: ...",
    "recursion": "def f(): f()\nf()",
    "recursion in two steps": "def f(): g()\ndef g(): f()\nf()",
    "a loop without end": "while True: ...",
    "a loop without end that does things": "n = 0\nwhile True: n += 1",
}


@pytest.mark.parametrize("case", UNSURE)
def test_an_import_that_may_fail_decides_nothing(tmp_path: Path, case: str) -> None:
    """Where the running container decides whether the import works, no name of the module is there for sure."""
    facts = read(tmp_path, f"x = 1\n{UNSURE[case]}\n")
    assert facts.outcome is not Outcome.IMPORTED or not has(facts, "x")


def test_a_file_of_the_image_can_be_read(tmp_path: Path) -> None:
    """What is there is no reason for doubt, nor is what is handled."""
    (tmp_path / "VERSION").write_text("1.0")
    source = "import os\nwith open(os.path.join(os.path.dirname(__file__), 'VERSION')) as f: text = f.read()\nx = 1\n"
    assert has(read(tmp_path, source), "x")
    assert has(read(tmp_path, "x = 1\ntry: open('/nope')\nexcept OSError: ...\n"), "x")
