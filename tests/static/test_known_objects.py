"""What objects and functions are, when code asks."""

import sys
from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, read

_WRAPS = """import functools, inspect
def wrapped(function):
    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        async def later(*given): return await function(*given)
        return later
    @functools.wraps(function)
    def now(*given): return function(*given)
    return now
"""
_SOURCES = {
    "a decorator that asks": _WRAPS + "class A:\n    @wrapped\n    def __init__(self): self.x = 1\n    @wrapped\n    async def f(self): ...",
    "a generator": "import inspect\ndef f(): yield\nlast = len if inspect.isgeneratorfunction(f) else 1",
    "an asynchronous generator": "import inspect\nasync def f(): yield\nlast = len if inspect.isasyncgenfunction(f) else 1",
    "a code that is replaced": "import inspect\ndef f(): ...\nasync def g(): ...\nf.__code__ = g.__code__\n"
    "last = len if inspect.iscoroutinefunction(f) else 1",
    "a mark": "import functools, inspect\ndef f(): ...\nif hasattr(inspect, 'markcoroutinefunction'):\n    inspect.markcoroutinefunction(f)\n"
    "@functools.wraps(f)\ndef g(): ...\nlast = len if inspect.iscoroutinefunction(g) else 1",
    "a mark in a function's dict": "import asyncio\ndef f(): ...\nvars(f)['_is_coroutine'] = getattr(asyncio.coroutines, '_is_coroutine', 1)\n"
    "last = len if asyncio.iscoroutinefunction(f) else 1",
    "another function in its place": "import inspect\ninspect.iscoroutinefunction = lambda f: True\ndef f(): ...\n"
    "last = len if inspect.iscoroutinefunction(f) else 1",
    "a constructor wrapped in one way or another": "import functools, random\ndef a(f):\n    @functools.wraps(f)\n    def g(*x): return f(*x)\n    return g\n"
    "def b(f):\n    @functools.wraps(f)\n    def g(*x): return f(*x)\n    return g\nd = a if random.random() > 2 else b\n"
    "class A:\n    @d\n    def __init__(self): self.x = 1",
}  # fmt: skip


@pytest.mark.parametrize("case", _SOURCES)
def test_what_a_function_is_is_told_as_python_tells_it(tmp_path: Path, case: str) -> None:
    """Or it is in doubt."""
    assert against_probe(tmp_path, _SOURCES[case] + "\n").wrong == []


def test_a_decorator_that_asks_is_followed(tmp_path: Path) -> None:
    """What its wrappers wrap is the constructor that sets the attributes; since Python 3.12 functions may be marked."""
    tally = against_probe(tmp_path, _SOURCES["a decorator that asks"] + "\n")
    assert tally.wrong == []
    assert tally.undecided == 0 or sys.version_info >= (3, 12)


def test_names_that_no_type_has_are_known(tmp_path: Path) -> None:
    """Names with two underscores of types in C are in tables; what `type` itself has may answer or not."""
    names = "'__unicode__', '__len__', '__call__', '__mro__', '__abstractmethods__', '__text_signature__', '__dict__'"
    source = f"names = [{names}]\nfor kind in (list, set, int, type, object):\n    found = [hasattr(kind, n) for n in names]\n"
    source += "for n in names:\n    if hasattr(list, n):\n        globals()['has' + n] = 1\nlast = 1 if hasattr(list, '__unicode__') else len\n"
    tally = against_probe(tmp_path, source)
    assert tally.wrong == []
    assert not doubted(read(tmp_path, source), "last")


_HIDDEN = {
    "a metaclass": "class M(type):\n    def __getattribute__(cls, name): raise AttributeError\nclass A(metaclass=M):\n    x = 1\n"
    "last = len if hasattr(A, 'x') else 1",
    "a descriptor": "class D:\n    def __get__(self, one, kind): raise AttributeError\nclass A:\n    __str__ = D()\n"
    "last = len if hasattr(A, '__str__') else 1",
    "a base's descriptor": "class D:\n    def __get__(self, one, kind): raise AttributeError\nclass Z:\n    x = D()\n"
    "class A(Z): ...\nlast = len if hasattr(A, 'x') else 1",
}


@pytest.mark.parametrize("case", _HIDDEN)
def test_code_may_hide_what_a_class_has(tmp_path: Path, case: str) -> None:
    """Then nobody knows whether it has it."""
    tally = against_probe(tmp_path, _HIDDEN[case] + "\n")
    assert tally.wrong == []
    assert tally.undecided


def test_a_class_of_which_something_is_deleted_gets_nothing_new(tmp_path: Path) -> None:
    """What it has is in doubt; whether its instances can be called is not."""
    source = "import random\nclass A:\n    def x(self): ...\n    def y(self): ...\ndelattr(A, random.choice(['x', 'y']))\nlast = A()\n"
    tally = against_probe(tmp_path, source)
    assert tally.wrong == []
    assert sum(tally.reasons.values()) == 2 + any("item of it" in each for each in tally.reasons)
