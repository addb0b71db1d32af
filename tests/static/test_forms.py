"""What `kind[x]` is, and what comes of calling it."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, has, read

_BOX = "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Box(Generic[T]):\n    "
_DECIDED = {
    "a generic class's alias": _BOX + "def __init__(self, x): ...\nlast = Box[int](1)",
    "an alias of an alias": _BOX + "pass\nOther = Box[T]\nlast = Other[int]()",
    "a frozen dataclass": "from dataclasses import dataclass\n" + _BOX.replace("class", "@dataclass(frozen=True)\nclass")
    + "x: T\nlast = Box[int](1)",
    "an alias in a class": _BOX + "pass\nclass A:\n    x = Box[int]()",
    "what can be called": _BOX + "def __call__(self): ...\nlast = Box[int]()",
    "a class that hands its parameters on": _BOX + "def __class_getitem__(cls, x): return super().__class_getitem__(x)\n"
    "last = Box[int]()\nclass A(Box[int]): ...",
    "a builtin's alias": "last = list[int]((1, 2))",
    "a class that makes aliases itself": "import types\nclass A:\n    __class_getitem__ = classmethod(types.GenericAlias)\nlast = A[int]",
}  # fmt: skip
_OWN = {
    "gives a function": "class A:\n    def __class_getitem__(cls, x): return lambda: 1\nlast = A[int]",
    "gives a class": "class A:\n    def __class_getitem__(cls, x): return int\nlast = A[int]",
    "gives a subclass": "class A:\n    def __class_getitem__(cls, x): return type('B', (cls,), {})\nlast = A[int]",
    "stands in a metaclass": "class M(type):\n    def __getitem__(cls, x): return lambda: 1\nclass A(metaclass=M): ...\nlast = A[int]",
    "binds a name in an annotation": "class A:\n    def __class_getitem__(cls, x):\n        global last\n        last = len\n        return cls\n"
    "last = 1\ndef f(x: A[int]): ...",
    "binds a name": "class A:\n    def __class_getitem__(cls, x):\n        global last\n        last = len\nlast = 1\nA[int]",
}  # fmt: skip
_HIDDEN = {
    "`__new__` may give anything": _BOX + "def __new__(cls): return lambda: 1\nlast = Box[int]()",
    "an attribute that is set may do anything": _BOX
    + "def __setattr__(self, name, value):\n        global last\n        last = len\nlast = 1\nBox[int]()",
    "a descriptor may take the attribute": "class D:\n    def __set__(self, box, value):\n        global last\n        last = len\n"
    + _BOX + "__orig_class__ = D()\nlast = 1\nBox[int]()",
    "a metaclass has an operator": "class M(type):\n    def __or__(cls, x): return len\nclass A(metaclass=M): ...\nlast = A | None",
    "a metaclass has the other operand's": "class M(type):\n    def __ror__(cls, x): return len\nclass A(metaclass=M): ...\nlast = int | A",
}  # fmt: skip


@pytest.mark.parametrize("case", _DECIDED)
def test_an_alias_makes_what_its_class_makes(tmp_path: Path, case: str) -> None:
    """`Box[int](1)` is an instance of `Box`."""
    tally = against_probe(tmp_path, _DECIDED[case] + "\n")
    assert (tally.wrong, tally.undecided) == ([], 0)


@pytest.mark.parametrize("case", _OWN)
def test_what_a_class_makes_of_its_items_is_its_own_matter(tmp_path: Path, case: str) -> None:
    """Its code is followed, and what it gives may be anything."""
    tally = against_probe(tmp_path, _OWN[case] + "\n")
    assert (tally.wrong, tally.undecided) == ([], 0)


@pytest.mark.parametrize("case", _HIDDEN)
def test_code_behind_an_alias_or_an_operator_counts(tmp_path: Path, case: str) -> None:
    """What it may do leaves the name in doubt."""
    assert against_probe(tmp_path, _HIDDEN[case] + "\n").wrong == []
    assert doubted(read(tmp_path, _HIDDEN[case]), "last")


def test_what_a_class_refuses_makes_the_import_doubtful(tmp_path: Path) -> None:
    """An alias tells what was made that it was made of it; `int` does not take the attribute."""
    source = _BOX + "def __new__(cls): return int\nBox[int]()\nlast = 1\n"
    assert not has(read(tmp_path, source), "last")
