"""`unsupported`, `attempts`: what fails for the types of values, held against what Python really does."""

from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import doubted, has, read

_ENUM = "from enum import Enum, Flag, IntEnum, StrEnum, unique\n"
_CLASS = "class A:\n    __slots__ = ()\n    @property\n    def x(self): return 1\n"
_DATA = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n    x: int\n"
_FAILING = [
    "class A: ...\nA().x", "class A:\n def __init__(self): self.y = 1\nA().x", "def f(): ...\nf.x", "(lambda: 1).x",
    "class A: ...\nA()()", "class A: ...\nA()[0]", "class A: ...\nA()[0] = 1", "class A: ...\ndel A()[0]",
    "class A: ...\nA() + 1", "class A: ...\n1 + A()", "class A: ...\n'a' + A()", "class A: ...\n-A()",
    "class A: ...\nA() < A()", "class A: ...\n1 in A()", "class A: ...\nlen(A())", "class A: ...\nfor i in A(): ...",
    "class A: ...\na, b = A()", "class A: ...\nprint(*A())", "class A: ...\n[i for i in A()]", "class A: ...\nfor i in A: ...",
    "class A: ...\nwith A(): ...", "class A:\n def __enter__(self): ...\nwith A(): ...", "import os\nos['a']",
    "import os\nos + 1", "def f(): ...\nf[0]", "def f(): ...\nlen(f)", "def f(): yield\nf()[0]",
    "class A:\n def __eq__(self, o): ...\n{A()}", "class A:\n def __eq__(self, o): ...\n{A(): 1}",
    _CLASS + "A().x = 2", _CLASS + "del A().x", _CLASS + "A().y = 1", _DATA + "A(1).x = 2", _DATA + "A()",
    _DATA + "A(1, 2)", _DATA + "A(y=1)", "from collections import namedtuple\nnamedtuple('A', 'a b')(1)",
    "from typing import NamedTuple\nclass A(NamedTuple):\n a: int\nA()",
    "class A:\n @property\n def x(self): raise ValueError\nA().x", "class A:\n def __enter__(self): raise OSError\n def __exit__(self, *a): ...\nwith A(): ...",
    "class A:\n def __getattr__(self, k): raise AttributeError(k)\nA().x", "class A:\n def __getitem__(self, k): raise KeyError(k)\nA()['x']",
    "class A:\n def __setattr__(self, k, v): raise AttributeError(k)\nA().x = 1", "class C(5): ...", "class C(None): ...",
    "def f(): ...\nclass C(f): ...", "import os\nclass C(os): ...", "class C(metaclass=5): ...",
    _ENUM + "class E(Enum):\n A = 1\nE.A.nope", _ENUM + "class E(Enum):\n A = 1\nE.A = 2", _ENUM + "class E(Enum):\n A = 1\nE.A.value = 2",
    _ENUM + "@unique\nclass E(Enum):\n A = 1\n B = 1", _ENUM + "class E(IntEnum):\n A = 'x'", _ENUM + "class E(StrEnum):\n A = 1",
    _ENUM + "class E(Flag):\n A = 'x'", _ENUM + "class E(Enum):\n mro = 1", _ENUM + "class E(Enum):\n _x_ = 1",
    _ENUM + "class E(Enum):\n def __init__(self, a, b): ...\n A = 1", _ENUM + "class E(Enum):\n A = 1\nE.A + 1",
    "''.join()", "[].append()", "[].append(1, 2)", "{}.get()", "'a'.zfill('x')", "{}.update(5)", "set().add([])", "{1}.remove(2)",
    "{}.popitem()", "'a'.replace('a')", "f'{\"a\":d}'", "x = 1.5\nf'{x:d}'", "f'{[]:5}'", "import os\nos.getcwd(1)",
    "import logging\nlogging.getLogger(5)", "import threading\nthreading.Thread(5)", "import importlib.nope",
    "from typing import Union\nUnion[()]", "from typing import Callable\nCallable[int]", "from typing import TypeVar\nTypeVar()",
    "class A:\n __slots__ = ()\n def __init__(self): return 5\nA()", "1 in 'a'", "x = []\nx += 5", "super()", "exec('x=')",
    "compile('x=', 'a', 'exec')", "f = lambda **a: a\nf(**{1: 2})", "f = lambda **a: a\nf(a=1, **{'a': 2})", "getattr('a', 5)",
    "hasattr('a', 5)", "import importlib\nimportlib.import_module('.x')", "import importlib\nimportlib.import_module(5)",
    "from typing import Protocol\nclass P(Protocol): ...\nP()", "class D:\n def __get__(self, i, o): raise AttributeError\nclass A:\n x = D()\nA.x",
    "class D:\n def __set__(self, i, v): raise AttributeError\nclass A:\n x = D()\nA().x = 1",
    "class D:\n def __get__(self, i, o): raise ValueError\nclass A:\n x = D()\nA().x",
    "class M(type):\n def __new__(m, n, b, d): raise TypeError\nclass A(metaclass=M): ...",
    "class M(type):\n def __call__(c): raise TypeError\nclass A(metaclass=M): ...\nA()",
    "class A:\n def __class_getitem__(cls, x): raise TypeError\nA[int]",
    "from collections import namedtuple\nA = namedtuple('A', 'a')\nA(1).b", "from collections import namedtuple\nA = namedtuple('A', 'a')\nA(1).a = 2",
    "from dataclasses import dataclass\n@dataclass(order=True, eq=False)\nclass A: ...", "import threading\nthreading.Semaphore(-1)",
    "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n def __lt__(self, o): ...",
    "raise 'x'", "raise 5", "class A: ...\nraise A", "class E(Exception):\n def __init__(self, a): ...\nraise E",
    "class A:\n n = 3\n x = [n for i in range(1)]", "class A:\n a = [1]\n x = [i for i in a if i in a]",
]  # fmt: skip
_WORKING = [
    "class A:\n def __init__(self): self.set('x', 1)\n def set(self, k, v): setattr(self, k, v)\nA().x",
    "class B:\n def start(self): self.x = 1\nclass A(B):\n def __init__(self): self.start()\nA().x",
    "class A:\n def __getattr__(self, k): return k\nA().x", "class A:\n def __getattribute__(self, k): return 1\nA().x",
    "class A: ...\na = A()\na.x = 1\na.x", "class A: ...\ndef make():\n a = A()\n fill([a])\n return a\ndef fill(every):\n for a in every: a.x = 1\nmake().x", "class A: ...\nA.x = 1\nA().x", "def f(): ...\nf.x = 1\nf.x",
    "class M(type):\n def __iter__(self): return iter(())\nclass A(metaclass=M): ...\nfor i in A: ...",
    "class A:\n def __radd__(self, o): return 1\n1 + A()", "class A:\n def __index__(self): return 2\n[1] * A()",
    "class A:\n def __getitem__(self, i): raise IndexError\nfor i in A(): ...",
    "class A:\n def __gt__(self, o): return True\n1 < A()", "class A:\n def __iter__(self): return iter(())\nx = []\nx += A()\n1 in A()",
    "class A:\n def __eq__(self, o): ...\n __hash__ = object.__hash__\n{A()}", "class A(int): ...\nA() + 1\n-A()\n{A()}\nA() < 2",
    "class A(dict): ...\nA()['a'] = 1\nlen(A())\nfor i in A(): ...", "class A(Exception): ...\nA().args",
    "class A:\n @property\n def x(self): return 1\n @x.setter\n def x(self, v): ...\nA().x = 2",
    "class A:\n @property\n def x(self): return 1\nclass B(A):\n @A.x.setter\n def x(self, v): ...\nB().x = 2",
    "class A:\n __slots__ = ('x', '__dict__')\nA().y = 1", "class B: ...\nclass A(B):\n __slots__ = ()\nA().y = 1",
    "class A:\n def __enter__(self): ...\n def __exit__(self, *a): ...\nwith A(): ...", "class A: ...\nA | None", "'%s' % (lambda: 1)",
    _DATA + "A(1)\nA(x=2)\n{A(3): 1}", "from collections import namedtuple\nnamedtuple('A', 'a b', defaults=(1,))(2)",
    "class A:\n @property\n def x(self):\n  if self.y: raise ValueError\n  return 1\n y = 0\nA().x",
    _ENUM + "class E(Enum):\n A = 1\n B = 1\nE.A.name\nE.A.value\nE(1)\nE['A']\n{E.A}", _ENUM + "class E(IntEnum):\n A = '1'\nE.A + 1",
    _ENUM + "class E(Enum):\n def __init__(self, a, b): self.c = a\n A = (1, 2)\nE.A.c", _ENUM + "class E(Enum):\n _ignore_ = ['x']\n x = 2\n A = 1",
    _ENUM + "@unique\nclass E(Enum):\n A = 1\n B = 2\n C = '1'", _ENUM + "class E(str, Enum):\n A = 'a'\nE.A.upper()\nE.A + 'x'",
    "import logging\nlogging.getLogger('a')\nlogging.getLogger(None)", "import threading\nthreading.Thread(target=print, daemon=True)",
    "from typing import Callable, TypeVar, Union\nT = TypeVar('T')\nCallable[[T], Union[int, T]]\nCallable[..., None]",
    "class E(Exception):\n def __init__(self, a=1): ...\ntry:\n raise E\nexcept E: ...", "f'{5:>{10}}'\nf'{1.5:.2f}'\nf'{\"a\":>5}'",
    "class M(type):\n def __new__(m, n, b, d): return super().__new__(m, n, b, d)\nclass A(metaclass=M): ...\nA()",
    "class D:\n def __get__(self, i, o): return 1\n def __set__(self, i, v): ...\nclass A:\n x = D()\nA().x = A.x",
    "from typing import Protocol\nclass P(Protocol): ...\nclass A(P): ...\nA()", "x = []\nx += 'ab'\nx += (1,)\ny = {}\ny |= {1: 2}",
    "f = lambda **a: a\nf(b=1, **{'a': 2})", "'a' in 'abc'\n1 in [1]\nb'a' in b'abc'", "eval(' 1')\nexec('x = 1')",
    "from collections import namedtuple\nclass A(namedtuple('A', 'a')):\n def __new__(cls, a): return super().__new__(cls, a)\nA(1).a\nA(1)._replace(a=2)",
    "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n x: int = 1\nA(1) < A(2)\nA().x",
    "n = 1\nclass A:\n n = 2\n x = [n for i in 'a']", "class A:\n n = [2]\n x = [i for i in n]", "x = [1]\n[*x].index(1)",
]  # fmt: skip


