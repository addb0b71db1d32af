"""What the parts of the interpreter share: the frames, the paths through the code, and the limits.

The interpreter runs code on values that are only half known. Where it cannot know which way the target would go, it
goes both, and what differs afterwards is in doubt. It never touches anything of the image but text.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spybuild.static import patches, refusals
from spybuild.static.budget import TooMuch
from spybuild.static.constants import SEARCHED
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Function, Instance
from spybuild.static.scopes import Changes, End, Frame, Journal
from spybuild.static.values import CONTENT, OPEN, Binding, Cells, Container, Doubt, Known, Object, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter
    from spybuild.static.metaclasses import Making
    from spybuild.static.resolve import Resolver

MOST_STEPS = 150_000  # expressions and statements of one module
MOST_DEPTH = 500  # expressions, statements and calls within each other, over all modules that are being read
MOST_CALLS = 6  # calls within each other
_LEAST_COUNTED = 20  # of items that are worked on at once
_LETTERS_AN_ITEM = 10
ANYTHING = "*"  # the exception that a call of something unknown may raise


class Raised(Exception):  # noqa: N818  # the target's exception, not ours
    """The target raises for sure.

    Attributes:
        kind: the exception's name; kinds: all classes it is an instance of, by name.
    """

    def __init__(self, kind: str, message: str, module: Module, line: int | None, status: int | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.module, self.line, self.status = kind, message, module, line, status


@dataclass(slots=True)
class Trial:
    """A `try` whose body is being executed: what it may raise, and what was done on the way to it."""

    risks: set[str] = field(default_factory=set)
    changes: list[Changes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes; not `exact` where an unknown `*` or `**` may pass more."""

    positional: tuple[Value, ...] = ()
    keywords: dict[str, Value] = field(default_factory=dict)
    exact: bool = True

    def get(self, index: int, name: str = "") -> Value | None:
        """An argument by its place or its name, if it is passed."""
        if name in self.keywords:
            return self.keywords[name]
        return self.positional[index] if index < len(self.positional) else None

    @property
    def every(self) -> tuple[Value, ...]:
        """All values that are passed."""
        return (*self.positional, *self.keywords.values())


def _is_near(one: Module, other: Module) -> bool:
    """Whether two modules are of one package: whoever imports one of them sees what the other does at import."""
    return one.name.partition(".")[0] == other.name.partition(".")[0]


def size_of(value: Value) -> int:
    """How large a value is, in items."""
    match value:
        case Tuple(items=items):
            return len(items)
        case Container():
            return len(value.content or ())
        case Known(value=str() | bytes() as text):
            return len(text) // _LETTERS_AN_ITEM
        case Known(value=int() as number):
            return number.bit_length() // _LETTERS_AN_ITEM
        case _:
            return 0


