"""Calls: functions of the image are followed a little way, the standard library's are known by what they mean."""

from spybuild.static import (
    attempts,
    computing,
    failing,
    known_metaclasses,
    known_methods,
    metaclasses,
    refusals,
    surroundings,
    unsupported,
)  # fmt: skip
from spybuild.static.classes import is_abstract_class
from spybuild.static.core import MOST_STEPS, Arguments
from spybuild.static.effects import Effects
from spybuild.static.following import CALLING, CODE, Following
from spybuild.static.knowledge import KNOWN, RETURNED, SAFE, Call
from spybuild.static.known_reaching import ANYTHING, is_anything
from spybuild.static.made import Made
from spybuild.static.values import (
    CONTENT,
    Bound,
    Cached,
    Class,
    Container,
    Descriptor,
    Doubt,
    Either,
    Form,
    Function,
    Instance,
    Known,
    Namespace,
    Native,
    Partial,
    Some,
    Special,
    Unknown,
    Value,
)  # fmt: skip

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


_HANDING_ON = tuple(  # what gives the items, or an attribute, of what it is given
    f"builtins.{name}"
    for name in ("vars", "list", "tuple", "dict", "set", "iter", "next", "sorted", "reversed", "filter", "enumerate",
                 "zip", "map", "type", "max", "min")
)  # fmt: skip
_DESCRIPTORS = ("builtins.property", "builtins.staticmethod", "builtins.classmethod", "builtins.super", "builtins.type")


_COMPUTING = ("builtins.", "math.", "random.", "time.", "struct.", "itertools.", "decimal.", "datetime.")