def _ends_here(source: str) -> type[BaseException] | None:
    try:
        exec(source, {"__name__": "plugin"})
    except BaseException as error:
        return type(error)
    return None


@pytest.mark.parametrize("source", _FAILING)
def test_what_python_refuses_is_no_pass(tmp_path: Path, source: str) -> None:
    """The import is said to fail as here, or what comes of it is in doubt."""
    wanted = _ends_here(source)
    facts = read(tmp_path, source + "\nlast = 1\n")
    assert wanted is not None
    if facts.outcome is Outcome.FAILED:
        assert facts.error is not None
        assert facts.error.type == wanted.__name__
    else:
        assert doubted(facts, "last")


@pytest.mark.parametrize("source", _WORKING)
def test_what_works_is_not_doubted(tmp_path: Path, source: str) -> None:
    """What a class sets in another way, brings from C, or turns around is supported."""
    assert _ends_here(source) is None
    assert has(read(tmp_path, source + "\nlast = 1\n"), "last")


@pytest.mark.parametrize("source", _FAILING[::4])
def test_what_raises_may_be_caught(tmp_path: Path, source: str) -> None:
    """A handler for whatever fails is one of the ways that the target may go."""
    inner = "\n".join(f"    {line}" for line in source.splitlines())
    facts = read(tmp_path, f"try:\n{inner}\nexcept Exception:\n    caught = 1\n")
    assert has(facts, "caught") or doubted(facts, "caught")


def test_a_comprehension_in_a_class_does_not_see_its_names(tmp_path: Path) -> None:
    """Only what it runs over is evaluated in the class's body."""
    facts = read(tmp_path, "n = 1\nclass A:\n    n = 2\n    x = [n for i in range(n)]\n")
    found = next(each for each in facts.classes[0].members if each.name == "x")
    assert found.value is not None
    assert found.value.text == "[1, 1]"


def test_what_a_dataclass_does_after_init_counts(tmp_path: Path) -> None:
    """`__post_init__` is run by the constructor that the decorator makes."""
    source = "from dataclasses import dataclass\nx = 1\n@dataclass\nclass A:\n    y: int\n    def __post_init__(self):\n        global x\n        x = 'two'\nA(1)\n"
    facts = read(tmp_path, source)
    shown = next(each.value for each in facts.variables if each.name == "x")
    assert shown is not None
    assert doubted(facts, "x") or shown.is_cut or shown.scalar == "two"
