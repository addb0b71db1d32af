"""What gets out of hand: values that go where they cannot be followed, and namespaces that are then in doubt."""

from collections.abc import Callable, Iterable, Sequence

from spybuild.static import patches
from spybuild.static.core import Arguments, Raised
from spybuild.static.modules import Module
from spybuild.static.paths import Paths
from spybuild.static.scopes import opened
from spybuild.static.values import (
    CONTENT,
    OPEN,
    Binding,
    Bound,
    Cached,
    Cells,
    Class,
    Container,
    Descriptor,
    Doubt,
    Either,
    Function,
    Instance,
    Known,
    Namespace,
    Partial,
    Some,
    Special,
    Tuple,
    Unknown,
    Value,
    either,
)  # fmt: skip


class Escapes(Paths):
    """Keeps account of what code that is not followed may do."""

    # ---- what gets out of hand ----
    def escape(self, value: Value, line: int | None) -> None:
        """A value goes where it cannot be followed: what could be done with it may be done."""
        for part in self._parts_of(value):
            if isinstance(part, Namespace):
                self.poison(part, "its namespace is handed to code that cannot be followed", line)
            elif isinstance(part, Container):
                changed = Binding(self.unknown("it may have been changed", line), line)
                self.journal.write(part.cells, CONTENT, changed)
            else:
                self._lend_one(part, line)

    def lend(self, value: Value, line: int | None) -> None:
        """A value is used by code that is known not to change it, but that may call it, or the methods it has."""
        if not isinstance(value, Known | Some | Unknown):
            for part in self._parts_of(value):
                self._lend_one(part, line)

    def _parts_of(self, value: Value) -> list[Value]:
        """A value and all that can be reached from it, each once."""
        found: dict[int, Value] = {}
        waiting = [value]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Known | Some | Unknown) or id(part) in found:
                continue
            self.step()
            found[id(part)] = part
            match part:
                case Container():
                    waiting += part.content or ()
                case Tuple(items=items):
                    waiting += items
                case Either(options=choices):
                    waiting += choices
                case Partial(function=function):
                    waiting += [function, *part.arguments, *part.keywords.values()]
        return list(found.values())

    def _lend_one(self, value: Value, line: int | None) -> None:
        match value:
            case Function() if value.module.effects and value.module.effects.may_happen(value.node):
                self.run_perhaps(value, line)
            case (
                Bound(function=Function() as function)
                | Cached(cells=Cells(names={"__wrapped__": Binding(value=Function() as function)}))
            ):
                self._lend_one(function, line)
            case Bound(function=Special(), receiver=Namespace() as namespace):
                self.escape(namespace, line)
            case Instance(kind=kind) | Class(metaclass=Class() as kind) if kind.home and not kind.home.is_stdlib:
                self._lend_methods(kind, line)

    def _lend_methods(self, kind: Class, line: int | None) -> None:
        """Operators, attributes, conversions: any method of an object may be called by what uses it."""
        for owner in kind.mro:
            for _, binding in list(owner.cells.told()) if owner.home and not owner.native else ():
                value = binding.value.function if isinstance(binding.value, Descriptor) else binding.value
                if isinstance(value, Function) and value.module is self.module:
                    self._lend_one(value, line)

    def run_perhaps(self, function: Function, line: int | None) -> None:
        """A function is handed to code that may call it."""
        if any(frame.function and frame.function.node is function.node for frame in self.frames):
            return
        why = Doubt(f"{function.name}() may be called, and may change it", line)
        self.maybe(lambda: self.call(function, Arguments(exact=False), line), why)

    def poison(self, namespace: Namespace, reason: str, line: int | None) -> None:
        """From here on a namespace may hold other names and other values than are told."""
        why = Doubt(reason, line)
        for owner in [namespace.owner] if namespace.owner else [frame.module for frame in self.frames]:
            self.count(len(owner.cells.names) // 10)
            maker = owner.maker if isinstance(owner, Class) else owner
            if maker in (None, self.module):
                installed = isinstance(owner, Module) and owner.is_installed
                opened(self.journal, owner.cells, why, rebinds=True, spares="__name__".__eq__ if installed else None)
            else:
                self.stale.update((owner.cells, name) for name in owner.cells.names)
                patches.note(self.module, patches.key_of(owner, OPEN), why)
        if namespace.owner is None:  # the frames of whoever imports this module are among them
            patches.note(self.module, patches.EVERYTHING, why)

    def reach_out(self, reason: str, line: int | None) -> None:
        """Something is done with what may be any object of the program; the standard library does no harm with it."""
        if self.frame.module.is_stdlib:
            return
        self.poison(Namespace(None), reason, line)

    def truth(self, value: Value) -> bool | None:
        """Whether a value counts as true; None where that is not known."""
        match value:
            case Known(value=constant):
                return bool(constant)
            case Tuple(items=items):
                return bool(items)
            case Container():
                return None if value.content is None else bool(value.content)
            case Either(options=choices):
                found = {self.truth(choice) for choice in choices}
                return found.pop() if len(found) == 1 else None
            case Function() | Module():
                return True
            case Class(metaclass=None):
                return True
            case Instance():
                self.lend(value, None)
                return None
            case _:
                return None

    def of_each(self, ways: Sequence[Callable[[], Value]], line: int | None) -> Value:
        """What comes of one of several, nobody knows which: where not all of them raise, it may be that none does."""
        found: list[Value] = []
        raised: list[Raised] = []
        for way in ways:
            try:
                found.append(way())
            except Raised as error:
                raised.append(error)
                self.risk(error.kind)
        if not found:
            raise raised[0]
        return self.joined(found, line)

    def joined(self, values: Iterable[Value], line: int | None) -> Value:
        """The value that is one of several."""
        every = list(values)
        result = every[0]
        for value in every[1:]:
            result = either(result, value, line)
        return result
