"""What gets out of hand: values that go where they cannot be followed, and namespaces that are then in doubt."""

from collections.abc import Callable, Iterable, Sequence

from spybuild.static import metaclasses, patches
from spybuild.static.core import Arguments, Raised, Trial
from spybuild.static.modules import Module
from spybuild.static.objects import (
    Bound,
    Cached,
    Class,
    Descriptor,
    Function,
    Instance,
    Namespace,
    Native,
    Partial,
    Special,
    either,
)
from spybuild.static.paths import Paths
from spybuild.static.scopes import opened
from spybuild.static.values import (
    CONTENT,
    OPEN,
    Binding,
    Cells,
    Container,
    Doubt,
    Either,
    Known,
    Some,
    Tuple,
    Unknown,
    Value,
)

_PLAIN = (Known, Some, Tuple, Container, Function, Native)  # what in a class runs nothing when it is looked up
_HOOKED = ("builtins.module", "builtins.super", "builtins.type", "_thread._local")
# what is called by name, or by making a class or an instance
_EXPLICIT = ("__new__", "__init__", "__prepare__", "__init_subclass__", "__class_getitem__", "__call__")


def _is_plain(value: Value) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, Descriptor) and value.kind == "slot")


def _functions_of(value: Value) -> tuple[Value | None, ...]:
    """What may run when a member of a class is called, read or set."""
    return (value.function, *value.writers) if isinstance(value, Descriptor) else (value,)


class Escapes(Paths):
    """Keeps account of what code that is not followed may do."""

    # ---- what gets out of hand ----
    def escape(self, value: Value, line: int | None) -> None:
        """A value goes where it cannot be followed: what could be done with it may be done."""
        for part in self.parts_of(value):
            if isinstance(part, Namespace):
                self.poison(part, "its namespace is handed to code that cannot be followed", line)
            elif isinstance(part, Container):
                changed = Binding(self.unknown("it may have been changed", line), line)
                self.journal.write(part.cells, CONTENT, changed)
            else:
                self._lend_one(part, line)
                self._let_go(part, line)

    def _let_go(self, part: Value, line: int | None) -> None:
        """A class that is being made is handed to code that cannot be followed."""
        kind = part.receiver if isinstance(part, Bound) else part
        if self.is_in_the_making(kind) and isinstance(kind, Class):
            self.poison(Namespace(kind), "what its metaclass does with it cannot be followed", line)

    def is_in_the_making(self, value: Value) -> bool:
        """Whether a value is a class that a metaclass has not done with."""
        return any(each.kind is value for each in self.makings)

    def doubt_makings(self, reason: str, line: int | None) -> None:
        """Something is changed that may be the class that a metaclass is making."""
        if self.supposed:
            return
        for each in self.makings:
            self.poison(Namespace(each.kind), reason, line)
            self.poison(Namespace(each.body), reason, line)

    def lend(self, value: Value, line: int | None) -> None:
        """A value is used by code that is known not to change it, but that may call it, or the methods it has."""
        if not isinstance(value, Known | Some | Unknown):
            for part in self.parts_of(value):
                self._lend_one(part, line)

    def parts_of(self, value: Value) -> list[Value]:
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
            case Instance(kind=kind) if kind.home and not kind.home.is_stdlib:
                self.lend_methods(kind, line)
            case Class(metaclass=Class() as kind) if kind.home and not kind.home.is_stdlib:
                self.lend_methods(kind, line, spared=_EXPLICIT[:-1])
                self.lend_to_metaclass(value, line, calls=True)

    def expose(self, instance: Instance, line: int | None) -> None:
        """The dict behind an object is given away: its attributes may be others from here on."""
        for name in (*instance.cells.names, "__signature__"):
            changed = self.unknown("it may have been changed through the __dict__ of its object", line)
            self.journal.write(instance.cells, name, Binding(changed, line))

    def lend_for(self, instance: Instance, name: str, *hooks: str) -> None:
        """An attribute of an object is read or set: nothing of the object runs where its class has it as plain."""
        kind = instance.kind
        found = kind.find(name)
        plain = found is None or (not found[1].doubt and _is_plain(found[1].value))
        hooked = any(kind.find(hook) for hook in hooks) or any(owner.path in _HOOKED for owner in kind.mro)
        if not plain or hooked or kind.unknown():
            self.lend(instance, None)
            self.lend(found[1].value, None) if found else None

    def lend_methods(self, kind: Class, line: int | None, spared: tuple[str, ...] = ()) -> None:
        """Operators, attributes, conversions: any method of an object may be called by what uses it."""
        for owner in kind.mro:
            for name, binding in list(owner.cells.told()) if owner.home and not owner.native else ():
                if name in spared:
                    continue
                for value in _functions_of(binding.value):
                    if isinstance(value, Function) and value.module is self.module:
                        self._lend_one(value, line)

    def lend_to_metaclass(self, kind: Class, line: int | None, *, calls: bool) -> None:
        """What a metaclass defines is called with the class wherever that is compared, printed, asked or called."""
        for owner in kind.metaclass.mro if isinstance(kind.metaclass, Class) else ():
            if owner.native or not owner.home or owner.home.is_stdlib:
                continue
            for name, binding in list(owner.cells.told()):
                value = binding.value
                function = value.function if isinstance(value, Descriptor) and value.kind == "property" else value
                if not isinstance(function, Function) or (function is value and not name.startswith("__")):
                    continue
                if name not in _EXPLICIT and not self.supposed:
                    self._run_with(function, kind, line)
                elif (name not in _EXPLICIT or (name == "__call__" and calls)) and self.is_harmful(function):
                    self.poison(Namespace(kind), "its metaclass may change it when it is used", line)

    def is_harmful(self, function: Function) -> bool:
        """Whether a function may change more than its own names, by its text."""
        return function.module.effects is None or function.module.effects.may_happen(function.node)

    def _run_with(self, function: Function, kind: Class, line: int | None) -> None:
        """A method of a metaclass may be called with a class: whom it hands that to is not trusted with it."""
        self.makings.append(metaclasses.already_made(kind))
        try:
            self.run_perhaps(function, line, (kind,))
        finally:
            self.makings.pop()

    def run_perhaps(self, function: Function, line: int | None, given: tuple[Value, ...] = ()) -> None:
        """A function is handed to code that may call it."""
        self.called = None
        if any(frame.function and frame.function.node is function.node for frame in self.frames):
            return
        why = Doubt(f"{function.name}() may be called, and may change it", line)
        self.supposed += 1
        try:
            self.maybe(lambda: self.call(function, Arguments(given, exact=False), line), why)
        finally:
            self.supposed -= 1

    def try_out(self, function: Value, arguments: Arguments, line: int | None, *, in_library: bool = False) -> None:
        """What a function that is called implicitly raises for sure, its caller seems to; what it does is let go."""
        if self.tried or not isinstance(function, Function) or not self.minds:
            return
        if not in_library and (function.module.is_stdlib or not self.resolver.traits(function.node).raises):
            return
        self.journal.begin()
        self.trials.append(Trial())
        self.uncertain += 1
        self.tried += 1
        try:
            self.call_body(function, arguments, line)
            reason = None
        except Raised as raised:
            reason = f"{function.name}() seems to raise {raised.kind}"
        finally:
            self.tried -= 1
            self.uncertain -= 1
            self.trials.pop()
            self.journal.take_back()
        self.doubt_if(reason, line)

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
