"""Namespaces that change along several paths at once: what one path did is taken back before the next is tried."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from spybuild.static.modules import Module
from spybuild.static.objects import Class, Function, either
from spybuild.static.values import OPEN, Binding, Cells, Doubt, Known, Some, Unknown, Value

Slot = tuple[Cells, str]
Changes = dict[Slot, Binding | None]


class End(Enum):
    """How a block of statements is left before its end."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Gone:
    """A path that has left a block before its end, and what was different on it."""

    end: End
    changes: Changes
    why: Doubt


@dataclass(slots=True, eq=False)
class Frame:
    """A body being executed: of a module, a class or a function.

    Attributes:
        cells: its own names.
        enclosing: the namespaces of the functions around it, innermost first.
        local: the names that are its own wherever they are bound (of a function); None elsewhere.
        global_: names declared `global`; nonlocal_: names declared `nonlocal`.
        private: the class whose name mangles `__x`.
        returned: the values that it may return.
        gone: the paths that have left the block being executed, while another goes on.
        is_direct: it was called by the frame before it, and by nobody in between.
    """

    module: Module
    cells: Cells
    enclosing: tuple[Cells, ...] = ()
    local: frozenset[str] | None = None
    global_: set[str] = field(default_factory=set)
    nonlocal_: set[str] = field(default_factory=set)
    private: str = ""
    returned: list[Value] = field(default_factory=list)
    function: Function | None = None
    owner: Class | None = None
    gone: "list[Gone]" = field(default_factory=list)
    is_direct: bool = False

    @property
    def is_module(self) -> bool:
        """Whether it is the module's own body."""
        return self.cells is self.module.cells

    @property
    def is_class(self) -> bool:
        """Whether it is a class's body."""
        return self.owner is not None and self.cells is self.owner.cells


class Journal:
    """All changes to `Cells` go through here, and can be taken back up to where a path began."""

    def __init__(self) -> None:
        self._old: list[Changes] = []

    def write(self, cells: Cells, name: str, binding: Binding | None) -> None:
        """Bind `name`, or unbind it where `binding` is None."""
        if self._old:
            self._old[-1].setdefault((cells, name), cells.names.get(name))
        _put(cells, name, binding)

    def begin(self) -> None:
        """A path begins."""
        self._old.append({})

    def take_back(self) -> Changes:
        """The path ends: everything is as it was, and what the path changed is returned."""
        old = self._old.pop()
        changes = {(cells, name): cells.names.get(name) for cells, name in old}
        for (cells, name), binding in old.items():
            _put(cells, name, binding)
        return changes

    def keep(self) -> None:
        """The path ends, and what it did stays done."""
        old = self._old.pop()
        if self._old:
            for slot, binding in old.items():
                self._old[-1].setdefault(slot, binding)

    def join(self, paths: Iterable[Changes], why: Doubt, *, widening: bool = False) -> bool:
        """One of these paths was gone, nobody knows which. Returns whether anything is not as it was."""
        every = list(paths)
        changed = False
        for slot in dict.fromkeys(slot for path in every for slot in path):
            cells, name = slot
            before = cells.names.get(name)
            bindings = [path.get(slot, before) if slot in path else before for path in every]
            result = bindings[0]
            for binding in bindings[1:]:
                result = merged(result, binding, why, widening=widening)
            if result != before:
                changed = True
                self.write(cells, name, result)
        return changed


def merged(one: Binding | None, other: Binding | None, why: Doubt, *, widening: bool = False) -> Binding | None:
    """What a name is bound to if it is `one` or `other`; None is unbound."""
    if one is None or other is None:
        there = one or other
        return there and (there if there.doubt else Binding(there.value, there.line, why))
    if one == other:
        return one
    value = widened(one.value, other.value) if widening else None
    return Binding(value or either(one.value, other.value, why.line), other.line, one.doubt or other.doubt)


def widened(one: Value, other: Value) -> Value | None:
    """What may change with every turn of a loop is only known by its type."""
    if isinstance(one, Known | Some) and isinstance(other, Known | Some) and one != other:
        names = {each.type if isinstance(each, Some) else type(each.value).__name__ for each in (one, other)}
        return Some(names.pop()) if len(names) == 1 else None
    return None


def opened(
    journal: Journal, cells: Cells, why: Doubt, *, rebinds: bool, spares: Callable[[str], bool] | None = None
) -> None:
    """From here on a namespace may have names that are not told of; where it `rebinds`, those told are in doubt too.

    A star import `spares` names like `__name__`.
    """
    journal.write(cells, OPEN, Binding(Unknown(why), why.line, why))
    for name, binding in list(cells.names.items()) if rebinds else ():
        if not binding.doubt and not (spares and spares(name)):
            journal.write(cells, name, Binding(binding.value, binding.line, why))


def _put(cells: Cells, name: str, binding: Binding | None) -> None:
    if binding is None:
        cells.names.pop(name, None)
    else:
        cells.names[name] = binding
