"""What gets out of hand: values that go where they cannot be followed, and namespaces that are then in doubt."""

from collections.abc import Iterable

from spybuild.static.core import Arguments
from spybuild.static.modules import Module
from spybuild.static.paths import Paths
from spybuild.static.scopes import opened
from spybuild.static.values import (
    CONTENT,
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
    def escape(self, value: Value, line: int | None, seen: int = 0) -> None:
        """A value goes where it cannot be followed: what could be done with it may be done."""
        if seen > 4:
            return
        match value:
            case Namespace():
                self.poison(value, "its namespace is handed to code that cannot be followed", line)
            case Container():
                for item in value.content or ():
                    self.escape(item, line, seen + 1)
                self.journal.write(value.cells, CONTENT, Binding(self.unknown("it may have been changed", line), line))
            case Tuple(items=items):
                for item in items[:200]:
                    self.escape(item, line, seen + 1)
            case Either(options=choices):
                for choice in choices:
                    self.escape(choice, line, seen + 1)
            case _:
                self.lend(value, line, seen)

    def lend(self, value: Value, line: int | None, seen: int = 0) -> None:
        """A value is used by code that is known not to change it, but that may call it, or the methods it has."""
        if isinstance(value, Known | Some | Unknown):
            return
        match value:
            case Function() if value.module.effects and value.module.effects.may_happen(value.node):
                self.run_perhaps(value, line)
            case (
                Bound(function=Function() as function)
                | Cached(cells=Cells(names={"__wrapped__": Binding(value=Function() as function)}))
            ):
                self.lend(function, line, seen)
            case Partial(function=function):
                self.escape(function, line, seen + 1)
            case Bound(function=Special(), receiver=Namespace() as namespace):
                self.escape(namespace, line)
            case Instance(kind=kind) | Class(metaclass=Class() as kind) if kind.home and not kind.home.is_stdlib:
                self._lend_methods(kind, line)
            case Tuple(items=items) if seen < 4:
                for item in items[:200]:
                    self.lend(item, line, seen + 1)
            case Container() if seen < 4:
                for item in (value.content or ())[:200]:
                    self.lend(item, line, seen + 1)

    def _lend_methods(self, kind: Class, line: int | None) -> None:
        """Operators, attributes, conversions: any method of an object may be called by what uses it."""
        for owner in kind.mro:
            for _, binding in list(owner.cells.told()) if owner.home and not owner.native else ():
                value = binding.value.function if isinstance(binding.value, Descriptor) else binding.value
                if isinstance(value, Function) and value.module is self.module:
                    self.lend(value, line, 4)

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
            maker = owner.maker if isinstance(owner, Class) else owner
            if maker in (None, self.module):
                opened(self.journal, owner.cells, why, rebinds=True)
            else:
                self.stale.update((owner.cells, name) for name in owner.cells.names)

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

    def joined(self, values: Iterable[Value], line: int | None) -> Value:
        """The value that is one of several."""
        every = list(values)
        result = every[0]
        for value in every[1:]:
            result = either(result, value, line)
        return result