class Calls(Following):
    """Calls what can be called."""

    def call(self, function: Value, arguments: Arguments, line: int | None) -> Value:
        """What a call returns."""
        self.step()
        self._ask(function, arguments, line)
        match function:
            case Function():
                return self.follow(function, arguments, line)
            case Bound():
                return self._bound(function, arguments, line)
            case Class():
                return self._instantiate(function, arguments, line)
            case Special(key=key) | Native(key=key):
                return self.known_call(key, arguments, line)
            case Partial():
                given = {**function.keywords, **arguments.keywords}
                every = Arguments((*function.arguments, *arguments.positional), given, arguments.exact)
                return self.call(function.function, every, line)
            case Cached() if wrapped := function.cells.get("__wrapped__"):
                return self.call(wrapped.value, arguments, line)
            case Instance() if found := function.kind.find("__call__"):
                return self.call(Bound(self.read_member(found[1]), function), arguments, line)
            case Descriptor(kind="staticmethod", function=inner) if inner:
                return self.call(inner, arguments, line)
            case Either(options=choices):
                return self._one_of_several(choices, arguments, line)
            case Form(origin=Class() as kind, arguments=tuple()):
                return self.call_alias(kind, arguments, line)
            case Unknown():
                self.unfollowed(arguments, line)
                return function
            case _:
                self.doubt_if(self.minds and unsupported.of_call(self.resolver, function), line)
                return self.unfollowed(arguments, line)

    def _ask(self, function: Value, arguments: Arguments, line: int | None) -> None:
        """Whether it can be called at all, and what the call depends on."""
        self.fail_if(failing.of_callee(function), line)
        key = surroundings.key_of(function)
        if not key:
            return
        asked = surroundings.asked_by(self.resolver, key, function, arguments)
        if asked:
            self.depend(asked, line)
        if key in surroundings.GIVEN:
            self.distrust(f"whether {key}() works depends on what it is given", line)
        self._compute(key, arguments, line)

    def _compute(self, key: str, arguments: Arguments, line: int | None) -> None:
        """What a call raises that only computes, and is given constants."""
        self._refuse(computing.failure_of(self.resolver, key, arguments), key, line)

    def _refuse(self, found: attempts.Refusal | None, key: str, line: int | None) -> None:
        if found is None:
            return
        error, is_sure = found
        kind = type(error).__name__
        self.ancestry.setdefault(kind, frozenset(each.__name__ for each in type(error).__mro__))
        if is_sure:
            self.fail_if((kind, str(error)[:200]), line)
        self.risk(kind)
        self.distrust(f"{key}() seems to raise {kind}: {str(error)[:100]}", line)

    def _one_of_several(self, choices: tuple[Value, ...], arguments: Arguments, line: int | None) -> Value:
        results: list[Value] = []

        def one(choice: Value) -> None:
            results.append(self.call(choice, arguments, line))

        paths = [lambda choice=choice: one(choice) for choice in choices]
        self.fork(paths, Doubt("it is not known which function is called", line))
        return self.joined(results, line) if results else self.unfollowed(arguments, line)

    def _bound(self, bound: Bound, arguments: Arguments, line: int | None) -> Value:
        function, receiver = bound.function, bound.receiver
        self.weigh(receiver)
        if isinstance(function, Native):
            name = function.key.rpartition(".")[2]
            if function.key in KNOWN:
                return self.known_call(function.key, _prepended(receiver, arguments), line)
            return self._method_of_native(name, function.key, receiver, arguments, line)
        if isinstance(function, Special) and function.key.startswith("method."):
            return self.call_method(receiver, function.key[7:], arguments, line)
        return self.call(function, _prepended(receiver, arguments), line)

    def _method_of_native(self, name: str, key: str, receiver: Value, arguments: Arguments, line: int | None) -> Value:
        if isinstance(receiver, Instance):
            content = receiver.cells.get(CONTENT)
            if content and isinstance(content.value, Container):
                return self.call_method(content.value, name, arguments, line)
        found = RETURNED.get(key)
        return found if found is not None else self.unfollowed(arguments, line, f"{key}()")

    def call_method(self, receiver: Value, name: str, arguments: Arguments, line: int | None) -> Value:
        """Call a method of a builtin type."""
        if self.minds:
            self._refuse(attempts.of_method(self.resolver, receiver, name, arguments), f".{name}", line)
        handler = KNOWN.get(f"method.{name}")
        given = _prepended(receiver, arguments)
        result = handler(Call(self.as_interpreter(), given, line)) if handler else None
        if result is None:
            result = known_methods.text_method(self.as_interpreter(), name, given, line)
        if result is not None:
            return result
        if isinstance(receiver, Namespace):
            self.poison(receiver, f"its namespace is used in a way that cannot be followed (.{name})", line)
        elif isinstance(receiver, Container):
            self.escape(receiver, line)
        return self.unfollowed(arguments, line, f".{name}()")

    def known_call(self, key: str, arguments: Arguments, line: int | None) -> Value:  # noqa: D102  # abstract
        constant = self.resolver.constants.called(key)
        if constant is not None:
            return constant
        if key in _HANDING_ON and any(map(is_anything, arguments.every)):
            return ANYTHING
        handler = KNOWN.get(key)
        if (key in RETURNED or key.startswith("builtins.")) and key not in _DESCRIPTORS:
            for argument in arguments.every:
                if not isinstance(argument, Function) or not key.startswith("builtins.") or key in CALLING:
                    self.lend(argument, line)
        self.watch(key, arguments, line)
        result = handler(Call(self.as_interpreter(), arguments, line)) if handler else RETURNED.get(key)
        if result is not None:
            self._try_library(key, arguments, line)
            if not isinstance(result, Known) and not key.startswith(SAFE):
                self.risk()
            return result
        real = self.resolver.real(key)
        if isinstance(real, Function):
            return self.call_body(real, arguments, line)
        if real is not None and not isinstance(real, Special | Native | Unknown):
            return self.call(real, arguments, line)
        return self.unfollowed(arguments, line, f"{key}()")

    def _try_library(self, key: str, arguments: Arguments, line: int | None) -> None:
        """Numbers are rarely meant: what is known by its meaning may raise for them, as its own source tells."""
        if not attempts.is_odd(arguments) or key.startswith(_COMPUTING):
            return
        real = self.resolver.real(key)
        if isinstance(real, Class) and real.home and real.home.is_stdlib and (found := real.find("__init__")):
            self.try_out(found[1].value, _prepended(Instance(kind=real), arguments), line, in_library=True)
        elif isinstance(real, Function):
            self.try_out(real, arguments, line, in_library=True)

    # ---- classes ----
    def _instantiate(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        """Make an instance: `__new__` and `__init__` are followed where they may change more than the instance."""
        if kind.path in _HANDING_ON and any(map(is_anything, arguments.every)):
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
            return self.call(maker, _prepended(kind, arguments), line)
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
            given = _prepended(Instance(kind=kind), arguments)
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
            return self.call(function, _prepended(kind, arguments), line)
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
                    self.try_out(function, _prepended(instance, arguments), line, in_library=True)
                for argument in arguments.every:
                    self._lend(argument, line)
            elif self.module.is_own or self._is_worth(function, effects):
                result = self.call(function, _prepended(instance, arguments), line)
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
        if kind.path not in _DESCRIPTORS:
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


def _prepended(receiver: Value, arguments: Arguments) -> Arguments:
    return Arguments((receiver, *arguments.positional), arguments.keywords, arguments.exact)
