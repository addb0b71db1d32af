"""What the probe says of a module is right, and the same on every interpreter."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spybuild.model.facts import Value
from spybuild.probe.boot import probe_source
from tests.probe.running import ask, interpreters, named, one, version_of

RICH = '''\
"""A module with something of everything."""
import abc
import enum
import functools
import os
import collections.abc
from collections import namedtuple
from os.path import join as join_paths
from typing import Any, Callable, Dict, Generic, List, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar, Union

__version__ = "1.2.3"
__all__ = ["run"]
__secret__ = 1
T = TypeVar("T")
NAME = "thermo\\u00e9"
PORT: int = 8080
RATIO = 1.5
ON = True
NOTHING: Optional[str] = None
HUGE = 2 ** 80
NAN = float("nan")
NAMES: "List[str]" = ["a", "b"]
PLACES = {"z", "y", "x"}
FIRST, (SECOND, *REST) = 1, (2, 3)
LONG = "x" * 5000
THING = object()
if PORT:
    CONDITIONAL = 1
declared: int
RATIO = 2.5


def run(a: int, b: "Optional[str]" = None, *args: Tuple[int, ...], key: Dict[str, Any] = {}, last, **rest: bool) -> Union[int, None]:
    """Run."""


async def fetch(url: str = "http://x") -> List["Unknown"]:
    return []


def count():
    yield 1


async def stream():
    yield 1


@functools.lru_cache(maxsize=None)
def cached(n: int = 3) -> int:
    return n


def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


@decorator
@decorator
def decorated(x: Callable[[int, str], bool], y: Callable[..., Any], z: Type[Exception], s: Sequence[T] = ()) -> T:
    return y


def forms(a: "os.PathLike", b: collections.abc.Callable, c: None, d: Dict, e: Optional[List[Dict[str, int]]],
          f: Union[int, str, None], g: "Missing", h: Tuple[()], i: 1 + 1, j: Tuple): pass


half = functools.partial(run, 1, key={})
shout = str.upper
anonymous = lambda q, w=2: q


class Base(abc.ABC):
    kind = "base"
    limit: int = 10
    hint: str

    def __init__(self, name, size=3, *, unit: str = "C"):
        self.name = name
        self.size = size
        self.unit = unit
        self.literal: float = 1.5
        self.left, self.right = 1, 2
        self._setup()
        if size:
            self.maybe = 1
        else:
            self.other = 2
        if size:
            self.both = "a"
        else:
            self.both = "b"
        for self.index in range(3):
            pass
        try:
            self.tried = 1
        except ValueError:
            self.tried = None
        with open(os.devnull) as self.stream:
            self.inside = True
        setattr(self, "by_name", 5)
        if name is None:
            raise ValueError
        self.after_raise = 1
        if size > 5:
            return
        self.after_return = 1

    def _setup(self):
        self.set_up = [1, 2]

    def later(self):
        self.late = 1

    @abc.abstractmethod
    def must(self) -> int: ...

    @property
    def title(self) -> str:
        raise RuntimeError("descriptors must not run")

    @title.setter
    def title(self, value): pass

    @classmethod
    def make(cls, n: int = 1) -> "Base":
        return cls()

    @staticmethod
    def helper(x): pass

    @functools.lru_cache()
    def remembered(self, key): pass

    part = functools.partialmethod(make, 2)

    def __call__(self, x): pass

    def __hidden(self): pass

    class Inner:
        pass


class Child(Base, Generic[T]):
    kind = "child"

    def __init__(self, extra=None):
        super().__init__("n")
        self.extra = extra
        self.__private = 1

    def must(self) -> int:
        return 1

    @decorator
    def wrapped(self, a: int): pass


class Orphan(Base):
    def __init__(self):
        self.alone = True


class Slotted(object):
    __slots__ = ("x", "__y")

    def __init__(self):
        self.x = 1


class Color(enum.Enum):
    RED = 1
    GREEN = 2

    def describe(self): pass


class Point(NamedTuple):
    x: int
    y: int = 0


class Meta(type):
    pass


class WithMeta(dict, metaclass=Meta):
    pass


class Failure(ValueError):
    code = 5


class Callee:
    def __call__(self, x, y=1): pass


callee = Callee()
bound = callee.__call__
'''


@cache
def rich(python: str, folder: Path) -> dict[str, Any]:
    module = one(python, folder, RICH, "rich.py", memory_bytes=1 << 40)
    assert module["outcome"] == "imported", module
    return module


@pytest.fixture
def facts(python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rich module's facts."""
    return rich(python, tmp_path_factory.getbasetemp())


