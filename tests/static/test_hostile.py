"""Source that was written to break its reader: one clear answer, soon, and never an exception."""

import ast
import random
import sys
import time
import tokenize
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spybuild.model.facts import Outcome
from tests.static.reading import has, read

BOMBS = {
    "nested tuples that share": "a = (0,) * 1000\n" + "a = (a,) * 1000\n" * 10 + "x = a\ny = 1\n",
    "a chain of classes": "class A0: ...\n"
    + "".join(f"class A{n + 1}(A{n}):\n x = {n}\n" for n in range(3000))
    + "y = 1\n",
    "a number in hexadecimal": "x = 0x" + "f" * 100_000 + "\nz = [x]\nw = f'{x}'\nv = str(x)\ny = 1\n",
    "many cases": "match z():\n" + "".join(f" case {n}: x = {n}\n" for n in range(3000)) + "y = 1\n",
    "dicts that share": "a = {1: 1}\n" + "a = {1: a, 2: a}\n" * 60 + "x = a\nprint(a)\ny = 1\n",
    "comparing what shares": "a = b = (1,)\n" + "a = (a, a)\nb = (b, b)\n" * 60 + "x = a == b\nz = a < b\ny = 1\n",
    "searching": "a = list(range(500))\n" + "a += a\n" * 6 + "x = 1 in a\n" * 5000 + "y = 1\n",
    "appending": "a = []\n" + "a.append(1)\n" * 9000 + "y = 1\n",
    "an elif chain": "if z(): ...\n" + "elif z(): ...\n" * 3000 + "y = 1\n",
    "a long text": "x = 'a' * 10**9\ny = 1\n",
    "a power": "x = 2 ** 10 ** 8\ny = 1\n",
    "a tower": "x = 9 ** 9 ** 9 ** 9\ny = 1\n",
    "a shift": "x = 1 << (1 << 40)\ny = 1\n",
    "a tuple": "x = ((0,) * 10**5,) * 10**5\ny = 1\n",
    "doubling": "x = 'a'\n" + "x = x + x\n" * 60 + "y = 1\n",
    "doubling a list": "x = [1]\n" + "x = x + x\n" * 60 + "y = 1\n",
    "doubling a tuple of tuples": "x = (1,)\n" + "x = (x, x)\n" * 60 + "y = 1\n",
    "multiplying": "x = 3\n" + "x = x * x\n" * 60 + "y = 1\n",
    "a width": "x = f'{1:{10**9}}'\nz = '%1000000000d' % 1\nw = '{:>1000000000}'.format(1)\ny = 1\n",
    "replacing": "x = ('a' * 9999).replace('a', 'b' * 9999)\ny = 1\n",
    "joining": "x = ('a' * 9999).join(['b'] * 9999)\ny = 1\n",
    "a big int's text": "x = str(10 ** 1200) * 3\ny = int('9' * 5000)\n",
    "conditions": "import os\nx = os.environ.get('X')\n" + "if x: z = 1\n" * 3000 + "y = 1\n",
    "nested conditions": "".join(f"{' ' * depth}if x():\n" for depth in range(90)) + " " * 90 + "z = 1\ny = 1\n",
    "nested loops": "".join(f"{' ' * depth}for i{depth} in range(500):\n" for depth in range(18))
    + " " * 18
    + "z = 1\ny = 1\n",
    "nested whiles": "".join(f"{' ' * depth}while x():\n" for depth in range(18)) + " " * 18 + "z = 1\ny = 1\n",
    "nested tries": "".join(f"{' ' * d}try:\n" for d in range(18))
    + " " * 18
    + "x()\n"
    + "".join(f"{' ' * d}except E: z = {d}\n" for d in reversed(range(18)))
    + "y = 1\n",
    "functions that call each other twice": "def f0(): ...\n"
    + "".join(f"def f{n + 1}():\n f{n}(); f{n}()\n" for n in range(40))
    + "f40()\ny = 1\n",
    "a class tree": "class A0: ...\n" + "".join(f"class A{n + 1}(A{n}): ...\n" for n in range(300)) + "y = 1\n",
    "classes that inherit all before": "".join(
        f"class A{n}({', '.join(f'A{m}' for m in reversed(range(n)))}): ...\n" for n in range(30)
    )
    + "y = 1\n",
    "decorators": "def d(f): return f\n" + "@d\n" * 2000 + "def g(): ...\ny = 1\n",
    "wrappers": "import functools\ndef d(f):\n @functools.wraps(f)\n def w(): ...\n return w\n"
    + "@d\n" * 300
    + "def g(): ...\ny = 1\n",
    "lambdas": "x = " + "(lambda: " * 90 + "1" + ")" * 90 + "\ny = 1\n",
    "subscripts": "x = a" + "[0]" * 5000 + "\ny = 1\n",
    "attributes": "import os\nx = os" + ".a" * 5000 + "\ny = 1\n",
    "additions": "x = " + "+".join(["1"] * 20000) + "\ny = 1\n",
    "comparisons": "x = " + "<".join(["1"] * 5000) + "\ny = 1\n",
    "a deep tuple": "x = " + "(" * 150 + "1" + ",)" * 150 + "\ny = 1\n",
    "nested comprehensions": "x = " + "[" * 30 + "1" + " for i in range(99)]" * 30 + "\ny = 1\n",
    "a comprehension of many loops": "x = [1 " + "for i in range(99) " * 12 + "]\ny = 1\n",
    "a self-importing module": "import plugin\nfrom plugin import *\nfrom plugin import y\ny = 1\n",
    "an annotation": "y: " + "list[" * 90 + "int" + "]" * 90 + " = 1\n",
    "a forward reference to itself": "from __future__ import annotations\nT = 'T'\ny: T = 1\ndef f(x: 'T'): ...\n",
    "unions": "T0 = int\n" + "".join(f"T{n + 1} = T{n} | T{n}\n" for n in range(60)) + "y: T60 = 1\n",
    "generic aliases": "T0 = int\n" + "".join(f"T{n + 1} = tuple[T{n}, T{n}]\n" for n in range(40)) + "y: T40 = 1\n",
    "nested functions": "".join(f"{' ' * d}def f():\n" for d in range(80)) + " " * 80 + "pass\ny = 1\n",
    "many names": "\n".join(f"n{n} = {n}" for n in range(20000)) + "\ny = 1\n",
    "a cyclic list": "x = []\nx.append(x)\nprint(x)\ny = 1\n",
    "a cyclic class": "class A: ...\nA.a = A\nA.__wrapped__ = A\ny = 1\n",
    "a cyclic wrapper": "def f(): ...\nf.__wrapped__ = f\ny = 1\n",
    "a property of itself": "class A:\n x = property(lambda s: s.x)\nA().x\ny = 1\n",
    "odd names": "globals()['a b'] = 1\nglobals()['*'] = 2\nglobals()[''] = 3\ny = 1\n",
    "surrogates": "x = '\\ud800'\ny = 1\n",
    "numbers": "x = 1e999\nz = -1e999\nw = 1e999 - 1e999\nv = 0.1 + 0.2\ny = 1\n",
    "division": "x = 1 / 0\ny = 1\n",
    "shadowed builtins": "str = len = int = type = isinstance = None\nx = str(1)\ny = 1\n",
    "a metaclass of itself": "class M(type): ...\nclass A(metaclass=M): ...\nclass B(A, metaclass=M): ...\ny = 1\n",
    "bases that conflict": "class A: ...\nclass B(A): ...\ntry:\n class C(A, B): ...\nexcept TypeError: ...\ny = 1\n",
    "a base twice": "class A: ...\ntry:\n class C(A, A): ...\nexcept TypeError: ...\ny = 1\n",
    "dunder slots": "class A:\n __slots__ = ('a',) * 100\ny = 1\n",
    "__all__ of anything": "__all__ = [1, None, b'x', ['y']]\ny = 1\n",
    "exec of exec": "exec('exec(\"exec(1)\")')\nexec('y = 1')\n",
    "exec of itself": "s = 'exec(s)'\nexec(s)\ny = 1\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_soon_and_without_an_exception(tmp_path: Path, bomb: str) -> None:
    """What is meant to cost time or memory costs neither, whatever comes of it."""
    began = time.process_time()
    facts = read(tmp_path, BOMBS[bomb])
    assert time.process_time() - began < 10
    assert facts.outcome in (Outcome.IMPORTED, Outcome.UNREADABLE, Outcome.FAILED)


UNREADABLE = {
    "a file that is too large": b"x = 1\n" * 800_000,
    "too many tokens": b"1;" * 400_000,
    "deep nesting": b"x = " + b"-" * 100_000 + b"1\n",
    "a coding that may have been registered": b"# coding: no-such-coding\nx = 1\n",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_said_to_be_unreadable(tmp_path: Path, case: str) -> None:
    """A limit is a clear answer of its own, and no name is decided."""
    facts = read(tmp_path, UNREADABLE[case])
    assert facts.outcome is Outcome.UNREADABLE
    assert facts.error is not None
    assert facts.error.message


BYTES = {
    "null bytes": b"x = 1\0\n",
    "a wrong coding": b"# coding: utf-8\nx = '\xff'\n",
    "a binary file": bytes(range(256)),
    "an unfinished text": b"x = '''\n",
}


@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_no_source_fail_as_python_fails(tmp_path: Path, case: str) -> None:
    """The target could not import it either: that is certain."""
    assert read(tmp_path, BYTES[case]).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "source", [b"\xef\xbb\xbfx = '\xc3\xa4'\n", b"# coding: latin-1\nx = '\xe4'\n", "x = 'ä'\r\n".encode()]
)
def test_encodings_are_honoured(tmp_path: Path, source: bytes) -> None:
    """Marks and cookies say how bytes are read (PEP 263)."""
    facts = read(tmp_path, source)
    assert facts.variables[0].value.scalar == "ä"


NAMES = ("f", "g", "A", "x", "y", "globals", "exec", "setattr", "sys", "os", "property", "type", "super", "self", "cls")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.integers(0, 2**32))
def test_mutated_modules_of_the_standard_library_never_raise(tmp_path: Path, seed: int) -> None:
    """Whatever is swapped, dropped or doubled in real code, an answer comes."""
    chance = random.Random(seed)
    folder = Path(ast.__file__).parent
    path = folder / chance.choice(
        [
            "abc.py",
            "enum.py",
            "dataclasses.py",
            "functools.py",
            "textwrap.py",
            "types.py",
            "bisect.py",
            "copyreg.py",
            "contextlib.py",
            "string.py",
            "sched.py",
            "queue.py",
        ]
    )
    tokens = list(tokenize.tokenize(BytesIO(path.read_bytes()).readline))
    for _ in range(chance.randint(1, 12)):
        index = chance.randrange(1, len(tokens) - 1)
        if tokens[index].type == tokenize.NAME:
            tokens[index] = tokens[index]._replace(
                string=chance.choice([*NAMES, tokens[chance.randrange(1, len(tokens))].string])
            )
        elif chance.random() < 0.3:
            tokens[index] = tokens[chance.randrange(1, len(tokens) - 1)]
    try:
        source = tokenize.untokenize((token.type, token.string) for token in tokens)
    except (ValueError, IndexError):
        return
    facts = read(tmp_path, source if isinstance(source, bytes) else source.encode())
    assert facts.requested == "plugin"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_arbitrary_bytes_never_raise(tmp_path: Path, source: bytes) -> None:
    """No bytes at all make the resolver raise."""
    assert read(tmp_path, source).requested == "plugin"


def test_nothing_of_the_image_is_imported(tmp_path: Path) -> None:
    """A module that is read is not run: no trace of it in this process, or on the disk."""
    before = set(sys.modules)
    facts = read(tmp_path, "import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\nx = 1\n", "sidekick")
    assert has(facts, "x")
    assert not (tmp_path / "sidekick.ran").exists()
    assert "sidekick" not in set(sys.modules) - before
