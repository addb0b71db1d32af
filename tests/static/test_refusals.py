"""Classes that Python refuses to make, and what it refuses to do to them."""

from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import assert_fails_as_here, has, read

FAILING = {
    "a member twice": "import enum\nclass E(enum.Enum):\n A = 1\n A = 2",
    "a member that there is not": "import enum\nclass E(enum.Enum):\n A = 1\nE.B",
    "a member's name that there is not": "import enum\nclass E(enum.Enum):\n A = 1\nE['B']",
    "a member's value that there is not": "import enum\nclass E(enum.Enum):\n A = 1\nE(2)",
    "a slot that is bound": "class C:\n __slots__ = ('a',)\n a = 1",
    "slots that are a number": "class C:\n __slots__ = 5",
    "a slot with a blank": "class C:\n __slots__ = ('a b',)",
    "a field that is a keyword": "from collections import namedtuple\nnamedtuple('A', 'class')",
    "a field twice": "from collections import namedtuple\nnamedtuple('A', 'a a')",
    "a field with an underscore": "from collections import namedtuple\nnamedtuple('A', ['_a'])",
    "a field without a default": "from typing import NamedTuple\nclass A(NamedTuple):\n a: int = 1\n b: int",
    "a keyword that nobody takes": "class A: ...\nclass B(A, x=1): ...",
    "an attribute to delete": "class C: ...\ndel C.x",
    "an attribute of a function to delete": "def f(): ...\ndel f.x",
    "an item to delete": "x = []\ndel x[0]",
    "a key to delete": "x = {}\ndel x['a']",
    "a method of no base": "class C:\n def __init__(self): super().nope()\nC()",
    "a method of no base, as a class is made": "class B:\n def __init_subclass__(cls): super().nope()\nclass C(B): ...",
    "two parameters": "from typing import Optional\nOptional[1, 2]",
    "a parameter of a number": "x: int[str] = 1",
    "a parameter of a class": "class A: ...\ndef f(a: A[int]): ...",
    "a partial of nothing": "from functools import partial\npartial(5)",
    "one constraint": "from typing import TypeVar\nT = TypeVar('T', int)",
    "a number that is spread": "[*5]",
    "a number that is spread as a mapping": "{**5}",
    "orders of no order": "import functools\n@functools.total_ordering\nclass A: ...",
    "two defaults": "from dataclasses import field\nfield(default=1, default_factory=list)",
    "a constructor": "class C:\n def __init__(self): nope\nC()",
}


@pytest.mark.parametrize("case", FAILING)
def test_what_is_refused_fails_the_import(tmp_path: Path, case: str) -> None:
    """The import fails with the exception that Python itself raises."""
    assert_fails_as_here(tmp_path, FAILING[case])


WORKING = """
import abc, enum, typing
from collections import namedtuple
class E(enum.Enum):
    A = 1
    B = enum.auto()
    _order_ = 'A B'
    def f(self): ...
    @property
    def p(self): ...
    @p.setter
    def p(self, v): ...
E(1), E['A'], E.A, E.__members__, E.mro
class F(enum.Flag):
    A = 1
    B = 2
F(3)
class M(enum.Enum):
    A = 1
    @classmethod
    def _missing_(cls, v): return cls.A
M(5)
class S:
    __slots__ = ('a', '__weakref__')
    a: int
class T(S):
    a = 1
class G:
    def __class_getitem__(cls, item): return cls
G[int]
class P(typing.Generic[typing.TypeVar('T')]): ...
def f(a: P[int], b: G[str], c: list[int], d: type[int]) -> dict[str, int]: ...
class L(list): ...
L[int]
class Meta(type):
    def __getitem__(cls, item): return item
class W(metaclass=Meta): ...
W[1]
class I:
    def __init_subclass__(cls, x=0): super().__init_subclass__()
class J(I, x=1): ...
class K:
    x = 1
del K.x
namedtuple('A', 'class', rename=True)
d = {'a': 1}
del d['a']
typing.Optional[int], typing.Dict[str, int], typing.Tuple[int, str]
last = 1
"""


def test_what_is_allowed_is_let_be(tmp_path: Path) -> None:
    """No failure is seen where Python sees none."""
    exec(WORKING, {"__name__": "plugin"})
    facts = read(tmp_path, WORKING)
    assert facts.outcome is Outcome.IMPORTED, facts.error
    assert has(facts, "last"), facts.undecided


def test_an_enum_that_has_only_what_is_no_member_can_be_extended(tmp_path: Path) -> None:
    """As Django's `Choices`, whose `nonmember()` was taken for a member, so that no model could be imported."""
    source = "import enum\nclass A(enum.Enum):\n x = enum.nonmember(True)\nclass B(A):\n y = 1\nlast = 1\n"
    facts = read(tmp_path, source)
    assert facts.outcome is Outcome.IMPORTED, facts.error
    assert has(facts, "last")
