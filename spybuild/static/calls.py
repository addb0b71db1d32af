"""Calls: functions of the image are followed a little way, the standard library's are known by what they mean."""

from spybuild.static import (
    attempts,
    computing,
    failing,
    known_methods,
    surroundings,
    unsupported,
)  # fmt: skip
from spybuild.static.core import Arguments
from spybuild.static.following import CALLING
from spybuild.static.instantiating import DESCRIPTORS, HANDING_ON, Instantiating, prepended
from spybuild.static.knowledge import KNOWN, RETURNED, SAFE, Call
from spybuild.static.known_reaching import ANYTHING, is_anything
from spybuild.static.objects import (
    Bound,
    Cached,
    Class,
    Descriptor,
    Form,
    Function,
    Instance,
    Namespace,
    Native,
    Partial,
    Special,
)
from spybuild.static.values import CONTENT, Container, Doubt, Either, Known, Unknown, Value

_COMPUTING = ("builtins.", "math.", "random.", "time.", "struct.", "itertools.", "decimal.", "datetime.")


class Calls(Instantiating):
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
                return self.instantiate(function, arguments, line)
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
                return self.known_call(function.key, prepended(receiver, arguments), line)
            return self._method_of_native(name, function.key, receiver, arguments, line)
        if isinstance(function, Special) and function.key.startswith("method."):
            return self.call_method(receiver, function.key[7:], arguments, line)
        return self.call(function, prepended(receiver, arguments), line)

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
        given = prepended(receiver, arguments)
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
        if key in HANDING_ON and any(map(is_anything, arguments.every)):
            return ANYTHING
        handler = KNOWN.get(key)
        if (key in RETURNED or key.startswith("builtins.")) and key not in DESCRIPTORS:
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
            self.try_out(found[1].value, prepended(Instance(kind=real), arguments), line, in_library=True)
        elif isinstance(real, Function):
            self.try_out(real, arguments, line, in_library=True)
