"""What Python can write, read as it stands after its import: all decided, and as the probe says it."""

import sys
from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, read, target_of

DECIDED = {
    "functions": "def f(a, b=1, /, c=None, *args, d, e='x', **kw): ...\nasync def g(): ...\ndef h(): yield 1\nasync def i(): yield 1\nl = lambda x, y=2: x",
    "defaults": "A = 60 * 60\nB = -1\nC = f'{A}s'\nD = 'a' 'b' + 'c'\nE = (1, 2)\nF = [1, *E]\nG = {'a': 1}\nH = {3, 1, 2}\nI = b'x' * 3\nJ = not A\nK = 1 < 2 < 3\nL = A if A else B\nM = None or 'x'\nN = 1 / 4\nO = 2 ** 10\nP = 'a,b'.split(',')\nQ = ' x '.strip().upper()\nR = frozenset({1})\nS = ...\nT = 1j\nU = str(5) + 'x'\nV = len('abc')\nW = 'a' in 'abc'\ndef f(a=A, b=B, c=C): ...",
    "unpacking": "a, b = 1, 2\n[c, *d] = 3, 4, 5\n(e, (f, g)) = 1, (2, 3)\nh = i = 7\n(j := 8)\nk: int = 9\nl: str\nm, = [1]",
    "conditions on the target": "import sys, os, platform, typing\nfrom sys import version_info as v\nif sys.version_info >= (3, 8): a = 1\nelse: b = 1\nif v[0] == 3 and v.major == 3 and v[:2] > (3, 6): c = 1\nif sys.platform.startswith('linux'): d = 1\nif os.name == 'nt': e = 1\nif platform.system() == 'Linux': f = 1\nif typing.TYPE_CHECKING: import nothing_like_it\nif not typing.TYPE_CHECKING and __debug__: g = 1\nif __name__ == '__main__': h = 1\nif sys.byteorder == 'little': i = 1\nif sys.maxsize > 2 ** 32: j = 1\nif sys.implementation.name == 'cpython': k = 1\nif platform.python_implementation() == 'PyPy': l = 1\nx = 'y' if sys.version_info < (3,) else 'z'",
    "imports that fail": "try:\n    import json.there_is_none\nexcept ImportError:\n    there_is_none = None\nelse:\n    no = 1\ntry:\n    from json import there_is_none as x\nexcept ImportError:\n    x = 1\ntry:\n    import json\nexcept ImportError:\n    json = None\ntry:\n    from json import nope\nexcept (ImportError, AttributeError) as e:\n    nope = 2\nfinally:\n    done = True",
    "deletion": "a = 1\ndel a\nb = 2\ndef f(): ...\ndel f\nclass C: x = 1\ndel C.x\nfor i in (1, 2): pass\ndel i",
    "loops": "for n in ('a', 'b'):\n    globals()[n] = n\nfor i, x in enumerate([1, 2]): last = x\nwhile False: never = 1\nelse: always = 1\nz = [n * 2 for n in (1, 2, 3)]\nd = {k: v for k, v in zip('ab', (1, 2))}\nfor k in (1, 2, 3):\n    if k == 2: break\nelse: missed = 1",
    "globals by constant names": "globals()['a'] = 1\nglobals().update(b=2, **{'c': 3})\nvars()['d'] = 4\nimport sys\nsetattr(sys.modules[__name__], 'e', 5)\nexec('f = 6')\ndef g():\n    global h\n    def h(): ...\ng()",
    "re-exports": "from json import dumps, JSONDecoder as D\nfrom collections import OrderedDict, namedtuple\nimport os.path as p, json.decoder\nfrom os.path import join\nimport logging.handlers",
    "classes": "class A:\n    x = 1\n    y: int = 2\n    z: str\n    __p = 3\n    def __init__(self, a, b=1):\n        self.a = a\n        self.b: int = b\n        if a: self.c = 1\n        self.__d = 2\n        self._set()\n    def _set(self): self.e = 5\n    def other(self): self.f = 6\n    @property\n    def g(self) -> int: return 1\n    @g.setter\n    def g(self, v): ...\n    @classmethod\n    def h(cls, x): ...\n    @staticmethod\n    def i(x): ...\n    async def j(self): ...\n    class K:\n        k = 1\n    def __repr__(self): return ''\n    def __new__(cls, *a): return super().__new__(cls)\n    def __class_getitem__(cls, i): ...\n    alias = h\nclass B(A):\n    def other(self, more): ...\nclass C(B, Exception): ...",
    "abstract classes": "import abc\nfrom abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): ...\n    @property\n    @abstractmethod\n    def p(self): ...\n    @classmethod\n    @abc.abstractmethod\n    def c(cls): ...\nclass B(A):\n    def f(self): ...\nclass C(B):\n    p = 1\n    @classmethod\n    def c(cls): ...\nclass D(metaclass=abc.ABCMeta):\n    @abstractmethod\n    def f(self): ...",
    "slots": "class A:\n    __slots__ = ('a', '__b')\n    def __init__(self): self.a = 1\nclass B(A):\n    __slots__ = 'c'\nclass C(A):\n    __slots__ = {'d': 'doc'}",
    "dataclasses": "from dataclasses import dataclass, field, KW_ONLY, InitVar\nfrom typing import ClassVar\nimport dataclasses as dc\n@dataclass\nclass A:\n    a: int\n    b: str = 'x'\n    c: list = field(default_factory=list)\n    d: ClassVar[int] = 1\n    e: InitVar[int] = 2\n    f: int = field(default=3, init=False)\n    g: int = field(default=4, kw_only=True)\n    def __post_init__(self, e): self.z = e\n@dataclass(order=True)\nclass B(A):\n    _: KW_ONLY\n    h: int = 5\n@dc.dataclass(slots=True)\nclass C:\n    a: int\n    b: int = 1\n@dataclass(eq=False, repr=False, init=False)\nclass D:\n    a: int = 0\n@dataclass(unsafe_hash=True, kw_only=True)\nclass E:\n    a: int\n    def __eq__(self, o): return True\n@dataclass\nclass F(C):\n    c: 'int' = 2"
    if sys.version_info >= (3, 10)
    else "",
    "enums": "from enum import Enum, IntEnum, Flag, IntFlag, auto, unique\nclass A(Enum):\n    X = 1\n    Y = 'y'\n    Z = X\n    def f(self): ...\n    @property\n    def p(self): ...\n    _ignore_ = ['t']\n    t = 1\n@unique\nclass B(IntEnum):\n    X = auto()\n    Y = auto()\nclass C(Flag):\n    R = 1\n    W = 2\nclass D(str, Enum):\n    X = 'x'\nclass E(IntFlag):\n    A = 1\nM = A.X",
    "named tuples": "from typing import NamedTuple, Optional\nfrom collections import namedtuple\nclass A(NamedTuple):\n    a: int\n    b: str = 'x'\n    def f(self): ...\nB = namedtuple('B', 'x y z', defaults=(1,))\nC = namedtuple('C', ['p', 'q'])\nclass D(namedtuple('D', 'a b')):\n    __slots__ = ()\n    def m(self): ...",
    "typing": "from __future__ import annotations\nimport typing as t\nfrom typing import Any, Callable, Dict, Generic, List, Literal, Optional, Protocol, TypedDict, TypeVar, Union\nT = TypeVar('T')\nN = t.NewType('N', int)\nAlias = Dict[str, int]\nclass A(Generic[T]):\n    def f(self, x: T) -> List[T]: ...\nclass P(Protocol):\n    x: int\n    def f(self) -> int: ...\nclass Q(Protocol[T]): ...\nclass R(P): ...\nclass D(TypedDict, total=False):\n    a: int\nclass L(List[int]): ...\nclass M(Dict[str, T]): ...\ndef f(a: Optional[int], b: 'int | None', c: Union[int, str, None], d: Callable[[int], str], e: Literal['a', 1], g: Any, h: Alias, i: A[int], j: t.Tuple[int, ...]) -> t.Iterator[int]: ...\nx: List[int] = []",
    "decorators": "import functools, contextlib\nfrom functools import lru_cache, partial, singledispatch, wraps, total_ordering, cached_property\ndef plain(f): return f\ndef wrapping(f):\n    @wraps(f)\n    def inner(*a, **k): return f(*a, **k)\n    return inner\ndef made(n):\n    def deco(f):\n        @functools.wraps(f)\n        async def inner(*a): ...\n        return inner\n    return deco\ndef replaced(f):\n    def other(z): ...\n    return other\n@plain\ndef a(x): ...\n@wrapping\ndef b(x, y=1): ...\n@made(3)\ndef c(x): ...\n@replaced\ndef d(x): ...\n@lru_cache\ndef e(x): ...\n@lru_cache(maxsize=3)\ndef f(x): ...\n@contextlib.contextmanager\ndef g(x): yield\n@singledispatch\ndef h(x): ...\n@h.register\ndef _(x: int): ...\ni = partial(b, 1)\n@total_ordering\nclass K:\n    def __lt__(self, o): ...\n    @cached_property\n    def p(self): ...\n    @lru_cache\n    def m(self, x): ...\n    @wrapping\n    def w(self, x): ...\n    pm = functools.partialmethod(m, 1) if False else None",
    "overloads": "from typing import overload, final\n@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\ndef f(a): return a\n@final\nclass A:\n    @overload\n    def m(self, a: int): ...\n    def m(self, a): ...",
    "metaclasses and hooks that do no harm": "class M(type):\n    def helper(cls): ...\nclass A(metaclass=M): ...\nclass B:\n    registry = []\n    def __init_subclass__(cls, **kw):\n        super().__init_subclass__(**kw)\n        cls.tag = print\nclass C(B): ...\nclass D:\n    def __set_name__(self, owner, name): owner.named = len\nclass E:\n    d = D()",
    "builtin bases": "class A(dict): ...\nclass B(list):\n    def append(self, x): ...\nclass C(int): ...\nclass D(ValueError):\n    def __init__(self, a): self.a = a\nclass E(str): ...\nclass F(tuple): ...\nclass G(set): ...\nclass H(type): ...\nclass I(object): ...\nclass J(property): ...",
    "instances": "class A:\n    def __call__(self, x, y=1): ...\nclass B: ...\na = A()\nb = B()\nimport logging, re, threading, os\nlog = logging.getLogger(__name__)\nrx = re.compile('a')\nlock = threading.Lock()\nhere = os.path.dirname(__file__)\nm = [].append\nn = 'x'.upper",
    "patched classes": "class A:\n    def f(self): ...\ndef g(self, x): ...\nA.g = g\nA.h = 1\nA.k = property(g)\nA.s = staticmethod(g)\nsetattr(A, 'l', lambda self: 1)\nB = A\nB.m = classmethod(g)\ndel A.f",
    "matching": "match 1:\n    case 1: a = 1\n    case _: b = 1\nmatch 'x':\n    case 'y': c = 1\n    case other: d = other",
    "contexts": "import contextlib, io\nwith io.StringIO() as s: a = 1\nwith contextlib.suppress(ImportError):\n    import json.there_is_none\n    b = 1\nc = 1",
    "private names": "class A:\n    def __m(self): ...\n    __x = 1\n    class __B: ...\n    def f(self, __y=1): self.__z = 1\nclass _A:\n    __x = 2\n__v = 3\n_w = 4",
    "functions in classes in functions": "def f():\n    class A:\n        def m(self): ...\n    return A\nB = f()\nclass C(f()): ...\nclass D(B):\n    def n(self): ...",
    "new syntax": "def f[T](x: T) -> T: ...\nclass A[T]:\n    def m(self, x: T): ...\ntype X = list[int]\nx: X = []"
    if sys.version_info >= (3, 12)
    else "try: ...\nexcept* ValueError: ...\nx = 1",
}


