"""What other checkers take for present although it is gone after the import; none of it may be decided present."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, has, member_is_sure, read

GONE = {
    "exec by its module": 'import builtins\nbuiltins.exec("del f")',
    "exec by another name": 'from builtins import exec as e\ne("del f")',
    "exec by a computed name": 'import builtins\ngetattr(builtins, "ex" + "ec")("del f")',
    "exec by a name that is not known": 'import builtins, os\ngetattr(builtins, os.environ.get("X", "exec"))("del f")',
    "exec of a text that is not known": 'import os\nexec(os.environ.get("X", "del f"))',
    "eval": "eval(\"globals().pop('f')\")",
    "globals by another name": 'g = globals\ng().pop("f")',
    "globals in a container": 'box = [globals()]\nbox[0].pop("f")',
    "globals in a dict": 'box = {"g": globals}\nbox["g"]().pop("f")',
    "globals through a function": 'def use(n):\n    n.pop("f")\nuse(globals())',
    "globals handed to the unknown": 'import operator\noperator.delitem(globals(), "f")',
    "vars": 'del vars()["f"]',
    "locals": 'locals().pop("f")',
    "the module's dict": 'import sys\nsys.modules[__name__].__dict__.pop("f")',
    "the module by get": 'import sys\ndelattr(sys.modules.get(__name__), "f")',
    "sys by another name": 'import sys as s\nm = s.modules\ndelattr(m[__name__], "f")',
    "import_module of itself": 'import importlib\ndelattr(importlib.import_module(__name__), "f")',
    "__import__ of itself": 'delattr(__import__(__name__), "f")',
    "its own import": "import plugin\ndel plugin.f",
    "a frame": 'import sys\nsys._getframe().f_globals.pop("f")',
    "a frame of a function": 'import sys\ndef k():\n    sys._getframe(1).f_globals.pop("f")\nk()',
    "inspect": 'import inspect\ninspect.currentframe().f_globals.pop("f")',
    "a function's globals": 'f.__globals__.pop("f")',
    "global in a function": "def kill():\n    global f\n    del f\nkill()",
    "global in a method": "class K:\n    def __init__(self):\n        global f\n        del f\nK()",
    "global in a decorator": "def kill(g):\n    global f\n    del f\n    return g\n@kill\ndef other(): ...",
    "global in a lambda's function": "def kill():\n    global f\n    del f\n(lambda: kill())()",
    "global in a callback": "def kill(*_):\n    global f\n    del f\nlist(map(kill, [1]))",
    "global in a key function": "def kill(x):\n    global f\n    f = 1\n    return x\nsorted([1, 2], key=kill)",
    "global in a property of an instance": "class K:\n    def __call__(self):\n        global f\n        del f\nK()()",
    "global in __set_name__": "class D:\n    def __set_name__(self, o, n):\n        global f\n        del f\nclass A:\n    d = D()",
    "global in __init_subclass__": "class B:\n    def __init_subclass__(cls):\n        global f\n        del f\nclass A(B): ...",
    "a default": 'def other(x=globals().pop("f")): ...',
    "an annotation": 'def other(x: globals().pop("f")): ...',
    "a variable's annotation": 'x: globals().pop("f") = 1',
    "a return annotation": 'def other() -> globals().pop("f"): ...',
    "a decorator": '@(globals().pop("f") and (lambda g: g))\ndef other(): ...',
    "a base": 'class A(globals().pop("f") and object): ...',
    "a class keyword": 'class A(metaclass=globals().pop("f") and type): ...',
    "a class body": 'class A:\n    globals().pop("f")',
    "a condition": 'if globals().pop("f"): ...',
    "a loop": 'for _ in [globals().pop("f")]: ...',
    "a while": 'while globals().pop("f", None): ...',
    "with": 'import contextlib\nwith contextlib.nullcontext(globals().pop("f")): ...',
    "an except": 'try:\n    raise ValueError\nexcept (ValueError, globals().pop("f") and KeyError): ...',
    "a finally": "try: ...\nfinally:\n    del f",
    "a match": 'match globals().pop("f"):\n    case _: ...',
    "a guard": 'match 1:\n    case 1 if globals().pop("f"): ...',
    "an assertion": 'assert globals().pop("f")',
    "a subscript": '[0][globals().pop("f") and 0]',
    "a slice": '[0][globals().pop("f") and 0:]',
    "an f-string": "f\"{globals().pop('f')}\"",
    "a format": "f\"{1:{globals().pop('f') and 3}}\"",
    "a comprehension": '[globals().pop(n) for n in ["f"]]',
    "a generator that runs": 'list(globals().pop(n) for n in ["f"])',
    "a walrus": "(f := 1)",
    "a comparison": '1 < (globals().pop("f") and 2)',
    "a conditional": 'globals().pop("f") if True else 0',
    "an and": 'True and globals().pop("f")',
    "a star argument": 'print(*[globals().pop("f")])',
    "a loop variable": "for f in (1, 2): ...",
    "an exception's name": "try:\n    raise ValueError\nexcept ValueError as f: ...",
    "a with target": "import io\nwith io.StringIO() as f: ...",
    "an import": "import os as f",
    "a star import": "from os import *\ndel f",
    "a capture": "match 1:\n    case f: ...",
    "a loop that deletes": 'for n in ("f", "g"):\n    globals().pop(n, None)',
    "an update": 'globals().update({"f": 1})',
    "an update that is not known": "import os\nglobals().update(dict(os.environ))",
    "an in-place or": "n = globals()\nn |= {'f': 1}",
    "setattr": 'import sys\nsetattr(sys.modules[__name__], "f", 1)',
    "dict methods": 'dict.pop(globals(), "f")',
    "a bound method of its dict": 'p = globals().pop\np("f")',
    "partial": 'import functools\nfunctools.partial(globals().pop, "f")()',
    "a class called f": "class f: ...",
    "a star target": "*f, = [1]",
    "__builtins__": '(__builtins__["exec"] if isinstance(__builtins__, dict) else __builtins__.exec)("del f")',
    "code compiled before": 'exec(compile("del f", "x", "exec"))',
    "a nested function that is nested": "def a():\n    def b():\n        global f\n        del f\n    b()\na()",
    "a recursive function": "def a(n):\n    global f\n    if n:\n        a(n - 1)\n    else:\n        del f\na(3)",
    "deep recursion": "def a(n):\n    global f\n    if n:\n        a(n - 1)\n    else:\n        del f\na(50)",
    "a long loop": "i = 0\nwhile i < 10000:\n    i += 1\nif i == 10000:\n    del f",
    "a generator that is consumed": "def a():\n    global f\n    del f\n    yield 1\nlist(a())",
    "a static method": "class K:\n    @staticmethod\n    def k():\n        global f\n        del f\nK.k()",
    "a class method": "class K:\n    @classmethod\n    def k(cls):\n        global f\n        del f\nK.k()",
    "an operator": "class K:\n    def __add__(self, o):\n        global f\n        del f\nK() + 1",
    "an index": "class K:\n    def __getitem__(self, o):\n        global f\n        del f\nK()[1]",
    "an attribute": "class K:\n    def __getattr__(self, o):\n        global f\n        del f\nK().x",
    "a property": "class K:\n    @property\n    def x(self):\n        global f\n        del f\nK().x",
    "a truth": "class K:\n    def __bool__(self):\n        global f\n        del f\n        return True\nif K(): ...",
    "an iteration": "class K:\n    def __iter__(self):\n        global f\n        del f\n        return iter(())\nfor _ in K(): ...",
    "a context": "class K:\n    def __enter__(self):\n        global f\n        del f\n    def __exit__(self, *a): ...\nwith K(): ...",
    "a text of an object": "class K:\n    def __str__(self):\n        global f\n        del f\n        return ''\nstr(K())",
    "an f-string of an object": "class K:\n    def __format__(self, s):\n        global f\n        del f\n        return ''\nf'{K()}'",
    "a comparison of objects": "class K:\n    def __eq__(self, o):\n        global f\n        del f\nK() == 1",
    "a metaclass": "class M(type):\n    def __new__(m, *a):\n        global f\n        del f\n        return super().__new__(m, *a)\nclass A(metaclass=M): ...",
    "a metaclass's __prepare__": "class M(type):\n    @classmethod\n    def __prepare__(m, *a):\n        global f\n        del f\n        return {}\nclass A(metaclass=M): ...",
    "a set": "class D:\n    def __set__(self, o, v):\n        global f\n        del f\nclass A:\n    x = D()\nA().x = 1",
}


@pytest.mark.parametrize("trick", GONE)
def test_a_function_that_is_gone_is_not_decided_present(tmp_path: Path, trick: str) -> None:
    """After the import, `f` is no function any more: the resolver says so, or that it does not know."""
    source = f"def f(): ...\n{GONE[trick]}\n"
    facts = read(tmp_path, source)
    assert not (has(facts, "f") and any(each.name == "f" for each in facts.functions)), facts
    assert not against_probe(tmp_path, source).wrong


LOST = {
    "setattr of a class": "class A:\n    def m(self): ...\nsetattr(A, 'm', 1)",
    "type.__setattr__": "class A:\n    def m(self): ...\ntype.__setattr__(A, 'm', 1)",
    "type.__delattr__": "class A:\n    def m(self): ...\ntype.__delattr__(A, 'm')",
    "del": "class A:\n    def m(self): ...\ndel A.m",
    "delattr with a computed name": "class A:\n    def m(self): ...\ndelattr(A, ''.join(['m']))",
    "an alias": "class A:\n    def m(self): ...\nB = A\nB.m = 1",
    "a loop": "class A:\n    def m(self): ...\nfor k in [A]:\n    k.m = None",
    "a function": "class A:\n    def m(self): ...\ndef kill(k):\n    del k.m\nkill(A)",
    "a decorator": "def kill(k):\n    del k.m\n    return k\n@kill\nclass A:\n    def m(self): ...",
    "a decorator that returns another": "def other(k):\n    return type('A', (), {})\n@other\nclass A:\n    def m(self): ...",
    "a base's __init_subclass__": "class B:\n    def __init_subclass__(cls):\n        del cls.m\nclass A(B):\n    def m(self): ...",
    "a metaclass's __new__": "class M(type):\n    def __new__(k, n, b, ns):\n        ns.pop('m', None)\n        return super().__new__(k, n, b, ns)\nclass A(metaclass=M):\n    def m(self): ...",
    "a metaclass's __init__": "class M(type):\n    def __init__(c, n, b, ns):\n        del c.m\nclass A(metaclass=M):\n    def m(self): ...",
    "a function for a metaclass": "def M(n, b, ns):\n    ns.pop('m')\n    return type(n, b, ns)\nclass A(metaclass=M):\n    def m(self): ...",
    "a base's metaclass": "class M(type):\n    def __init__(c, n, b, ns):\n        if 'm' in ns: del c.m\nclass B(metaclass=M): ...\nclass A(B):\n    def m(self): ...",
    "__set_name__": "class D:\n    def __set_name__(self, o, n):\n        del o.m\nclass A:\n    def m(self): ...\n    d = D()",
    "vars of the body": "class A:\n    def m(self): ...\n    vars().pop('m')",
    "exec in the body": "class A:\n    def m(self): ...\n    exec('del m')",
    "del in the body": "class A:\n    def m(self): ...\n    del m",
    "a condition that is not known": "import os\nclass A:\n    if os.environ.get('X'):\n        def m(self): ...",
    "an instance's class": "class A:\n    def m(self): ...\ndel A().__class__.m",
    "its type": "class A:\n    def m(self): ...\ndel type(A()).m",
    "its own name in a method that runs": "class A:\n    def m(self): ...\n    def __init__(self):\n        del A.m\nA()",
    "a class method that runs": "class A:\n    def m(self): ...\n    @classmethod\n    def k(cls):\n        del cls.m\nA.k()",
    "bases replaced": "class B:\n    def m(self): ...\nclass C: ...\nclass A(B): ...\nA.__bases__ = (C,)",
    "__subclasses__": "class B: ...\nclass A(B):\n    def m(self): ...\ndel B.__subclasses__()[0].m",
    "mro": "class A:\n    def m(self): ...\ndel A.__mro__[0].m",
}


@pytest.mark.parametrize("trick", LOST)
def test_a_method_that_is_gone_is_not_decided_present(tmp_path: Path, trick: str) -> None:
    """After the import, `A.m` is no method any more: the resolver says so, or that it does not know."""
    facts = read(tmp_path, LOST[trick] + "\n")
    found = [each for kind in facts.classes if kind.name == "A" for each in kind.members if each.name == "m"]
    assert not (member_is_sure(facts, "A", "m") and found[0].kind == "method"), facts.classes
    assert not against_probe(tmp_path, LOST[trick] + "\n").wrong


FAILING = {
    "raise": "raise RuntimeError('no')",
    "raise in a function": "def check():\n    raise RuntimeError('no')\ncheck()",
    "assert": "assert False, 'no'",
    "a missing module": "import there_is_no_such_module",
    "a missing submodule": "import json.there_is_none",
    "a missing name": "from json import there_is_none",
    "a missing attribute": "import json\njson.there_is_none",
    "sys.exit": "import sys\nsys.exit(3)",
    "SystemExit": "raise SystemExit(4)",
    "exit": "exit()",
    "a variable that must be set": "import os\nTOKEN = os.environ['SPYBUILD_NO_SUCH_TOKEN']",
    "a check of a variable": "import os\nif not os.environ.get('SPYBUILD_NO_SUCH_TOKEN'):\n    raise RuntimeError('set it')",
    "a function that checks one": "import os\ndef need(n):\n    v = os.environ.get(n)\n    if not v:\n        raise RuntimeError(n)\n    return v\nT = need('SPYBUILD_NO_SUCH_TOKEN')",
    "a syntax error": "def f(:",
    "return at the top": "return 1",
    "a re-raise": "try:\n    import there_is_no_such_module\nexcept ImportError:\n    raise",
    "a deleted name": "def g(): ...\ndel g\ndel g",
}


@pytest.mark.parametrize("trick", FAILING)
def test_a_module_whose_import_fails_has_nothing_for_sure(tmp_path: Path, trick: str) -> None:
    """A module that raises or exits at its import has no function `f`."""
    source = f"def f(): ...\n{FAILING[trick]}\n"
    facts = read(tmp_path, source)
    assert not (facts.outcome == "imported" and has(facts, "f")), facts
    assert not against_probe(tmp_path, source).wrong
