"""Functions of the image, followed a little way: what they do counts as if it stood at the call."""

import ast
from functools import partial

from spybuild.static import failing
from spybuild.static.budget import TooMuch
from spybuild.static.core import MOST_CALLS, Arguments, Raised
from spybuild.static.effects import Effect
from spybuild.static.knowledge import KNOWN
from spybuild.static.made import Made
from spybuild.static.making import mangled
from spybuild.static.objects import CODE, Class, Function, Instance, Namespace, options
from spybuild.static.scopes import End, Frame
from spybuild.static.setting import Setting
from spybuild.static.values import Binding, Cells, Container, Doubt, Known, Some, Tuple, Value, container

_MOST_RECURSION = 20  # calls of a function within itself
CALLING = tuple(f"builtins.{name}" for name in ("map", "filter", "sorted", "max", "min", "iter", "__build_class__"))
_LOOKING = (  # at frames, or at everything there is
    "builtins.locals", "sys._getframe", "inspect.currentframe", "inspect.stack", "gc.get_objects", "gc.get_referrers",
)  # fmt: skip
_MOST_STEPS_OF_A_CALL = 12_000
_MOST_STEPS_ELSEWHERE = 1500  # of a call of another module's function


class Following(Setting):
    """Runs functions' bodies."""

    def unfollowed(self, arguments: Arguments, line: int | None, what: str = "") -> Value:
        """A call of something that is not known: it may do anything with what it is given."""
        self.risk()
        for argument in arguments.every:
            self.escape(argument, line)
        return self.unknown(f"it is not known what {what or 'a call'} returns", line)

    def known_call(self, key: str, arguments: Arguments, line: int | None) -> Value:
        """Call something of the standard library that is known by its meaning."""
        raise NotImplementedError

    def call_alias(self, kind: Class, arguments: Arguments, line: int | None) -> Value:
        """`Box[int](1)` makes what `Box(1)` does, and tells it what it was made of, where that can be set."""
        made = self.call(kind, arguments, line)
        if all(map(_takes_any_name, options(made))):
            return made
        why = Doubt("what it was made of may be refused", line)
        given = (Known("__orig_class__"), self.unknown(why.reason, line))
        for each in options(made):
            if isinstance(each, Class):
                self.may_raise(Raised("TypeError", why.reason, self.frame.module, line), why)
            elif isinstance(each, Instance) and (setter := each.kind.find("__setattr__")):
                function = self.read_member(setter[1])
                self.maybe(partial(self.call, function, Arguments((each, *given)), line), why)
            else:
                self.maybe(partial(self.set_attribute, each, "__orig_class__", given[1], line), why)
        return self.unfollowed(Arguments((made,)), line)

    def watch(self, key: str, arguments: Arguments, line: int | None) -> None:
        """A class that is being made is handed to what calls functions with it, or its namespace can be got hold of."""
        if not self.makings or self.frame.module.is_stdlib:
            return
        for argument in arguments.every if key in CALLING else ():
            self.escape(argument, line)
        if key in _LOOKING or (key == "builtins.vars" and not arguments.every):
            self.doubt_makings("what it is made of may be changed through a frame", line)

    # ---- functions ----
    def follow(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        """Run a function's body, where that is worth it; what it does counts as if it stood at the call."""
        if function.module.is_stdlib and (key := f"{function.module.name}.{function.qualname}") in KNOWN:
            return self.known_call(key, arguments, line)
        return self.call_body(function, arguments, line)

    def call_body(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        """Run a function's body, whatever the function is known to mean."""
        node = function.node
        if any(function.cells.get(slot) for slot in CODE):
            return self._not_followed(function, arguments, line)
        if function.module.found.kind != "source":  # what a stub declares has no body
            return self.unfollowed(arguments, line, f"{function.name}()")
        self.fail_if(failing.of_arguments(node, arguments, function.name), line)
        if self.resolver.traits(node).suspends:
            return self._suspended(function, arguments, line)
        nested = sum(frame.function is not None for frame in self.frames)
        if any(frame.function and frame.function.node is node for frame in self.frames):
            if not self._is_counted_down(arguments, nested):
                self.doubt_import(f"{function.name}() calls itself, perhaps without end", line)
                return self._not_followed(function, arguments, line)
        elif nested >= MOST_CALLS:
            return self._not_followed(function, arguments, line)
        if function.module is not self.module and not function.module.tree:
            return self.unfollowed(arguments, line, f"{function.name}()")
        return self._run(function, arguments, line)

    def _is_counted_down(self, arguments: Arguments, nested: int) -> bool:
        """Whether it is worth to follow a function that calls itself: all that it is given is known."""
        known = arguments.exact and bool(arguments.every) and all(isinstance(each, Known) for each in arguments.every)
        return known and not self.uncertain and nested < _MOST_RECURSION

    def _suspended(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        """Generators and coroutines run later, if at all."""
        self.called = None
        for argument in arguments.every:
            self.escape(argument, line)
        if not isinstance(function.node, ast.Lambda) and self.is_harmful(function):
            why = Doubt(f"{function.name}() may run later", line)
            if not any(frame.function and frame.function.node is function.node for frame in self.frames):
                self.maybe(lambda: self._run(function, arguments, line), why)
        if isinstance(function.node, ast.AsyncFunctionDef):
            return Some("coroutine")
        return Some("generator")

    def _not_followed(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        effect = function.module.effects.of(function.node) if function.module.effects else Effect.NAMES
        if effect & Effect.CONTENT and not function.module.is_stdlib:
            for _, binding in list(function.module.cells.told()):
                if isinstance(binding.value, Container):
                    self.escape(binding.value, line)
        if function.module is self.module and effect & (Effect.NAMES | Effect.ATTRIBUTES):
            reason = f"{function.name}() may change it in ways that are not followed"
            if effect & Effect.NAMES:
                self.poison(Namespace(function.module), reason, line)
            for _, binding in list(self.module.cells.told()):
                if isinstance(binding.value, Class) and binding.value.maker is self.module:
                    self.poison(Namespace(binding.value), reason, line)
        return self.unfollowed(arguments, line, f"{function.name}()")

    def _run(self, function: Function, arguments: Arguments, line: int | None) -> Value:
        frame = self._frame_for(function, arguments)
        if frame is None:
            return self._not_followed(function, arguments, line)
        limit = self.limit
        try:
            return self._within(frame, function)
        except Raised:
            if not function.module.is_stdlib or self.tried:
                raise
            self.distrust(f"{function.name}() seems to raise", line)
            return self.unknown(f"{function.name}() seems to raise", line)
        except TooMuch:
            if self.steps > limit or self.budget.is_spent:
                raise
        return self._not_followed(function, arguments, line)

    def _allowance(self, function: Function) -> int:
        """The steps that a call is worth: what it does to its own module counts, elsewhere it is what it returns."""
        return _MOST_STEPS_OF_A_CALL if function.module is self.module else _MOST_STEPS_ELSEWHERE

    def _within(self, frame: Frame, function: Function) -> Value:
        """Run a body in a frame of its own, for so many steps and no more."""
        outer, limit = self.frame, self.limit
        self.frame, self.limit = frame, min(limit, self.steps + self._allowance(function))
        self.frames.append(frame)
        self.journal.begin()
        try:
            return self._result(function, frame)
        finally:
            self.journal.keep()
            self.frames.pop()
            self.frame, self.limit = outer, limit

    def _result(self, function: Function, frame: Frame) -> Value:
        node = function.node
        if isinstance(node, ast.Lambda):
            return self.evaluate(node.body)
        end = self.execute(node.body)
        self.come_back(End.RETURN)
        if end is None:
            frame.returned.append(Known(None))
        return self.joined(frame.returned[:12], node.lineno)

    def _frame_for(self, function: Function, arguments: Arguments) -> Frame | None:
        """The frame of a call; None where the arguments do not fit."""
        cells = Cells()
        every = function.node.args
        names = [each.arg for each in (*every.posonlyargs, *every.args)]
        unknown = self.unknown("an argument that is not known", function.node.lineno)
        positional = arguments.positional
        keywords = dict(arguments.keywords)
        for name, value in zip(names, positional, strict=False):
            cells.names[name] = Binding(value)
        for name in (*names, *(each.arg for each in every.kwonlyargs)):
            if name not in cells.names and name in keywords:
                cells.names[name] = Binding(keywords.pop(name))
            elif name not in cells.names:
                default = function.defaults.get(name) if arguments.exact else unknown
                if default is None:
                    return None
                cells.names[name] = Binding(default)
        if len(positional) > len(names) and not every.vararg:
            return None
        if every.vararg:
            rest = Tuple(positional[len(names) :]) if arguments.exact else Some("tuple")
            cells.names[every.vararg.arg] = Binding(rest)
        if every.kwarg:
            pairs = tuple(Tuple((Known(name), value)) for name, value in keywords.items())
            cells.names[every.kwarg.arg] = Binding(container("dict", pairs if arguments.exact else None))
        local = self.resolver.traits(function.node).local
        if function.private:
            local = frozenset(mangled(name, function.private) for name in local)
            cells.names = {mangled(name, function.private): bound for name, bound in cells.names.items()}
        frame = Frame(function.module, cells, function.enclosing, local, private=function.private, function=function)
        frame.owner = function.owner
        frame.is_direct, self.called = self.called is function, None
        return frame


def _takes_any_name(made: Value) -> bool:
    """Whether an attribute can be set on what a class made, or not, without anybody noticing."""
    if isinstance(made, Instance):
        hooks = ("__setattr__", "__orig_class__")
        found = [each for each in map(made.kind.find, hooks) if each and not each[0].native]
        return not made.kind.unknown() and all(
            isinstance(each[1].value, Made) for each in found
        )  # a frozen dataclass's
    return isinstance(made, Known | Some | Tuple | Container)