@pytest.mark.parametrize("feature", DECIDED)
def test_a_feature_is_decided_as_the_probe_has_it(tmp_path: Path, feature: str) -> None:
    """Everything that the source binds is decided, and so is what it looks like."""
    tally = against_probe(tmp_path, DECIDED[feature] + "\n")
    assert not tally.wrong
    assert not tally.soft_wrong
    assert not tally.undecided, tally.reasons


UNDECIDED = {
    "a condition that is not known": ("import os\nif os.environ.get('X'): a = 1", {"a"}),
    "a function in one branch": (
        "import os\nif os.environ.get('X'):\n    def a(x): ...\nelse:\n    def a(y): ...",
        {"a"},
    ),
    "a kind that differs": ("import os\nif os.environ.get('X'):\n    def a(x): ...\nelse:\n    a = None", {"a"}),
    "a decorator that is not known": (
        "import os\n@getattr(os, os.environ.get('X', 'fspath'))\ndef a(): ...\ndef b(): ...",
        {"a"},
    ),
    "a loop that may not run": ("import os\nfor a in os.listdir('/'):\n    b = 1\nc = 1", {"a", "b"}),
    "a try that may fail": (
        "import os\ntry:\n    a = os.stat('/nowhere')\n    b = 1\nexcept OSError:\n    c = 1",
        {"a", "b", "c"},
    ),
    "a name that is bound by a name that is not known": (
        "import os\na = 1\nglobals()[os.environ.get('X', 'b')] = 2\nc = 1",
        {"a", "b"},
    ),
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_what_cannot_be_known_is_undecided_for_its_name_alone(tmp_path: Path, case: str) -> None:
    """The doubt has a reason and a line, and other names are not touched by it."""
    source, names = UNDECIDED[case]
    facts = read(tmp_path, source + "\n")
    assert {name for name in ("a", "b", "c") if doubted(facts, name)} == names
    for each in facts.undecided:
        assert each.reason
        assert each.line


def test_both_branches_decide_presence(tmp_path: Path) -> None:
    """A variable of either value is there; its value is not told."""
    facts = read(tmp_path, "import os\nif os.environ.get('X'):\n    a = 1\nelse:\n    a = 2\n")
    assert not doubted(facts, "a")
    assert facts.variables[-1].value.type == "int"
    assert facts.variables[-1].value.is_cut


def test_the_target_decides_not_the_host(tmp_path: Path) -> None:
    """Conditions on the version are those of the target."""
    source = "import sys\nif sys.version_info >= (3, 9): new = 1\nelse: old = 1\n"
    names = {each.name for each in read(tmp_path, source, target=target_of(8)).variables}
    assert "old" in names
    assert "new" not in names


def test_a_host_that_is_too_old_says_so(tmp_path: Path) -> None:
    """Syntax that this Python does not know is no syntax error of a newer target."""
    facts = read(tmp_path, "def f(: ...\n", target=target_of(sys.version_info.minor + 1))
    assert facts.outcome == "unreadable"


def test_syntax_that_is_too_new_for_the_target_fails(tmp_path: Path) -> None:
    """A walrus is a syntax error in Python 3.7."""
    assert read(tmp_path, "(x := 1)\n", target=target_of(7)).outcome == "failed"
    assert read(tmp_path, "with (open('a') as f, open('b') as g): ...\n", target=target_of(7)).outcome != "imported"


def test_a_package_has_the_submodules_that_its_import_loads(tmp_path: Path) -> None:
    """Those that nobody imports are absent; those that may be are undecided."""
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "a.py").write_text("from . import b\nfrom .c import run\n")
    (folder / "b.py").write_text("import os\nif os.environ.get('X'):\n    from . import e\n")
    (folder / "c.py").write_text("def run(x): ...\n")
    (folder / "d.py").write_text("")
    (folder / "e.py").write_text("")
    (folder / "__init__.py").write_text("from .a import run\n")
    facts = read(tmp_path, "import pkg\n", "other")
    assert facts.outcome == "imported"
    facts = read(tmp_path, "from .a import run\n", "pkg.__init__")
    names = {each.name for each in facts.variables}
    assert {"a", "b", "c"} <= names or facts.name != "pkg"


