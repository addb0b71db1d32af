"""What the functions of a property, and of other objects in a class, do when an attribute is used."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, doubted, has, read

SET = "globals()['seen'] = 1"
HIDDEN = {
    "a setter": f"class K:\n @property\n def a(self): ...\n @a.setter\n def a(self, v): {SET}\nK().a = 3",
    "a deleter": f"class K:\n @property\n def a(self): ...\n @a.deleter\n def a(self): {SET}\ndel K().a",
    "a setter that is passed": f"def s(self, v): {SET}\nclass K:\n a = property(None, s)\nK().a = 3",
    "a getter after a setter": (
        f"class K:\n @property\n def a(self): ...\n @a.setter\n def a(self, v): {SET}\n @a.getter\n def a(self): ...\n"
        "K().a = 3"
    ),
    "a class's own way": f"class K:\n def __setattr__(self, n, v): {SET}\nK().a = 3",
    "a class's own reading": f"class K:\n a = 1\n def __getattribute__(self, n): {SET}\nK().a",
    "a class's last resort": f"class K:\n def __getattr__(self, n): {SET}\nK().a",
    "a way that is added": f"class K: ...\ndef g(self, n): {SET}\nk = K()\nK.__getattr__ = g\nk.a",
    "an object": f"class D:\n def __get__(self, o, t): {SET}\nclass K:\n a = D()\nK().a",
    "an object asked through its class": f"class D:\n def __get__(self, o, t): {SET}\nclass K:\n a = D()\nK.a",
    "an object that is set": (
        f"class D:\n def __get__(self, o, t): ...\n def __set__(self, o, v): {SET}\nclass K:\n a = D()\nK().a = 1"
    ),
    "another class": f"class O:\n @property\n def a(self): {SET}\nclass K:\n a = 1\nk = K()\nk.__class__ = O\nk.a",
    "a property that another module reads": (f"import helper\nclass K(helper.B):\n def hook(self): {SET}\nK().a"),
    "exec by another way": "import importlib, os\nimportlib.import_module(os.environ.get('NO', 'builtins')).exec('seen = 1')",
    "globals by another way": (
        "import importlib, os\nimportlib.import_module(os.environ.get('NO', 'builtins')).globals()['seen'] = 1"
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_an_attribute_runs_is_not_overlooked(tmp_path: Path, case: str) -> None:
    """A name that is bound by what runs when an attribute is read, set or deleted is not said to be absent."""
    (tmp_path / "helper.py").write_text("class B:\n def __getattr__(self, n): return self.hook()\n")
    assert not against_probe(tmp_path, HIDDEN[case] + "\n").wrong


VALUES = {
    "through the dict": "class K: ...\nk = K()\nk.a = 1\nk.__dict__['a'] = 2\nif k.a == 1: x = 1\n",
    "through vars": "class K: ...\nk = K()\nk.a = 1\nvars(k)['a'] = 2\nif k.a == 1: x = 1\n",
    "by the metaclass": (
        "class D:\n def __get__(self, o, t): return 3\nclass M(type):\n a = property(lambda c: 9)\n"
        "class K(metaclass=M):\n a = D()\nx = K.a\nif x == 3: p = 1\n"
    ),
    "of a data descriptor": (
        "class D:\n def __get__(self, o, t): return 3\n def __set__(self, o, v): ...\nclass K:\n a = D()\n"
        "k = K()\nk.__dict__['a'] = 7\nx = k.a\nif x == 7: p = 1\n"
    ),
    "of one that steps aside": (
        "class D:\n def __get__(self, o, t):\n  setattr(o, 'a', 5)\n  delattr(o.__class__, 'a')\n  return 5\n"
        "class K: ...\nsetattr(K, 'a', D())\nk = K()\nx = k.a\ny = k.a\nif 'a' in vars(K): p = 1\n"
    ),
    "where it raises": (
        "class D:\n def __get__(self, o, t): raise AttributeError\nclass K:\n a = D()\n def __getattr__(self, n): return 8\n"
        "x = K().a\n"
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_an_attribute_is_never_taken_for_another(tmp_path: Path, case: str) -> None:
    """What an attribute is worth is what Python gives, or not known."""
    assert not against_probe(tmp_path, VALUES[case]).wrong


def test_what_an_object_gives_is_known(tmp_path: Path) -> None:
    """`__get__` is followed, for an object and for its class."""
    source = "class D:\n def __get__(self, o, t): return 3 if o is None else 4\nclass K:\n a = D()\n"
    facts = read(tmp_path, f"{source}if K.a == 3: p = 1\nif K().a == 4: q = 1\n")
    assert has(facts, "p")
    assert has(facts, "q")


def test_plain_attributes_run_nothing(tmp_path: Path) -> None:
    """An object's methods do not run because an attribute of it is read or set."""
    source = "class K:\n a = 1\n def m(self):\n  global seen\n  seen = 2\nseen = 1\nk = K()\nk.b = k.a\nif seen == 1: p = 1\n"
    assert has(read(tmp_path, source), "p")


WRAPPERS = {
    "wrapped": "functools.update_wrapper(self, f)",
    "wrapped perhaps": "if os.environ.get('NOT_SET'): functools.update_wrapper(self, f)",
    "set": "self.__wrapped__ = f",
    "set through its dict": "self.__dict__['__wrapped__'] = f",
    "wrapped and unwrapped": "functools.update_wrapper(self, f); del self.__wrapped__",
}


@pytest.mark.parametrize("case", WRAPPERS)
def test_an_object_takes_what_it_wraps_takes(tmp_path: Path, case: str) -> None:
    """The signature of a decorator that is a class is never taken for another."""
    body = (
        f"import functools, os\nclass W:\n def __init__(self, f):\n  {WRAPPERS[case]}\n def __call__(self, *a): ...\n"
    )
    source = f"{body}@W\ndef f(x, y): ...\n"
    assert not against_probe(tmp_path, source).wrong
    assert not doubted(read(tmp_path, source), "f")