class Core:
    """The state of one module's execution, and the ways to fork it. The other parts are in the subclasses' files."""

    def __init__(self, resolver: "Resolver", module: Module) -> None:
        self.resolver, self.module = resolver, module
        self.journal = Journal()
        self.frame = Frame(module, module.cells)
        self.frames = [self.frame]
        self.called: Value | None = None  # by an expression of the current frame, which is about to run
        self.trials: list[Trial] = []
        self.handling: list[Raised | None] = []  # the exceptions that are being handled, where they are known
        self.ancestry: dict[str, frozenset[str]] = {}  # of exceptions that were raised, the names of their bases
        self.steps = self.bulk = 0
        self.limit, self.budget = MOST_STEPS, resolver.library.budget
        self.depth = resolver.depth
        self.assured: list[str] = []  # conditions on the environment that hold here, as text
        self.uncertain = 0  # paths that the target may not go, within each other
        self.tried = 0  # calls that are only tried, within each other
        self.stale: set[tuple[Cells, str]] = set()
        self.supposed = 0  # calls, within each other, that somebody may make, with nobody knows what
        self.makings: list[Making] = []  # the classes that metaclasses are being asked for, within each other

    # The parts call each other through these; each is one file's.
    def evaluate(self, node: ast.expr) -> Value:
        """What an expression is worth."""
        raise NotImplementedError

    def execute(self, statements: Sequence[ast.stmt]) -> End | None:
        """Execute a block of statements."""
        raise NotImplementedError

    def call(self, function: Value, arguments: Arguments, line: int | None) -> Value:
        """What a call returns."""
        raise NotImplementedError

    def call_body(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        """What a call of a Python function returns, whatever the function is known to mean."""
        raise NotImplementedError

    def attribute(self, value: Value, name: str, line: int | None) -> Value:
        """What `value.name` is."""
        raise NotImplementedError

    def set_attribute(self, target: Value, name: str, value: Value | None, line: int | None) -> None:
        """Do `target.name = value`, or delete it where `value` is None."""
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target of an assignment."""
        raise NotImplementedError

    def items_of(self, value: Value) -> tuple[Value, ...] | None:
        """What iterating over a value gives; None where that is not known."""
        raise NotImplementedError

    def as_interpreter(self) -> "Interpreter":
        """The whole that this is a part of."""
        raise NotImplementedError

    def step(self) -> None:
        """Count; a body may only cost so much."""
        self.steps += 1
        self.budget.used += 1
        if self.steps > self.limit or self.budget.used > self.budget.limit:
            raise TooMuch

    def spend(self, items: int) -> None:
        """Count what is copied or searched, too."""
        self.steps += items // 20
        self.budget.used += items // 20
        self.step()

    def count(self, items: int) -> None:
        """Count work on many items at once. Its limit is its own: a call is no longer for what it looks through."""
        self.bulk += items // 20
        self.budget.used += items // 20
        if self.bulk > MOST_STEPS or self.budget.is_spent:
            raise TooMuch

    def weigh(self, *values: Value) -> None:
        """Count the work on values: their items, their letters, their digits."""
        size = sum(map(size_of, values))
        if size >= _LEAST_COUNTED:
            self.count(2 * size)  # they are converted, and back

    # ---- names ----
    def mangle(self, name: str) -> str:
        """The name that a private one really has in the class being executed."""
        private = self.frame.private.lstrip("_")
        if not private or not name.startswith("__") or name.endswith("__"):
            return name
        return f"_{private}{name}"

    def cells_for(self, name: str) -> Cells:
        """Where a name is bound by a statement of the current frame."""
        frame = self.frame
        if name in frame.global_:
            return frame.module.cells
        if name in frame.nonlocal_:
            return next((cells for cells in frame.enclosing if cells.get(name)), frame.cells)
        return frame.cells

    def bind(self, name: str, value: Value, line: int | None) -> None:
        """Bind a name of the current frame."""
        name = self.mangle(name)
        cells = self.cells_for(name)
        owner = self.frame.module if cells is self.frame.module.cells else None
        if self.frame.is_class and self.frame.owner and self.frame.owner.is_enum:
            self._bind_member(cells, name, value, line)
        self.put(owner, cells, name, Binding(value, line))

    def _bind_member(self, cells: Cells, name: str, value: Value, line: int | None) -> None:
        """A name in the body of an Enum is bound once."""
        old = cells.get(name)
        failure = refusals.of_member_name(name, old.value, value) if old and not old.doubt else None
        if failure:
            raise Raised(*failure, self.frame.module, line)

    def put(self, owner: "Module | Class | None", cells: Cells, name: str, binding: Binding | None) -> None:
        """Bind a name in a namespace. What belongs to another module, and is shared, is only remembered as changed."""
        maker = owner if isinstance(owner, Module) else owner.maker if owner else None
        if isinstance(owner, Class) and owner.is_body:
            self.journal.write(cells, name, binding)
        elif isinstance(owner, Class) and name == "__module__" and maker and _is_near(maker, self.module):
            self._rename(owner, name, binding)
        elif owner is not None and maker is not None and maker is not self.module:
            line = binding.line if binding else None
            if isinstance(owner, Module) and (cells, name) not in self.stale:
                self._open_contents(owner, line)
            self.stale.add((cells, name))
            patches.note(self.module, patches.key_of(owner, name), Doubt(f"{name} is changed from outside", line))
            if isinstance(owner, Module) and f"{owner.name}.{name}" in (*SEARCHED, "sys.path_importer_cache"):
                why = Doubt("where modules are found is changed", line)
                patches.note(self.module, (patches.SEARCH_PATH, OPEN), why)
        elif isinstance(owner, Class) and name in ("__module__", "__qualname__", "__name__"):
            self._rename(owner, name, binding)
        else:
            self.journal.write(cells, name, binding)

    def _open_contents(self, owner: Module, line: int | None) -> None:
        """A name of another module is rebound: whatever stands there now may change what that module keeps."""
        for _, told in list(owner.cells.told()):
            if isinstance(told.value, Container):
                changed = self.unknown("it may have been changed from outside", line)
                self.journal.write(told.value.cells, CONTENT, Binding(changed, line))

    def _rename(self, kind: Class, name: str, binding: Binding | None) -> None:
        """`__module__` of a class and its like are set."""
        value = binding.value if binding else None
        if self.uncertain or not isinstance(value, Known) or not isinstance(value.value, str):
            kind.unsure = kind.unsure or Doubt(
                f"its {name} is set to what is not known", binding.line if binding else None
            )
        else:
            setattr(kind, name.strip("_"), value.value)

    def found_in(self, cells: Cells, name: str) -> Binding | None:
        """What a namespace has under a name, as far as this module's code has not changed it."""
        found = cells.get(name)
        if self.stale and (cells, name) in self.stale:
            changed = self.unknown(f"{name} may have been changed from outside", None)
            return Binding(changed, None, changed.doubt)
        return found

    def is_stale(self, value: Value, name: str) -> bool:
        """Whether code that runs here has changed an attribute of another module's class, or of the module itself."""
        if not self.stale:
            return False
        owners = value.mro if isinstance(value, Class) else value.kind.mro if isinstance(value, Instance) else ()
        return any((owner.cells, name) in self.stale for owner in (value, *owners) if isinstance(owner, Object))

    def unbind(self, name: str, line: int | None) -> None:
        """Do `del name`."""
        name = self.mangle(name)
        cells = self.cells_for(name)
        found = self.found_in(cells, name)
        if not found and not cells.open:
            raise Raised("NameError", f"name {name!r} is not defined", self.frame.module, line)
        self.put(self.frame.module if cells is self.frame.module.cells else None, cells, name, None)

    def unknown(self, reason: str, line: int | None) -> Unknown:
        """Nothing is known of a value."""
        return Unknown(Doubt(reason, line))
