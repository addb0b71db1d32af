"""Metaclasses that are written in Python: what they make of a class, and what nobody can know of it."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe

DECIDED = {
    "members that __new__ takes out of the namespace": "class F: ...\nclass M(type):\n    def __new__(mcs, name, bases, attrs):\n        attrs['declared'] = {k: attrs.pop(k) for k, v in list(attrs.items()) if isinstance(v, F)}\n        c = super().__new__(mcs, name, bases, attrs)\n        return c\nclass A(metaclass=M):\n    x = F()\n    y = 1\n    def f(self): return super().g()\n    def __init__(self): super().__init__()\n",
    "what __init__ asks of the namespace": "class M(type):\n    def __init__(cls, name, bases, kwds):\n        super().__init__(name, bases, kwds)\n        if 'tag' in kwds and kwds['tag'] is not None: cls.tagged = lambda self: 1\nclass A(metaclass=M):\n    tag = None\nclass B(A):\n    tag = 'x'; n = 1\n    def f(self): ...\n",
    "methods that run later": "class M(type):\n    def __call__(cls, *a): return type.__call__(cls, *a)\n    def __len__(cls): return 3\n    def __iter__(cls): return iter(())\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\na = A()\n",
    "a member that __new__ wraps": "class M(type):\n    def __new__(mcs, name, bases, d):\n        if 'f' in d: d['f'] = wrap(d['f'])\n        return type.__new__(mcs, name, bases, d)\ndef wrap(f):\n    def inner(text): return f(text)\n    inner.__doc__ = f.__doc__\n    return staticmethod(inner)\nclass A(metaclass=M):\n    'doc'\n    x: int = 1\n    def f(text): ...\n",
    "a class that is its own metaclass": "class S(type):\n    def __new__(cls, name, bases, namespace, **kwds):\n        assert bases == (S,)\n        v = super().__new__(cls, name, bases, namespace, **kwds)\n        v.__class__ = v\n        return v\n    def __repr__(self): return self.__name__\nclass A(S, metaclass=S): ...\nclass B(S, metaclass=S):\n    x = 1\n",
    "a metaclass that derives from ABCMeta": "import abc\nclass M(abc.ABCMeta):\n    def __new__(mcs, name, bases, ns, **kw):\n        ns['y'] = 2\n        return super().__new__(mcs, name, bases, ns, **kw)\nclass A(metaclass=M):\n    @abc.abstractmethod\n    def f(self): ...\nclass B(A):\n    def f(self): ...\n",
    "a comprehension over the namespace": "class M(type):\n    def __new__(mcs, name, bases, ns):\n        new = {k: v for k, v in ns.items() if k != 'x'}\n        return super().__new__(mcs, name, bases, new)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n",
    "a loop over the namespace, and a method of the metaclass": "class F: ...\nclass M(type):\n    def __new__(mcs, name, bases, attrs):\n        fields = [(n, v) for n, v in attrs.items() if isinstance(v, F)]\n        for n, _ in fields: del attrs[n]\n        c = super().__new__(mcs, name, bases, attrs)\n        c._declared = dict(fields)\n        return c\n    def __init__(cls, name, bases, attrs):\n        super().__init__(name, bases, attrs)\n        cls.hooks = cls.resolve()\n    def resolve(cls): return [1]\nclass A(metaclass=M):\n    x = F()\n    def f(self): ...\n",
    "keywords of a class": "class M(type):\n    def __new__(mcs, name, bases, ns, *, tag=None, **kw):\n        ns['tag'] = tag\n        return super().__new__(mcs, name, bases, ns, **kw)\n    def __init__(cls, name, bases, ns, **kw): super().__init__(name, bases, ns)\nclass A(metaclass=M, tag='q'):\n    x = 1\n",
    "a virtual subclass": "import collections.abc as abc\n@abc.Mapping.register\nclass A:\n    def f(self): ...\n@abc.Sized.register\nclass B(A): ...\n",
    "an enum's metaclass with methods": "import enum\nclass M(enum.EnumMeta):\n    def __contains__(cls, x): return True\n    @property\n    def choices(cls): return 1\nclass A(enum.Enum, metaclass=M):\n    X = 1\n",
    "a metaclass that is called": "class M(type): ...\nX = M('X', (), {'a': 1})\n",
    "an instance that a metaclass makes": "def f(): ...\nclass M(type):\n    def __call__(cls, *a): return super().__call__(*a)\nclass A(metaclass=M):\n    def __init__(self):\n        global f\n        del f\nA()\n",
    "the metaclass that derives from the others": "class M(type): ...\nclass N(M):\n    def __init__(c, *a): c.z = 1\nclass A(metaclass=M): ...\nclass B(metaclass=N): ...\nclass C(A, B): ...\n",
    "another name and module": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['__qualname__'] = 'Q'; ns['__module__'] = 'w'\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "names that are renamed": "class M(type):\n    def __new__(m, n, b, ns):\n        for k in list(ns):\n            if k.startswith('f'): ns[k + '2'] = ns.pop(k)\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "updates": "class M(type):\n    def __new__(m, n, b, ns):\n        ns.update(x=2, y=3)\n        ns.update({'f': 5})\n        ns |= {'h': 1}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a class in between": "class M(type):\n    def __new__(m, n, b, ns):\n        class Inner(metaclass=O):\n            q = 1\n        ns['Inner'] = Inner\n        return super().__new__(m, n, b, ns)\nclass O(type):\n    def __new__(m, n, b, ns):\n        ns['r'] = 2\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n",
    "arguments passed on": "class M(type):\n    def __new__(m, *a, **k):\n        a[2]['z'] = 1\n        return super().__new__(m, *a, **k)\n    def __init__(c, *a, **k):\n        super().__init__(*a, **k)\n        c.w = 1\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "metaclasses that derive": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['a' + n] = 1\n        return super().__new__(m, n, b, ns)\nclass N(M):\n    def __new__(m, n, b, ns):\n        ns.pop('x', None)\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M): x = 1\nclass B(A, metaclass=N): x = 1\nclass C(B): x = 1\n",
    "__init_subclass__ that __new__ adds": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['__init_subclass__'] = lambda cls: setattr(cls, 'sub', 1)\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nclass B(A): ...\n",
    "names that are deleted": "class M(type):\n    def __new__(m, n, b, ns):\n        del ns['x'], ns['f']\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "what the compiler adds": "class M(type):\n    def __new__(m, n, b, ns):\n        if '__module__' in ns: ns['z'] = 1\n        if '__doc__' not in ns: ns['w'] = 2\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
}


@pytest.mark.parametrize("feature", DECIDED)
def test_what_a_metaclass_makes_is_decided_as_the_probe_has_it(tmp_path: Path, feature: str) -> None:
    """Its `__new__` and `__init__` are followed: the class has what they leave in it, and nothing is in doubt."""
    tally = against_probe(tmp_path, DECIDED[feature])
    assert not tally.wrong
    assert not tally.undecided, tally.reasons


HOSTILE = {
    "abstract methods that are none": "import abc\nclass M(abc.ABCMeta):\n    def __init__(c, n, b, ns):\n        c.__abstractmethods__ = frozenset()\nclass A(metaclass=M):\n    @abc.abstractmethod\n    def f(self): ...\ntry:\n    v = A()\n    q = 1\nexcept TypeError: r = 1\n",
    "del of what is not there": "class M(type):\n    def __init__(c, n, b, ns):\n        del c.x\n        del c.nope\ntry:\n    class A(metaclass=M):\n        x = 1\nexcept AttributeError: z = 1\n",
    "a prepared namespace with ways of its own": "import collections\nclass M(type):\n    def __prepare__(*a): return collections.defaultdict(int)\nclass A(metaclass=M):\n    x = undefined_name\n",
    "__class_getitem__ that sets": "class A:\n    def __class_getitem__(cls, k): cls.z = 1; return 5\nv = A[int]\n",
    "a return in finally": "class M(type):\n    def __new__(m, n, b, ns):\n        try:\n            return super().__new__(m, n, b, ns)\n        finally:\n            return 5\nclass A(metaclass=M):\n    x = 1\n",
    "a register of its own": "import abc\nclass MM(abc.ABCMeta):\n    def register(cls, k):\n        k.z = 1\n        return 5\nclass H(metaclass=MM): ...\n@H.register\nclass A:\n    x = 1\n",
    "a thread": "import threading\nclass M(type):\n    def __init__(c, n, b, ns):\n        t = threading.Thread(target=lambda: setattr(c, 'z', 1)); t.start(); t.join()\nclass A(metaclass=M):\n    x = 1\n",
    "setattr by another name": "import functools\nclass M(type):\n    def __init__(c, n, b, ns):\n        functools.partial(setattr, c, 'u')(1)\n        (lambda s=setattr: s(c, 'w', 1))()\n        c.__setattr__('v', 1) if False else type(c).__setattr__(c, 'v', 1)\nclass A(metaclass=M):\n    x = 1\n",
    "code in a text": "class M(type):\n    def __init__(c, n, b, ns):\n        eval(\"setattr(c, 'z', 1)\")\nclass A(metaclass=M):\n    x = 1\n",
    "a namespace that is changed afterwards": "class M(type):\n    def __new__(m, n, b, ns):\n        k = ns\n        c = super().__new__(m, n, b, ns)\n        k['z'] = 1\n        del ns['x']\n        return c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "an empty namespace": "class M(type):\n    def __new__(m, n, b, ns):\n        return super().__new__(m, n, b, {})\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "type.__new__ twice": "class M(type):\n    def __new__(m, n, b, ns):\n        c = super().__new__(m, n, b, ns)\n        ns['z'] = 1\n        d = super().__new__(m, n, b, ns)\n        return c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "other bases": "class B:\n    y = 1\nclass M(type):\n    def __new__(m, n, b, ns):\n        return super().__new__(m, n, (B,), ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "no __module__": "class M(type):\n    def __new__(m, n, b, ns):\n        ns = {k: v for k, v in ns.items() if not k.startswith('__')}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "no __module__, and ABCMeta": "import abc\nclass M(abc.ABCMeta):\n    def __new__(m, n, b, ns):\n        ns = {k: v for k, v in ns.items() if not k.startswith('__')}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "ABCMeta called": "import abc\nX = abc.ABCMeta('X', (), {'a': 1, 'f': lambda self: 1})\n",
    "ABCMeta called, and a base that is told": "import abc\nclass B:\n    def __init_subclass__(cls): cls.z = 1\nX = abc.ABCMeta('X', (B,), {'a': 1})\n",
    "type called with what is not known": "import random\nX = type('X', (), {random.choice('ab'): 1, 'c': 2})\n",
    "a metaclass called": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['z'] = 1\n        return super().__new__(m, n, b, ns)\nX = M('X', (), {'a': 1})\n",
    "popitem": "class M(type):\n    def __new__(m, n, b, ns):\n        ns.popitem()\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "clear": "class M(type):\n    def __new__(m, n, b, ns):\n        ns.clear()\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "an annotation": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['__annotations__']['x'] = str\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x: int = 1\n",
    "other annotations": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['__annotations__'] = {'x': str}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x: int = 1\n",
    "an annotation afterwards": "class M(type):\n    def __init__(c, n, b, ns):\n        c.__annotations__['x'] = str\nclass A(metaclass=M):\n    x: int = 1\n",
    "no annotations": "class M(type):\n    def __new__(m, n, b, ns):\n        ns.pop('__annotations__')\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x: int = 1\n",
    "a registry with items": "class R:\n    def __setitem__(self, k, v): v.z = 1; del v.x\nclass M(type):\n    def __init__(c, n, b, ns):\n        R()[n] = c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a comparison": "class R:\n    def __eq__(self, v): v.z = 1; del v.x; return True\nclass M(type):\n    def __init__(c, n, b, ns):\n        R() == c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "an index": "class R:\n    def __getitem__(self, v): v.z = 1; del v.x; return True\nclass M(type):\n    def __init__(c, n, b, ns):\n        R()[c]\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a setter": "class R:\n    @property\n    def p(self): ...\n    @p.setter\n    def p(self, v): v.z = 1; del v.x\nclass M(type):\n    def __init__(c, n, b, ns):\n        R().p = c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "map": "def h(v): v.z = 1; del v.x\nclass M(type):\n    def __init__(c, n, b, ns):\n        list(map(h, [c]))\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a closure that is kept": "G = []\nclass M(type):\n    def __init__(c, n, b, ns):\n        def late(): c.z = 1\n        G.append(late)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nG[0]()\n",
    "a keyword that nobody takes": "class M(type):\n    def __new__(m, n, b, ns, **k):\n        return super().__new__(m, n, b, ns, **k)\nclass A(metaclass=M, tag=1):\n    x = 1\n",
    "a metaclass's metaclass": "class MM(type):\n    def __call__(m, n, b, ns): return 5\nclass M(type, metaclass=MM): ...\nclass A(metaclass=M):\n    x = 1\n",
    "another __new__": "class M(type):\n    def __new__(m, n, b, ns):\n        return super().__new__(m, n, b, ns)\nM.__new__ = lambda m, n, b, ns: 5\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "another class": "class B:\n    y = 1\nclass M(type):\n    def __new__(m, n, b, ns):\n        return B\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "another metaclass": "class M(type):\n    def __new__(m, n, b, ns): return type.__new__(N, n, b, ns)\nclass N(type):\n    def __init__(c, *a): c.z = 1\nclass A(metaclass=M):\n    x = 1\n",
    "a condition": "class M(type):\n    def __new__(m, n, b, ns):\n        import os\n        if os.environ.get('PATH'): ns['z'] = 1\n        else: del ns['x']\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a condition on the class": "class M(type):\n    def __new__(m, n, b, ns):\n        import os\n        c = super().__new__(m, n, b, ns)\n        if os.environ.get('PATH'): c.z = 1\n        else: c.w = 1\n        return c\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "an exception on the way": "class M(type):\n    def __new__(m, n, b, ns):\n        try:\n            ns['nope']\n            ns['z'] = 1\n        except KeyError: ns['w'] = 1\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "delattr of what dir tells": "class M(type):\n    def __init__(c, n, b, ns):\n        for k in dir(c):\n            if k == 'x': delattr(c, k)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "what every class has": "class M(type):\n    def __init__(c, n, b, ns):\n        for k in list(vars(c)):\n            if k == 'x': delattr(c, k)\n        for k in c.__dict__.copy():\n            if k == '__weakref__': c.w = 1\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "__mro_entries__": "class P:\n    def __mro_entries__(self, b): return (B,)\nclass B: ...\nclass M(type):\n    def __new__(m, n, b, ns):\n        ns['z'] = len(b)\n        return super().__new__(m, n, b, ns)\nclass A(P(), metaclass=M):\n    x = 1\n",
    "__orig_bases__": "import typing\nT = typing.TypeVar('T')\nclass M(type):\n    def __new__(m, n, b, ns):\n        if '__orig_bases__' in ns: ns['z'] = len(b)\n        return super().__new__(m, n, b, ns)\nclass A(typing.Generic[T], metaclass=M):\n    x = 1\n",
    "__slots__": "class M(type):\n    def __new__(m, n, b, ns):\n        ns['__slots__'] = ('q', 'r')\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    def f(self): ...\n",
    "a generator": "def gen(c):\n    c.z = 1\n    del c.x\n    yield 1\nclass M(type):\n    def __init__(c, n, b, ns):\n        list(gen(c))\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "calls within calls": "def d1(c): d2(c)\ndef d2(c): d3(c)\ndef d3(c): d4(c)\ndef d4(c): d5(c)\ndef d5(c): d6(c)\ndef d6(c): d7(c)\ndef d7(c):\n    c.z = 1\n    del c.x\nclass M(type):\n    def __init__(c, n, b, ns):\n        d1(c)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a constructor": "class K:\n    def __init__(self, c): c.z = 1; del c.x\nclass M(type):\n    def __init__(c, n, b, ns):\n        K(c)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "no __classcell__": "class M(type):\n    def __new__(m, n, b, ns):\n        ns.pop('__classcell__', None)\n        return super().__new__(m, n, b, ns)\ntry:\n    class A(metaclass=M):\n        def f(self): return super().g()\nexcept RuntimeError: z = 1\n",
    "a class that was made before": "S = []\nclass M(type):\n    def __new__(m, n, b, ns):\n        c = super().__new__(m, n, b, ns)\n        S.append(c)\n        return S[0]\nclass A(metaclass=M):\n    x = 1\nclass B(metaclass=M):\n    y = 1\n",
    "__prepare__": "class M(type):\n    @classmethod\n    def __prepare__(m, n, b): return {'z': 1}\nclass A(metaclass=M):\n    x = 1\n",
    "exec": "class M(type):\n    def __new__(m, n, b, ns):\n        exec('z = 1', {}, ns)\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "__getattr__": "class M(type):\n    def __getattr__(c, n):\n        type.__setattr__(c, 'z', 1)\n        return 1\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nA.q\n",
    "__hash__": "class M(type):\n    def __hash__(c):\n        type.__setattr__(c, 'z', 1)\n        return 1\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n{A: 1}\n",
    "a helper that is bound again": "def h(c): ...\nclass M(type):\n    def __getattr__(c, n):\n        h(c)\n        return 1\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\ndef h(c): c.z = 1\nA.q\n",
    "__or__": "class M(type):\n    def __or__(c, o): return 5\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nv = A | None\nw = A | int\n",
    "__instancecheck__": "class M(type):\n    def __instancecheck__(c, o): return True\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nif isinstance(5, A): q = 1\nelse: r = 2\n",
    "a property __name__": "class M(type):\n    @property\n    def __name__(c): return 'zz'\n    __qualname__ = property(lambda c: 'yy')\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nv = A.__name__\nw = A.__qualname__\n",
    "a property __module__": "class M(type):\n    __module__ = property(lambda c: 'yy')\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nv = A.__module__\n",
    "a call that returns another": "class M(type):\n    def __call__(c, *a): return 5\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nv = A()\nw = A(1, 2)\n",
    "__class__ assigned": "class M(type):\n    def __init__(c, *a): c.__class__ = N\nclass N(M):\n    def __getattribute__(c, n): return 7\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\nv = A.x\nclass B(A):\n    y = 1\n",
    "a dataclass with slots": "import dataclasses\nclass M(type):\n    def __new__(m, n, b, ns):\n        ns['n%d' % len(ns)] = 1\n        return super().__new__(m, n, b, ns)\n@dataclasses.dataclass(slots=True)\nclass A(metaclass=M):\n    x: int = 1\n",
    "__setattr__, and total_ordering": "import functools\nclass M(type):\n    def __setattr__(c, n, v): pass\n@functools.total_ordering\nclass A(metaclass=M):\n    def __lt__(s, o): ...\n",
    "a condition in a comprehension": "import os\nclass M(type):\n    def __new__(m, n, b, ns):\n        {k: ns.pop(k) for k in ('x', 'f') if os.environ.get('PATH')}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a list of classes that changes them later": "class M(type):\n    R = []\n    def __init__(c, n, b, ns):\n        for o in c.R: o.later = n\n        c.R.append(c)\nclass A(metaclass=M): x = 1\nclass B(metaclass=M): x = 2\n",
    "bases that are changed": "class M(type):\n    def __init__(c, n, b, ns):\n        for o in b: o.child = c\n        if b: del b[0].x\nclass A(metaclass=M): x = 1\nclass B(A): y = 2\n",
    "mro": "class M(type):\n    def mro(c): return [c, P, object]\nclass P:\n    p = 1\nclass A(metaclass=M): x = 1\n",
    "locals": "class M(type):\n    def __new__(m, n, b, ns):\n        locals()['ns'].pop('x')\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "frames": "class M(type):\n    def __new__(m, n, b, ns):\n        import sys\n        sys._getframe().f_locals['ns'].pop('x')\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "operator.delitem": "class M(type):\n    def __new__(m, n, b, ns):\n        import operator\n        operator.setitem(ns, 'z', 1)\n        operator.delitem(ns, 'x')\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "a union with the namespace": "class M(type):\n    def __new__(m, n, b, ns):\n        ns = ns | {'z': 1}\n        return super().__new__(m, n, b, ns)\nclass A(metaclass=M):\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
    "type with three arguments": "class M(type):\n    def __init__(c, n, b, ns): c.z = 1\nclass A(metaclass=M): x = 1\nB = type('B', (A,), {'y': 1})\nC = type(A)('C', (A,), {'y': 1})\nD = M('D', (), dict(y=1))\n",
    "__setattr__": "class M(type):\n    def __setattr__(cls, n, v): pass\nclass A(metaclass=M): x = 1\nA.y = 2\n",
    "__getattr__ that sets": "class M(type):\n    def __getattr__(cls, n):\n        cls.extra = 1\n        return 2\nclass A(metaclass=M): ...\nA.foo\n",
    "a lambda": "class A(metaclass=lambda *a: 5): ...\n",
    "no class at all": "class M(type):\n    def __new__(m, *a): return 5\nclass A(metaclass=M): ...\n",
    "a property that hides a member": "class M(type):\n    @property\n    def version(cls): return 'a'\nclass A(metaclass=M): version = 1\nv = A.version\n",
    "__instancecheck__ of a subclass": "class M(type):\n    def __instancecheck__(cls, x): return False\nclass A(metaclass=M): ...\nclass B(A): ...\nif isinstance(B(), A): y = 1\n",
    "__setattr__, and dataclass": "import dataclasses\nclass M(type):\n    def __setattr__(cls, n, v): pass\n@dataclasses.dataclass\nclass A(metaclass=M):\n    x: int = 1\n",
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_metaclass_that_plays_tricks_is_not_decided_wrongly(tmp_path: Path, trick: str) -> None:
    """What is decided of its classes is so; the rest is left undecided."""
    assert not against_probe(tmp_path, HOSTILE[trick]).wrong


OTHERS = {
    "names of a class that Python adds": "class A: x = 1\nif '__module__' in vars(A): y = 1\nz = vars(A).get('__module__')\n",
    "a default for what may be there": "import os\nclass A: x = 1\nif os.environ.get('PATH'): q = 'a'\nglobals().setdefault('q', 1)\n",
    "a module of its own that is not known": "import os\nclass A:\n    __module__ = os.environ.get('PATH', 'x') + 'm'\n    def f(self): ...\n",
    "a comprehension whose test is not known": "import os\na = b = 1\n[globals().pop(n) for n in ('a', 'b') if os.environ.get('PATH')]\n",
    "tests of a comprehension, in their order": "v = [x.y for x in (None, 1) if x is not None if x.real == 2]\n",
}


@pytest.mark.parametrize("case", OTHERS)
def test_namespaces_and_comprehensions_are_not_decided_wrongly(tmp_path: Path, case: str) -> None:
    """What Python itself puts into a namespace, and what a comprehension may do, is not taken for sure."""
    assert not against_probe(tmp_path, OTHERS[case]).wrong
