"""What an expression may be worth when nothing is run: the values the resolver reasons with.

Immutable ones (`Known`, `Tuple`, `Some`) say what they are. Those that can be changed keep their contents in `Cells`,
so that a change on one path through the code can be taken back on another (`scopes.Journal`).
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something cannot be decided, and where."""

    reason: str
    line: int | None = None


class Value:
    """Anything an expression may be worth."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """It may be anything."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Known(Value):
    """A constant: None, a bool, number, text, bytes or the ellipsis."""

    value: object

    def __eq__(self, other: object) -> bool:
        """Equal means the same type and the same text: 1, 1.0 and True are three constants."""
        if not isinstance(other, Known):
            return NotImplemented
        if type(self.value) is not type(other.value) or not isinstance(self.value, float | complex):
            return type(self.value) is type(other.value) and self.value == other.value
        return repr(self.value) == repr(other.value)  # -0.0 is not 0.0, and nan is itself

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, eq=False)
class Tuple(Value):
    """A tuple whose items are told; `names` are those of a named tuple's fields."""

    items: tuple[Value, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Some(Value):
    """An instance of a type, nothing callable, that is not known further (`type` is the type's own name)."""

    type: str


@dataclass(frozen=True, slots=True)
class Begun(Some):
    """A text, and nothing derived from one, of which only the beginning is known."""

    start: str = ""


def begun(start: str) -> Some:
    """A text that begins so."""
    return Begun("str", start[:_MOST_START]) if start else Some("str")


_MOST_START = 200


@dataclass(frozen=True, slots=True, eq=False)
class Either(Value):
    """One of several, each on another path."""

    options: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Imported(Value):
    """What `from module import name` binds, not yet looked up."""

    module: str
    name: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name is bound to. With a `doubt` it may be unbound, or bound to something else."""

    value: Value
    line: int | None = None
    doubt: Doubt | None = None


class Cells:
    """Named slots that code can change: a namespace, or the insides of an object.

    `names` may only be changed through a `Journal`. `open` is why there may be names that it does not have.
    """

    __slots__ = ("names",)

    def __init__(self, names: Mapping[str, Binding] | None = None) -> None:
        self.names: dict[str, Binding] = dict(names or {})

    def get(self, name: str) -> Binding | None:
        """What is bound to `name`, if anything is told."""
        return self.names.get(name)

    @property
    def open(self) -> Doubt | None:
        """Why names that are not told may be bound all the same; None where all are told."""
        found = self.names.get(OPEN)
        return found.doubt if found else None

    def told(self) -> Iterator[tuple[str, Binding]]:
        """The names that are told of, in the order of their binding."""
        return ((name, binding) for name, binding in self.names.items() if not name.startswith("*"))


OPEN = "*"  # the slot that says that a namespace has more names than are told


@dataclass(slots=True, eq=False)
class Object(Value):
    """Something with insides that code can change."""

    cells: Cells = field(default_factory=Cells)


CONTENT = "*content"


@dataclass(slots=True, eq=False)
class Container(Object):
    """A list, dict or set. Its content is a slot of its cells: a `Tuple`, of pairs in a dict, or `Unknown`."""

    type: str = "list"

    @property
    def content(self) -> tuple[Value, ...] | None:
        """The items (of a dict: pairs); None where they are not known."""
        binding = self.cells.get(CONTENT)
        told = binding and not binding.doubt and isinstance(binding.value, Tuple)
        return binding.value.items if told and binding and isinstance(binding.value, Tuple) else None


def container(kind: str, items: tuple[Value, ...] | None) -> Container:
    """A new list, dict or set; of a dict the items are pairs. None: what is in it is not known."""
    content = Unknown(Doubt("its content is not known")) if items is None else Tuple(items)
    return Container(Cells({CONTENT: Binding(content)}), kind)
