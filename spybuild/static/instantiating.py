"""Classes that are called: what makes an instance of them is followed where it may do more than that."""

from spybuild.static import (
    attempts,
    failing,
    known_metaclasses,
    metaclasses,
    refusals,
)  # fmt: skip
from spybuild.static.classes import is_abstract_class
from spybuild.static.core import MOST_STEPS, Arguments
from spybuild.static.effects import Effects
from spybuild.static.following import CALLING, Following
from spybuild.static.knowledge import KNOWN, Call
from spybuild.static.known_reaching import ANYTHING, is_anything
from spybuild.static.made import Made
from spybuild.static.objects import CODE, Class, Descriptor, Function, Instance, Namespace
from spybuild.static.values import Container, Known, Some, Value

HANDING_ON = tuple(  # what gives the items, or an attribute, of what it is given
    f"builtins.{name}"
    for name in ("vars", "list", "tuple", "dict", "set", "iter", "next", "sorted", "reversed", "filter", "enumerate",
                 "zip", "map", "type", "max", "min")
)  # fmt: skip


DESCRIPTORS = ("builtins.property", "builtins.staticmethod", "builtins.classmethod", "builtins.super", "builtins.type")


_IMMUTABLE = (
    "int",
    "float",
    "complex",
    "str",
    "bytes",
    "bool",
    "range",
    "slice",
    "frozenset",
    "bytearray",
    "memoryview",
)


class Instantiating(Following):
    """Makes instances."""

    def instantiate(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        """Make an instance: `__new__` and `__init__` are followed where they may change more than the instance."""
        if kind.path in HANDING_ON and any(map(is_anything, arguments.every)):
            return ANYTHING
        if kind.native:
            return self._make_native(kind, arguments, line)
        if kind.path in KNOWN and kind.home and kind.home.is_stdlib:
            return self.known_call(kind.path, arguments, line)
        if metaclasses.is_metaclass(kind):
            made = known_metaclasses.called(self.as_interpreter(), kind, arguments, line)
            return self.unfollowed(arguments, line, f"{kind.name}()") if made is None else made
        maker = metaclasses.caller_of(kind)
        if maker is not None:
            return self.call(maker, prepended(kind, arguments), line)
        return self.make_instance(kind, arguments, line)

    def make_instance(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        """What `type.__call__` does."""
        self.fail_if(refusals.of_enum_value(kind, arguments) if kind.is_enum else None, line)
        if kind.unsure or any(owner.path == "enum.Enum" for owner in kind.mro):
            return self.unfollowed(arguments, line, f"{kind.name}()")
        self.fail_if(self._not_to_be_made(kind, arguments), line)
        self.doubt_if(refusals.of_made_instance(kind) or attempts.misfit_of_made(kind, arguments), line)
        instance = self._made(kind, arguments, line)
        getter = arguments.get(0, "fget")
        if isinstance(getter, Function) and any(owner.path == "builtins.property" for owner in kind.mro):
            return Descriptor("property", getter, writers=arguments.every)
        if isinstance(instance, Instance) and instance.kind is kind:
            self._initialise(instance, arguments, line)
        return instance

    def _not_to_be_made(self, kind: Class, arguments: Arguments) -> tuple[str, str] | None:
        """Why `object.__new__` or `__init__` refuses to make an instance; None where it does not, or nobody knows."""
        new, init = kind.find("__new__"), kind.find("__init__")
        if kind.unknown() or (new and not new[0].native) or kind.dataclass or kind.tuple_fields is not None:
            return None
        if is_abstract_class(self.resolver, kind):
            return "TypeError", f"Can't instantiate abstract class {kind.name}"
        if init and isinstance(init[1].value, Function) and not init[1].doubt:
            function = init[1].value
            changed = any(function.cells.get(slot) for slot in CODE)
            given = prepended(Instance(kind=kind), arguments)
            return None if changed else failing.of_arguments(function.node, given, f"{kind.name}.__init__")
        plain = not init and not new and not any(owner.native for owner in kind.mro) and kind.metaclass is None
        return ("TypeError", f"{kind.name}() takes no arguments") if plain and arguments.every else None

    def _made(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        found = kind.find("__new__")
        if not found or found[0].native:
            return Instance(kind=kind)
        value = found[1].value
        function = value.function if isinstance(value, Descriptor) else value
        if isinstance(function, Function) and not found[1].doubt:
            return self.call(function, prepended(kind, arguments), line)
        return (
            self.unknown(f"it is not known what {kind.name}.__new__ returns", line)
            if not kind.tuple_fields
            else Instance(kind=kind)
        )

    def _initialise(self, instance: Instance, arguments: Arguments, line: int | None) -> None:
        found = instance.kind.find("__init__")
        if not found or found[0].native:
            return
        function = found[1].value
        after = instance.kind.find("__post_init__") if isinstance(function, Made) else None
        if after and isinstance(after[1].value, Function):
            self.call(after[1].value, Arguments((instance,), exact=False), line)
        if isinstance(function, Function) and (effects := function.module.effects):
            told = any(isinstance(each, Namespace) or self.is_in_the_making(each) for each in arguments.every)
            told = told or (self.resolver.traits(function.node).raises and not function.module.is_stdlib)
            if function.module is not self.module and not told:
                self.risk()
                if attempts.is_odd(arguments) and function.module.is_stdlib:
                    self.try_out(function, prepended(instance, arguments), line, in_library=True)
                for argument in arguments.every:
                    self._lend(argument, line)
            elif self.module.is_own or self._is_worth(function, effects):
                result = self.call(function, prepended(instance, arguments), line)
                returns = (
                    isinstance(result, Known)
                    and result.value is not None
                    and not self.resolver.traits(function.node).suspends
                )
                self.doubt_if("__init__() seems to return something" if returns else None, line)
            else:
                self.risk()

    def _is_worth(self, function: Function, effects: Effects) -> bool:
        """Whether a constructor of an installed module is followed: where it does more than to fill the object."""
        if effects.may_happen(function.node) or self.resolver.traits(function.node).raises:
            return True
        return self.resolver.traits(function.node).fills and self.steps < MOST_STEPS // 3

    def _lend(self, argument: Value, line: int | None) -> None:
        """What a constructor elsewhere is given may be kept and changed there."""
        if isinstance(argument, Container | Function | Namespace):
            self.escape(argument, line)

    def _make_native(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        handler = KNOWN.get(kind.path)
        self.watch(kind.path, arguments, line)
        if kind.path not in DESCRIPTORS:
            for argument in arguments.every:
                if not isinstance(argument, Function) or kind.module != "builtins" or kind.path in CALLING:
                    self.lend(argument, line)
        result = handler(Call(self.as_interpreter(), arguments, line)) if handler else None
        if result is not None:
            return result
        for argument in arguments.every:
            self.escape(argument, line)
        if kind.module == "builtins" and kind.name in _IMMUTABLE:
            return Some(kind.name)
        if kind.path in ("builtins.type", "builtins.super"):
            return self.unknown(f"it is not known what {kind.name}() returns", line)
        self.risk()
        return Instance(kind=kind)


def prepended(receiver: Value, arguments: Arguments) -> Arguments:
    """The arguments of a method: what it is called on goes before the others."""
    return Arguments((receiver, *arguments.positional), arguments.keywords, arguments.exact)