def test_a_missing_module_behind_a_module_fails_the_import(tmp_path: Path) -> None:
    """A dependency's dependency that is not in the image is found."""
    (tmp_path / "first.py").write_text('"""Text\nimport nothing_in_text\n"""\nimport second\n')
    (tmp_path / "second.py").write_text("import json.there_is_none\n")
    facts = read(tmp_path, "import first\nx = 1\n")
    assert facts.outcome == "failed"
    assert facts.error is not None
    assert facts.error.type == "ModuleNotFoundError"
    (tmp_path / "second.py").write_text("import json\n")
    assert read(tmp_path, "import first\nx = 1\n").outcome == "imported"


def test_a_parent_that_fails_fails_its_modules(tmp_path: Path) -> None:
    """A package is imported before its modules are."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("raise RuntimeError('no')\n")
    facts = read(tmp_path, "x = 1\n", "pkg.mod")
    assert facts.outcome == "failed"
    assert facts.error is not None
    assert facts.error.message == "no"


def test_a_false_standard_library_is_not_trusted(tmp_path: Path) -> None:
    """A module that only bears a well-known name means what its own source says."""
    (tmp_path / "abc").mkdir()
    (tmp_path / "functools.py").write_text("def wraps(f):\n    return lambda g: None\n")
    facts = read(tmp_path, "import functools\n@functools.wraps(len)\ndef f(): ...\n")
    assert not any(each.name == "f" for each in facts.functions) or doubted(facts, "f")


def test_a_stub_speaks_for_a_compiled_module(tmp_path: Path) -> None:
    """What a `.pyi` declares is there; what it does not mention is undecided, and so are parameters and bases."""
    from tests.static.reading import here

    suffix = here()[1].suffixes[0]
    (tmp_path / f"fast{suffix}").write_bytes(b"\x7fELF")
    (tmp_path / "fast.pyi").write_text(
        "def run(x: int, *, y: str = ...) -> bool: ...\nclass A:\n    def m(self) -> None: ...\nlimit: int\n"
    )
    facts = read(tmp_path, "from fast import run, A, limit, other\n")
    assert {each.name for each in facts.functions} == {"run"}
    assert facts.functions[0].parameters is None
    assert [(each.name, each.undecided_bases is not None) for each in facts.classes] == [("A", True)]
    assert not doubted(facts, "limit")
    assert doubted(facts, "other")


def test_what_a_base_sets_is_not_certain_where_the_constructor_cannot_be_read(tmp_path: Path) -> None:
    """A class that says it comes from another module hides whether it calls its base's constructor (httpx.Client)."""
    source = (
        "class Base:\n def __init__(self): self.x = 1\nclass Client(Base):\n def __init__(self): super().__init__()\n"
        "Client.__module__ = 'other'\n"
    )
    tally = against_probe(tmp_path, source)
    assert not tally.wrong


PROPERTIES = """
class cached(property):
    def __init__(self, fget, doc=None): super().__init__(fget, doc=doc)
    def __get__(self, instance, owner=None): return self if instance is None else 1
class A:
    @cached
    def x(self) -> int: ...
class Lookup:
    def __init__(self, f): self.f = f
    def __get__(self, instance, owner=None): return self if instance is None else lambda *a: 1
    def __call__(self, instance, *args): ...
class Proxy:
    __call__ = Lookup(lambda self, *a: 1)
p = Proxy()
"""


def test_what_derives_from_property_is_one_and_what_decides_what_is_called_has_no_signature(tmp_path: Path) -> None:
    """As werkzeug's `cached_property` and `LocalProxy`, which made flask's facts wrong."""
    tally = against_probe(tmp_path, PROPERTIES)
    assert not [each for each in tally.wrong if ".x member" in each]
    proxy = next(each for each in read(tmp_path, PROPERTIES).functions if each.name == "p")
    assert proxy.parameters is None