def function(facts: dict[str, Any], name: str) -> dict[str, Any]:
    return named(facts["functions"], name)


def annotations(item: dict[str, Any]) -> dict[str, tuple[str | None, str | None] | None]:
    pairs = {each["name"]: each["annotation"] for each in item["parameters"]}
    pairs["return"] = item["returns"]
    return {name: pair and (pair["written"], pair["resolved"]) for name, pair in pairs.items()}


def comparable(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts that depend on the module alone: not on time, memory, the library's own code, or what typing is made of."""
    own = {"rich", "builtins"}
    kept = {key: facts[key] for key in ("name", "outcome", "version", "distribution")}
    kept["variables"] = [item for item in facts["variables"] if item["name"] not in TYPING]
    kept["functions"] = [item for item in facts["functions"] if item["defined_in"] == "rich"]
    for kind in facts["classes"]:
        if kind["module"] == "rich" and kind["name"] not in {"Point", "Color", "Meta", "WithMeta", "Failure"}:
            members = [item for item in kind["members"] if item["owner"].split(".")[0] in own]
            kept[kind["name"]] = {**kind, "members": members, "ancestors": kind["ancestors"][0]}
    return json.loads(json.dumps(kept))  # type: ignore[no-any-return]


TYPING = {
    "Any",
    "Callable",
    "Dict",
    "Generic",
    "List",
    "NamedTuple",
    "Optional",
    "Sequence",
    "Tuple",
    "Type",
    "T",
    "TypeVar",
    "Union",
}


def test_facts_are_the_same_everywhere(facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """One module has one description, whichever interpreter it is read by."""
    reference = comparable(rich(sys.executable, tmp_path_factory.getbasetemp()))
    found = comparable(facts)
    for key, value in reference.items():
        assert found[key] == value, key


def test_variables_are_every_binding_that_is_no_function_or_class(facts: dict[str, Any]) -> None:
    """Imported modules too; what the import system binds is left out; annotations alone bind nothing."""
    names = [item["name"] for item in facts["variables"] if item["name"] not in TYPING]
    modules = [name for name in names if named(facts["variables"], name)["value"]["type"] == "module"]
    assert named(facts["variables"], modules[0])["value"]["text"] == f"<module {modules[0]}>"
    assert [name for name in names if name not in modules] == [
        "__version__", "__all__", "__secret__", "NAME", "PORT", "RATIO", "ON", "NOTHING", "HUGE", "NAN", "NAMES", "PLACES", "FIRST",
        "SECOND", "REST", "LONG", "THING", "CONDITIONAL",
    ]  # fmt: skip
    assert facts["version"] == "1.2.3"


@pytest.mark.parametrize(
    ("name", "type_", "text", "scalar"),
    [
        ("NAME", "str", "'thermoé'", "thermoé"),
        ("PORT", "int", "8080", 8080),
        ("RATIO", "float", "2.5", 2.5),
        ("ON", "bool", "True", True),
        ("NAMES", "list", "['a', 'b']", None),
        ("PLACES", "set", "{'x', 'y', 'z'}", None),
        ("HUGE", "int", str(2**80), 2**80),
        ("NAN", "float", "nan", None),
        ("REST", "list", "[3]", None),
        ("THING", "object", "<object object>", None),
    ],
)
def test_values(facts: dict[str, Any], name: str, type_: str, text: str, scalar: Any) -> None:
    """A scalar is told as itself if JSON can hold it; everything else by its text, which is the same each time."""
    value = named(facts["variables"], name)["value"]
    assert (value["type"], value["text"], value["scalar"]) == (type_, text, scalar)
    assert value["is_scalar"] is (scalar is not None)


def test_none_is_a_scalar_and_a_long_text_is_not(facts: dict[str, Any]) -> None:
    """None is told apart from "no scalar"; a capped text cannot be compared."""
    assert named(facts["variables"], "NOTHING")["value"]["is_scalar"]
    long = named(facts["variables"], "LONG")["value"]
    assert (len(long["text"]), long["is_scalar"], long["is_cut"]) == (1000, False, True)


KNOWN_TEXT, KNOWN_LIST, KNOWN_DICT = "kn\u00f6wn " * 5000, [*range(3000)], {"a": "x" * 4000, "b": [1, None]}
CUT = f"""
import sys
KNOWN_TEXT, KNOWN_LIST, KNOWN_DICT = {KNOWN_TEXT!r}, {KNOWN_LIST!r}, {KNOWN_DICT!r}
KNOWN_TUPLE = tuple(KNOWN_LIST)
OTHER_TEXT, OTHER_LIST, OTHER_BYTES = KNOWN_TEXT + 'x', KNOWN_LIST + [1], b'x' * 1001
EDGE_TEXT, EDGE_LIST = 'x' * 1000, ['x' * 994]
ENORMOUS = 'x' * 70000
DIGITS, MORE_DIGITS, NEGATIVE = 10 ** 3999, 10 ** 4000, -(10 ** 3999)
BEYOND = 10 ** 5000
NESTED = [BEYOND]
getattr(sys, 'set_int_max_str_digits', int)(640)
"""


@pytest.fixture(scope="module")
def cut(python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The values of a module that are too long for the answer, or nearly so."""
    known = [KNOWN_TEXT, repr(KNOWN_LIST), repr(KNOWN_DICT), "x" * 70000]
    facts = one(python, tmp_path_factory.mktemp("cut"), CUT, known=known)
    assert facts["outcome"] == "imported", facts
    return {item["name"]: item["value"] for item in facts["variables"]}


def test_a_long_value_that_equals_the_contracts_compared_as_another(cut: dict[str, dict[str, Any]]) -> None:
    """What the contract holds is told in full: texts as scalars, containers by their text."""
    assert (cut["KNOWN_TEXT"]["scalar"], cut["KNOWN_TEXT"]["is_cut"]) == (KNOWN_TEXT, False)
    assert (cut["KNOWN_LIST"]["text"], cut["KNOWN_LIST"]["is_cut"]) == (repr(KNOWN_LIST), False)
    assert (cut["KNOWN_DICT"]["text"], cut["KNOWN_DICT"]["is_cut"]) == (repr(KNOWN_DICT), False)
    assert len(cut["KNOWN_TEXT"]["text"]) == 1000


def test_a_large_int_that_equals_the_contracts_compared_as_another(cut: dict[str, dict[str, Any]]) -> None:
    """An int of up to 4000 digits is told in full, whatever the module says of how many digits may be converted."""
    assert (cut["DIGITS"]["scalar"], cut["NEGATIVE"]["scalar"]) == (10**3999, -(10**3999))
    assert not cut["DIGITS"]["is_cut"]
    assert [cut[name]["is_scalar"] for name in ("MORE_DIGITS", "BEYOND")] == [False, False]


@pytest.mark.parametrize(
    "name",
    ["KNOWN_TUPLE", "OTHER_TEXT", "OTHER_LIST", "OTHER_BYTES", "ENORMOUS", "MORE_DIGITS", "BEYOND", "NESTED"],
)
def test_a_value_that_was_cut_passed_for_a_whole_one(cut: dict[str, dict[str, Any]], name: str) -> None:
    """Where neither text nor scalar shows all of it, the value says so."""
    assert cut[name]["is_cut"], cut[name]
    assert len(cut[name]["text"]) <= 1000
    assert cut[name]["scalar"] is None


def test_a_value_that_just_fits_is_not_cut(cut: dict[str, dict[str, Any]]) -> None:
    """A thousand characters are shown; a text's quotes do not count."""
    assert cut["EDGE_TEXT"]["scalar"] == "x" * 1000
    assert cut["EDGE_LIST"]["text"] == repr(["x" * 994])
    assert not cut["EDGE_TEXT"]["is_cut"]
    assert not cut["EDGE_LIST"]["is_cut"]


def test_numbers_of_any_size_reach_the_facts() -> None:
    """The host reads a value's scalar back as the int it was."""
    value = Value.model_validate({"type": "int", "text": "1", "scalar": 10**3999, "is_scalar": True})
    assert value.scalar == 10**3999
    assert type(value.scalar) is int


def test_variables_have_lines_and_annotations(facts: dict[str, Any]) -> None:
    """The line is that of the last assignment, the annotation that of the source."""
    found = {
        item["name"]: (item["line"] and RICH.splitlines()[item["line"] - 1], item["annotation"])
        for item in facts["variables"]
    }
    assert found["PORT"] == ("PORT: int = 8080", {"written": "int", "resolved": "int"})
    assert found["RATIO"] == ("RATIO = 2.5", None)
    assert found["NAMES"][1] == {"written": "List[str]", "resolved": "list[str]"}
    assert found["NOTHING"][1] == {"written": "Optional[str]", "resolved": "str | None"}
    assert found["CONDITIONAL"][0] == "    CONDITIONAL = 1"
    assert found["SECOND"][0] == "FIRST, (SECOND, *REST) = 1, (2, 3)"


def test_functions_are_callables_that_are_no_class(facts: dict[str, Any]) -> None:
    """A def, a cached one, a partial, a C function, a re-export, a lambda, a callable object, a bound method."""
    names = [item["name"] for item in facts["functions"] if item["name"] not in TYPING]
    assert names == [
        "namedtuple", "join_paths", "run", "fetch", "count", "stream", "cached", "decorator", "decorated", "forms", "half",
        "shout", "anonymous", "callee", "bound",
    ]  # fmt: skip
    assert function(facts, "join_paths")["defined_in"] == "posixpath"


def test_signatures(facts: dict[str, Any]) -> None:
    """Order, kinds, defaults and annotations of every parameter."""
    run = function(facts, "run")
    assert [
        (each["name"], each["kind"], each["default"] and each["default"]["text"]) for each in run["parameters"]
    ] == [
        ("a", "positional-or-keyword", None),
        ("b", "positional-or-keyword", "None"),
        ("args", "var-positional", None),
        ("key", "keyword-only", "{}"),
        ("last", "keyword-only", None),
        ("rest", "var-keyword", None),
    ]
    assert annotations(run) == {
        "a": ("int", "int"),
        "b": ("Optional[str]", "str | None"),
        "args": ("Tuple[int, ...]", "tuple[int, ...]"),
        "key": ("Dict[str, Any]", "dict[str, Any]"),
        "last": None,
        "rest": ("bool", "bool"),
        "return": ("Union[int, None]", "int | None"),
    }
    assert annotations(function(facts, "fetch"))["return"] == ("List['Unknown']", None)


def test_annotations_have_one_text_for_one_meaning(facts: dict[str, Any]) -> None:
    """Every spelling of an annotation resolves to the same text on every Python."""
    assert {name: pair and pair[1] for name, pair in annotations(function(facts, "forms")).items()} == {
        "a": "os.PathLike",
        "b": "Callable",
        "c": "None",
        "d": "dict",
        "e": "list[dict[str, int]] | None",
        "f": "int | str | None",
        "g": None,
        "h": "tuple[()]",
        "i": None,
        "j": "tuple",
        "return": None,
    }
    assert annotations(function(facts, "forms"))["i"] == ("1 + 1", None)
    assert annotations(function(facts, "decorated")) == {
        "x": ("Callable[[int, str], bool]", "Callable[[int, str], bool]"),
        "y": ("Callable[..., Any]", "Callable[..., Any]"),
        "z": ("Type[Exception]", "type[Exception]"),
        "s": ("Sequence[T]", "Sequence[T]"),
        "return": ("T", "T"),
    }


def test_signatures_of_what_is_no_plain_function(facts: dict[str, Any]) -> None:
    """Wrappers are followed; partials, C functions, callable objects and bound methods have the arguments left to give."""
    names = {item["name"]: [each["name"] for each in item["parameters"] or ()] for item in facts["functions"]}
    assert names["cached"] == ["n"]
    assert names["decorated"] == ["x", "y", "z", "s"]
    assert names["half"] == ["b", "args", "key", "last", "rest"]
    assert names["anonymous"] == ["q", "w"]
    assert names["callee"] == names["bound"] == ["x", "y"]
    assert names["shout"] in (["self"], [])


def test_async_and_generators(facts: dict[str, Any]) -> None:
    """Both are told, also together."""
    flags = {item["name"]: (item["is_async"], item["is_generator"]) for item in facts["functions"]}
    assert flags["fetch"] == (True, False)
    assert flags["count"] == (False, True)
    assert flags["stream"] == (True, True)
    assert flags["run"] == flags["cached"] == flags["decorated"] == (False, False)


def test_lines_are_those_of_the_def(facts: dict[str, Any]) -> None:
    """Decorators stand above the line a person looks for."""
    lines = RICH.splitlines()
    for name in ("run", "cached", "decorated"):
        assert lines[function(facts, name)["line"] - 1].startswith(f"def {name}(")
    base = named(facts["classes"], "Base")
    assert lines[base["line"] - 1].startswith("class Base(")
    assert lines[named(base["members"], "title")["line"] - 1].strip().startswith("def title(")


def test_members(facts: dict[str, Any]) -> None:
    """Every kind of member, in the order of definition, read without running a descriptor."""
    base = named(facts["classes"], "Base")
    assert {item["name"]: item["kind"] for item in base["members"]} == {
        "kind": "attribute",
        "limit": "attribute",
        "__init__": "method",
        "_setup": "method",
        "later": "method",
        "must": "method",
        "title": "property",
        "make": "classmethod",
        "helper": "staticmethod",
        "remembered": "method",
        "part": "method",
        "__call__": "method",
        "_Base__hidden": "method",
        "Inner": "class",
    }
    assert base["is_abstract"]
    assert [item["name"] for item in base["members"] if item["is_abstract"]] == ["must"]
    make = named(base["members"], "make")
    assert [each["name"] for each in make["parameters"]] == ["cls", "n"]
    assert named(base["members"], "title")["returns"] == {"written": "str", "resolved": "str"}
    assert named(base["members"], "limit")["value"]["scalar"] == 10
    assert named(base["members"], "limit")["annotation"] == {"written": "int", "resolved": "int"}


def test_inherited_members(facts: dict[str, Any]) -> None:
    """The first along the MRO wins, and says who owns it."""
    child = named(facts["classes"], "Child")
    owners = {item["name"]: (item["owner"], item["is_own"]) for item in child["members"]}
    assert owners["kind"] == ("rich.Child", True)
    assert owners["must"] == ("rich.Child", True)
    assert owners["make"] == ("rich.Base", False)
    assert not child["is_abstract"]
    assert child["bases"] == [{"name": "Base", "module": "rich"}, {"name": "Generic", "module": "typing"}]
    assert child["ancestors"][:2] == ["rich.Child", "rich.Base"]
    assert [each["name"] for each in named(child["members"], "wrapped")["parameters"]] == ["self", "a"]


def test_instance_attributes(facts: dict[str, Any]) -> None:
    """What the constructor surely sets is certain; branches, loops, early returns and other methods are not."""
    found = {item["name"]: item for item in named(facts["classes"], "Base")["instance_attributes"]}
    assert {name for name, item in found.items() if item["certain"]} == {
        "name", "size", "unit", "literal", "left", "right", "set_up", "both", "tried", "stream", "inside", "by_name",
        "after_raise",
    }  # fmt: skip
    assert {name for name, item in found.items() if not item["certain"]} == {
        "maybe", "other", "index", "after_return", "late",
    }  # fmt: skip
    assert found["size"]["value"]["scalar"] == 3
    assert found["unit"]["value"]["scalar"] == "C"
    assert found["unit"]["annotation"] == {"written": "str", "resolved": "str"}
    assert found["literal"]["annotation"] == {"written": "float", "resolved": "float"}
    assert found["name"]["value"] is None
    assert found["set_up"]["value"]["text"] == "[1, 2]"
    assert RICH.splitlines()[found["name"]["line"] - 1].strip() == "self.name = name"


def test_instance_attributes_along_the_mro(facts: dict[str, Any]) -> None:
    """A base's attributes are certain only if its constructor is called."""
    child = {item["name"]: item for item in named(facts["classes"], "Child")["instance_attributes"]}
    assert (child["extra"]["certain"], child["size"]["certain"], child["_Child__private"]["certain"]) == (
        True,
        True,
        True,
    )
    assert child["size"]["owner"] == "rich.Base"
    orphan = {item["name"]: item["certain"] for item in named(facts["classes"], "Orphan")["instance_attributes"]}
    assert (orphan["alone"], orphan["size"]) == (True, False)


def test_slots_enums_named_tuples_and_builtin_bases(facts: dict[str, Any]) -> None:
    """What other kinds of class offer is found where it is."""
    slotted = named(facts["classes"], "Slotted")
    assert [(item["name"], item["kind"]) for item in slotted["members"]] == [
        ("__init__", "method"), ("x", "slot"), ("_Slotted__y", "slot"),
    ] or {item["name"]: item["kind"] for item in slotted["members"]} == {
        "__init__": "method", "x": "slot", "_Slotted__y": "slot",
    }  # fmt: skip
    color = {item["name"]: item for item in named(facts["classes"], "Color")["members"]}
    assert color["RED"]["kind"] == "attribute"
    assert color["RED"]["value"]["text"] == "<Color.RED: 1>"
    assert color["describe"]["kind"] == "method"
    assert not [name for name in color if color[name]["is_own"] and name.startswith("_") and not name.startswith("__")]
    point = named(facts["classes"], "Point")["instance_attributes"]
    assert [(item["name"], item["value"] and item["value"]["scalar"], item["certain"]) for item in point] == [
        ("x", None, True),
        ("y", 0, True),
    ]
    with_meta = named(facts["classes"], "WithMeta")["members"]
    assert named(with_meta, "get")["kind"] == "method"
    assert not [item["name"] for item in with_meta if item["name"].startswith("__")]
    failure = named(facts["classes"], "Failure")
    assert named(failure["members"], "with_traceback")["kind"] == "method"
    assert named(failure["members"], "args")["kind"] == "property"
    assert named(failure["members"], "code")["value"]["scalar"] == 5


def test_imported_is_what_the_module_brought(facts: dict[str, Any]) -> None:
    """The probe's own imports do not hide the module's."""
    assert {"rich", "abc", "enum", "functools"} - set(facts["imported"]) <= {"abc", "enum", "functools"}
    assert {"typing", "rich"} <= set(facts["imported"])


NEWER = """\
from __future__ import annotations
import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, List, Optional
if TYPE_CHECKING:
    from elsewhere import Nowhere

def later(a: Nowhere, b: Optional[int] = None) -> List[str]: ...

@dataclass
class Device:
    name: str
    tags: List[str] = field(default_factory=list)
    rate: float = 1.0
    count: ClassVar[int] = 0
    seed: dataclasses.InitVar[int] = 3

    def __post_init__(self, seed):
        self.ready = True
"""


def test_dataclasses_and_postponed_annotations(python37: str, tmp_path: Path) -> None:
    """Fields are instance attributes, class variables are not; a name that is only there for type checkers resolves to nothing."""
    facts = one(python37, tmp_path, NEWER)
    assert facts["outcome"] == "imported", facts
    device = named(facts["classes"], "Device")
    assert device["is_dataclass"]
    fields = {item["name"]: item for item in device["instance_attributes"]}
    assert list(fields) == ["name", "tags", "rate", "ready"]
    assert all(item["certain"] for item in fields.values())
    assert fields["rate"]["value"]["scalar"] == 1.0
    assert fields["tags"]["annotation"] == {"written": "List[str]", "resolved": "list[str]"}
    assert annotations(function(facts, "later")) == {
        "a": ("Nowhere", None),
        "b": ("Optional[int]", "int | None"),
        "return": ("List[str]", "list[str]"),
    }


def test_unresolvable_names_do_not_spoil_their_neighbours(python: str, tmp_path: Path) -> None:
    """Also where annotations are evaluated late (3.14), one unknown name leaves the others."""
    source = "from typing import List\ndef f(a: 'Nowhere', b: List[int], c: int): pass\n"
    if version_of(python) >= (3, 14):
        source = source.replace("'", "")
    facts = one(python, tmp_path, source)
    assert [pair and pair[1] for pair in annotations(function(facts, "f")).values()] == [None, "list[int]", "int", None]


def test_modern_grammar(python310: str, tmp_path: Path) -> None:
    """Positional-only parameters, unions by bar, builtin generics, Literal, Annotated."""
    source = (
        "from typing import Annotated, Literal\nimport collections.abc as c\n"
        "def f(a: int | None, /, b: list[str] | dict[str, int], *, d: Literal['x', 1], e: Annotated[int, 5],\n"
        "      g: c.Callable[[int], str], h: c.Callable[[], None], i: c.Set[int], j: type[int]): pass\n"
    )
    found = function(one(python310, tmp_path, source), "f")
    assert [each["kind"] for each in found["parameters"]][:3] == [
        "positional-only",
        "positional-or-keyword",
        "keyword-only",
    ]
    assert [pair and pair[1] for pair in annotations(found).values()] == [
        "int | None",
        "list[str] | dict[str, int]",
        "Literal['x', 1]",
        "int",
        "Callable[[int], str]",
        "Callable[[], None]",
        "AbstractSet[int]",
        "type[int]",
        None,
    ]
    assert annotations(found)["d"] == ("Literal['x', 1]", "Literal['x', 1]")


NEVER_RUN = """
try:
    import nothing_of_this_name
    class Fallback:
        def __init__(self): self.token = 1
except ImportError:
    class Fallback:
        def __init__(self): pass
try:
    class Chosen:
        def __init__(self): self.token = 1
except ImportError:
    class Chosen:
        def __init__(self): pass
class Replaced:
    def __init__(self): self.token = 1
Replaced.__init__ = lambda self: None
class Deleted:
    def __init__(self):
        self.token = 1
        del self.token, self["key"]
def swap(kind):
    class Other(kind):
        def __init__(self): pass
    Other.__qualname__ = kind.__qualname__
    Other.__name__ = kind.__name__
    return Other
@swap
class Swapped:
    def __init__(self): self.token = 1
class Helped:
    def __init__(self): self.setup()
    def setup(self): self.token = 1
Helped.setup = lambda self: None
class Overridden:
    def __init__(self): self.setup()
    def setup(self): self.token = 1
    setup = lambda self: None
class Private:
    def __init__(self): self.__setup()
    def __setup(self): self.token = 1
class Base:
    def __init__(self): self.token = 1
class Inherits(Base):
    pass
class Hides(Base):
    __init__ = lambda self: None
class Calls(Base):
    def __init__(self):
        super().__init__()
"""


def test_attributes_of_code_that_never_runs_are_not_certain(python: str, tmp_path: Path) -> None:
    """The source shows what was written; only what the class still has after the import counts."""
    facts = one(python, tmp_path, NEVER_RUN)
    certain = {
        item["name"]: [each["name"] for each in item["instance_attributes"] if each["certain"]]
        for item in facts["classes"]
    }
    assert certain == {
        "Fallback": [],
        "Chosen": ["token"],
        "Replaced": [],
        "Deleted": [],
        "Swapped": [],
        "Helped": [],
        "Overridden": [],
        "Private": ["token"],
        "Base": ["token"],
        "Inherits": ["token"],
        "Hides": [],
        "Calls": ["token"],
    }


@pytest.mark.parametrize("python", interpreters())
def test_a_class_that_c_never_made_ready_is_described(python: str) -> None:
    """`_socket.socket` has no MRO up to CPython 3.11 before somebody uses it, and asking for its bases would crash."""
    [module] = ask(python, ["_socket"])["modules"]
    assert module["outcome"] == "imported"
    assert "recv" in [member["name"] for member in named(module["classes"], "socket")["members"]]


def test_an_init_file_in_the_root_does_not_keep_the_search_going_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder above `/` is `/`."""
    probe: dict[str, Any] = {"__name__": "read, not run"}
    exec(compile(probe_source(), "probe.py", "exec"), probe)
    monkeypatch.setattr("os.path.isfile", lambda path: path == "/__init__.py")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert probe["place"]("/plugin.py") == ("plugin", "/plugin.py")
