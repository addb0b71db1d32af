"""What code can call, make and ask: functions, classes, instances, namespaces, and what one of several values is."""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.static.modules import Module
from spybuild.static.values import (
    Binding,
    Cells,
    Container,
    Doubt,
    Either,
    FunctionNode,
    Known,
    Object,
    Some,
    Tuple,
    Unknown,
    Value,
)

CODE = ("__code__", "__defaults__", "__kwdefaults__")  # slots of a function that say what it runs
SIGNATURE = (*CODE, "__signature__", "__annotations__")  # and what it tells of itself


@dataclass(slots=True, eq=False)
class Function(Object):
    """A Python function. `defaults` has the values of the parameters that have one.

    `said` is the module's `__name__` when it was made. Slots that matter: `__wrapped__` (another function),
    `__isabstractmethod__`, `__signature__`, `__module__`.
    """

    node: FunctionNode = field(kw_only=True)
    module: "Module" = field(kw_only=True)
    qualname: str = field(kw_only=True)
    enclosing: tuple[Cells, ...] = ()
    private: str = ""
    defaults: dict[str, Value] = field(default_factory=dict)
    owner: "Class | None" = None
    said: str = ""

    @property
    def name(self) -> str:
        """`__name__`."""
        return self.qualname.rpartition(".")[2]


@dataclass(slots=True, eq=False)
class Native(Object):
    """A function written in C.

    `parameters` are as the tables have them, None where it has no signature; `home` is its `__module__`, which methods
    do not have.
    """

    key: str = ""
    parameters: list[Any] | None = None
    home: str | None = None

    @property
    def name(self) -> str:
        """`__name__`."""
        return self.key.rpartition(".")[2]


@dataclass(slots=True, eq=False)
class Special(Value):
    """A function or class of the standard library that is known by what it means: `functools.wraps`."""

    key: str


@dataclass(slots=True, eq=False)
class Cached(Object):
    """What `functools.lru_cache` and `singledispatch` make: callable, with the slot `__wrapped__`."""

    type: str = "_lru_cache_wrapper"


@dataclass(slots=True, eq=False)
class Partial(Value):
    """`functools.partial(function, *arguments, **keywords)`."""

    function: Value
    arguments: tuple[Value, ...]
    keywords: dict[str, Value]
    is_method: bool = False


@dataclass(slots=True, eq=False)
class Bound(Value):
    """A function looked up on an object."""

    function: Value
    receiver: Value


@dataclass(slots=True, eq=False)
class Descriptor(Value):
    """What stands for something else in a class: staticmethod, classmethod, property, cached_property, slot.

    `writers` are a property's functions that set and delete.
    """

    kind: str
    function: Value | None = None
    is_abstract: bool = False
    writers: tuple[Value, ...] = ()
    is_read_only: bool = False


@dataclass(slots=True, eq=False)
class Class(Object):
    """A class. `bases` are its `__bases__`, without `object`; `unsure` is why they are not known, if so.

    Attributes:
        mro: itself first, `object` left out; what lies behind an unknown base is missing.
        home: the module whose text it stands in; maker: the module during whose import it was made.
        node: its `class` statement; None of natives and of made ones.
        cells: its own members; where they are open, it may have others.
        is_enum: it derives from `enum.Enum`.
        native: it is written in C: members are told as far as the tables go.
        callable_: whether instances can be called, of a native class.
        hidden: the names with two underscores that a native class has in C.
        is_followed: all that its metaclass, which is written in Python, does when it makes it is told.
        is_body: it only holds the namespace that a metaclass is given.
    """

    name: str = ""
    qualname: str = ""
    module: str = ""
    bases: "tuple[Class, ...]" = ()
    mro: "tuple[Class, ...]" = ()
    unsure: Doubt | None = None
    metaclass: Value | None = None
    home: "Module | None" = None
    maker: "Module | None" = None
    node: ast.ClassDef | None = None
    enclosing: tuple[Cells, ...] = ()
    is_enum: bool = False
    native: bool = False
    callable_: bool = False
    hidden: frozenset[str] = frozenset()
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    fields: "dict[str, Field]" = field(default_factory=dict)
    dataclass: bool = False
    frozen: bool = False
    tuple_fields: "tuple[Field, ...] | None" = None
    declared: Doubt | None = None
    line: int | None = None
    is_followed: bool = False
    is_body: bool = False

    @property
    def path(self) -> str:
        """`module.qualname`."""
        return f"{self.module}.{self.qualname}"

    def find(self, name: str) -> tuple["Class", Binding] | None:
        """The class along the MRO that has `name`, and what it has there."""
        return next(((owner, found) for owner in self.mro if (found := owner.cells.get(name))), None)

    def unknown(self) -> Doubt | None:
        """Why there may be members that are not told of, anywhere along the MRO."""
        return next((doubt for owner in self.mro if (doubt := owner.unsure or owner.cells.open)), None)


@dataclass(slots=True)
class Field:
    """A field of a dataclass or of a named tuple. `default` is `Missing` where it has none."""

    name: str
    annotation: ast.expr | None
    owner: Class | None
    default: Value | None = None
    has_factory: bool = False
    in_init: bool = True
    kw_only: bool = False
    is_init_var: bool = False
    line: int | None = None


@dataclass(slots=True, eq=False)
class Instance(Object):
    """What a class made."""

    kind: Class = field(kw_only=True)


@dataclass(slots=True, eq=False)
class Namespace(Value):
    """The dict behind a module or a class (`globals()`, `vars(X)`, `X.__dict__`), or a frame's, which is not told."""

    owner: "Module | Class | None"


@dataclass(slots=True, eq=False)
class FrameOf(Value):
    """A frame that runs code of this module."""

    module: "Module"


@dataclass(slots=True, eq=False)
class Form(Value):
    """A form of `typing`: `Optional`, `List[int]`, a TypeVar.

    `arguments` is None where it has none, `origin` is the class that was subscripted, if it was one.
    """

    name: str
    arguments: tuple[Value, ...] | None = None
    type: str = "_GenericAlias"
    origin: Value | None = None


def options(value: Value) -> tuple[Value, ...]:
    """The values that `value` may be."""
    return value.options if isinstance(value, Either) else (value,)


_MOST_OPTIONS = 6


def either(one: Value, other: Value, line: int | None = None) -> Value:
    """The value that is `one` on one path and `other` on another."""
    if one is other or one == other:
        return one
    if isinstance(one, Unknown):
        return one
    if isinstance(other, Unknown):
        return other
    kinds = {type_name(one), type_name(other)}
    if len(kinds) == 1 and None not in kinds and isinstance(one, Known | Some) and isinstance(other, Known | Some):
        return Some(type_name(one) or "?") if Some(type_name(one) or "?") in (one, other) else _joined(one, other, line)
    return _joined(one, other, line)


def _joined(one: Value, other: Value, line: int | None) -> Value:
    every = list(options(one))
    every += [each for each in options(other) if not any(each is known or each == known for known in every)]
    return Either(tuple(every)) if len(every) <= _MOST_OPTIONS else Unknown(Doubt("it may be many things", line))


def type_name(value: Value) -> str | None:
    """The name of a value's type, where it is known and nothing callable."""
    match value:
        case Known(value=constant):
            return type(constant).__name__
        case Some(type=name) | Container(type=name):
            return name
        case Tuple():
            return "tuple"
        case Instance(kind=kind):
            return kind.name
        case _:
            return None
