"""Items: what `x[index]` is, what setting it does, and what iterating gives."""

import ast
from functools import partial

from spybuild.static import attempts, failing, folding, metaclasses, patches, refusals, unsupported
from spybuild.static.constants import SEARCHED
from spybuild.static.core import Arguments, Raised
from spybuild.static.escapes import Escapes
from spybuild.static.forms import hook_of
from spybuild.static.known_reaching import deletes_other
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Descriptor, Form, FrameOf, Function, Instance, Namespace, Special, options
from spybuild.static.values import (
    CONTENT,
    OPEN,
    Begun,
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
    container,
)


class Items(Escapes):
    """Reads and writes items."""

    def names_of(self, owner: Module | Class) -> Cells:
        """The namespace of a module, which is read for that, or of a class."""
        return self.resolver.load(owner).cells if isinstance(owner, Module) else owner.cells

    def lacks(self, owner: Module | Class, name: str) -> bool:
        """Whether a namespace has no such name for sure: Python puts some there that are not told."""
        cells = self.names_of(owner)
        hidden = name.startswith("__") and not (isinstance(owner, Class) and owner.is_body)
        return not cells.get(name) and cells.open is None and not hidden

    # ---- items ----
    def item(self, value: Value, index: Value, line: int | None) -> Value:
        """What `value[index]` is."""
        if isinstance(value, Either):
            return self.of_each([partial(self.item, each, index, line) for each in value.options], line)
        self.fail_if(refusals.of_subscript(value, index), line)
        maker = value.find("__class_getitem__") if isinstance(value, Class) else None
        if maker and isinstance(maker[1].value, Descriptor) and maker[1].value.function:
            self.try_out(maker[1].value.function, Arguments((value, index)), line)
        refused = attempts.of_subscript(self.resolver, value, index) if self.minds else None
        self.doubt_if(refused and f"typing refuses it: {str(refused[0])[:100]}", line)
        found = self._item(value, index, line)
        self._ask_class(value, index, line)
        if found is None:
            self.fail_if(failing.of_item(value, index), line)
            self.doubt_if(self.minds and unsupported.of_item(self.resolver, value), line)
            getter = value.kind.find("__getitem__") if isinstance(value, Instance) else None
            if getter:
                self.try_out(getter[1].value, Arguments((value, index)), line)
            self.risk()
            self.lend(value, line)
            if self.is_in_the_making(index):
                self.escape(index, line)
            if isinstance(value, Unknown):
                return value
            return self.unknown("an item of it is not known", line)
        return self.resolver.actual(found)

    def _ask_class(self, value: Value, index: Value, line: int | None) -> None:
        """`Class[index]` calls `__class_getitem__`, which may change the class."""
        found = value.find("__class_getitem__") if isinstance(value, Class) else None
        function = found[1].value.function if found and isinstance(found[1].value, Descriptor) else None
        if found is None or metaclasses.is_stdlib(found[0]) or not isinstance(function, Function):
            return
        if self.is_harmful(function):
            self.run_perhaps(function, line, (value, index))

    def _item(self, value: Value, index: Value, line: int | None) -> Value | None:
        match value:
            case Special(key="sys.modules"):
                return self._loaded(index) or Special("anything")
            case Special(key="anything"):
                return value
            case Special(key="sys.path"):
                return Some("list") if isinstance(index, Some | Tuple) else Some("str")
            case Special(key="os.environ"):
                self._needs_variable(index, line)
                return Some("str")
            case Namespace(owner=owner) if owner and isinstance(index, Known) and isinstance(index.value, str):
                found = self.found_in(self.names_of(owner), index.value)
                return self.read_member(found) if found else None
            case Container(type="dict"):
                return _entry(value, index)
            case Class() | Form() | Special():
                return self._subscripted(value, index, line)
            case Tuple() | Container() | Known():
                return _position(value, index)
            case Some(type="str" | "bytes" as kind):
                return Some(kind if kind == "str" or isinstance(index, Tuple) else "int")
            case Some(type="list" | "tuple" as kind) if isinstance(index, Tuple):
                return Some(kind)
            case _:
                return None

    def _subscripted(self, value: Class | Form | Special, index: Value, line: int | None) -> Value | None:
        """An alias, or what the class's own code makes of it."""
        found = self.resolver.forms.subscripted(value, index)
        hooks = (
            [hook_of(value, name) for name in ("__getitem__", "__class_getitem__")] if isinstance(value, Class) else []
        )
        hook = next((each for each in hooks if each), None)
        if found is not None or hook is None:
            return found
        function = hook.value.function if isinstance(hook.value, Descriptor) else hook.value
        given = Arguments(
            (index,) if isinstance(hook.value, Descriptor) and hook.value.kind == "staticmethod" else (value, index)
        )
        return self.call(self.read_member(Binding(function or hook.value, hook.line, hook.doubt)), given, line)

    def _loaded(self, index: Value) -> Value | None:
        """`sys.modules[name]`: the module itself where it is the one being read."""
        if not isinstance(index, Known) or not isinstance(index.value, str):
            return None
        for frame in self.frames:
            if frame.module.name == index.value:
                return frame.module
        return self.resolver.module(index.value)

    def _needs_variable(self, index: Value, line: int | None) -> None:
        name = index.value if isinstance(index, Known) else "a variable"
        why = Doubt(f"the environment must have {name}", line)
        if any(repr(name) in condition for condition in self.assured):
            return
        if self.trials:
            self.trials[-1].risks.add("KeyError")
        else:
            self.may_raise(Raised("KeyError", str(name), self.frame.module, line), why)

    def set_item(self, target: Value, index: Value, value: Value | None, line: int | None) -> None:
        """Do `target[index] = value`, or delete it where `value` is None."""
        for each in options(target):
            match each:
                case Namespace():
                    self.set_name(each, index, value, line)
                case Special(key="sys.modules"):
                    self._replace_module(index, value, line)
                case Container() if value is None and each is target and (failure := failing.of_item(each, index)):
                    self.fail_if(failure, line)
                case Container(type="dict"):
                    self._set_entry(each, index, value, line)
                case Container():
                    self._set_position(each, value, line)
                case Special(key="anything" | "frame") | FrameOf():
                    self.reach_out("it may be changed through what may be any object", line)
                case Special(key="os.environ") if isinstance(value, Known) and not isinstance(value.value, str):
                    self.fail_if(("TypeError", f"str expected, not {type(value.value).__name__}"), line)
                case Special(key=key) if key in SEARCHED:
                    self._set_searched(key, index, value, line)
                case Known() | Tuple() | Some() | Special():
                    self.fail_if(failing.of_setting_item(each) if each is target else None, line)
                case _:
                    slot = "__delitem__" if value is None else "__setitem__"
                    self.doubt_if(self.minds and unsupported.of_item(self.resolver, each, slot), line)
                    self.lend(each, line)
                    if value is not None:
                        self.escape(value, line)

    def _set_searched(self, key: str, index: Value, value: Value | None, line: int | None) -> None:
        if key != "sys.meta_path" or value is not None or not deletes_other(self, index):
            why = Doubt("where modules are found is changed", line)
            patches.note(self.module, (patches.SEARCH_PATH, OPEN), why)

    def set_name(self, namespace: Namespace, index: Value, value: Value | None, line: int | None) -> None:
        """Bind a name through the dict behind a module or a class."""
        if not namespace.owner or not isinstance(index, Known) or not isinstance(index.value, str):
            self.poison(namespace, "a name that cannot be known is bound through its namespace", line)
            return
        binding = None if value is None else Binding(value, line)
        self.put(namespace.owner, namespace.owner.cells, index.value, binding)

    def _replace_module(self, index: Value, value: Value | None, line: int | None) -> None:
        name = index.value if isinstance(index, Known) else None
        start = index.start if isinstance(index, Begun) else ""
        replaced = Doubt("an entry of sys.modules is replaced", line)
        for module in {frame.module for frame in self.frames}:
            may_be = name == module.name or (name is None and module.name.startswith(start))
            if may_be and value is not module:
                self.poison(Namespace(module), "the module replaces itself in sys.modules", line)
                module.may_fail = module.may_fail or Doubt("the module replaces itself in sys.modules", line)
        if name is None and value is not None:
            patches.note(self.module, (patches.LOADED, start + OPEN), replaced)
        if isinstance(name, str) and value is not None and value is not self.resolver.module(name):
            patches.note(self.module, (patches.LOADED, name), Doubt("its entry in sys.modules is replaced", line))
        if isinstance(name, str) and isinstance(value, Module):
            self.resolver.alias(name, value)

    def _set_entry(self, box: Container, index: Value, value: Value | None, line: int | None) -> None:
        content = box.content
        if content is not None and isinstance(index, Known) and len(content) < 2000:
            self.spend(len(content))
            pairs = {pair.items[0]: pair for pair in content if isinstance(pair, Tuple)}
            if all(isinstance(key, Known) for key in pairs):
                pairs.pop(index, None) if value is None else pairs.update({index: Tuple((index, value))})
                self.journal.write(box.cells, CONTENT, Binding(Tuple(tuple(pairs.values())), line))
                return
        if value is not None:
            self.keep_watch(value, line)
        self.journal.write(box.cells, CONTENT, Binding(self.unknown("its content is not known", line), line))

    def _set_position(self, box: Container, value: Value | None, line: int | None) -> None:
        if value is not None:
            self.keep_watch(value, line)
        self.journal.write(box.cells, CONTENT, Binding(self.unknown("its content is not known", line), line))

    def iterate(self, value: Value, line: int | None) -> tuple[Value, ...] | None:
        """As `items_of`, where the code does iterate over a value."""
        self.fail_if(failing.of_iteration(value), line)
        self.doubt_if(self.minds and unsupported.of_iteration(self.resolver, value), line)
        return self.items_of(value)

    def items_of(self, value: Value) -> tuple[Value, ...] | None:
        """What iterating over a value gives; None where that is not known."""
        match value:
            case Tuple(items=items):
                return items
            case Namespace(owner=Class(is_body=False)):
                return None  # what Python adds to every class is not told of
            case Namespace(owner=owner) if owner and not self.names_of(owner).open:
                names = list(owner.cells.told())
                return None if any(binding.doubt for _, binding in names) else tuple(Known(name) for name, _ in names)
            case Container(type="dict"):
                pairs = value.content
                return None if pairs is None else tuple(pair.items[0] for pair in pairs if isinstance(pair, Tuple))
            case Container(type="set" | "frozenset"):  # whose order differs from run to run
                return value.content if value.content is not None and len(value.content) < 2 else None
            case Container():
                return value.content
            case Instance():
                self.lend(value, None)
                return None
            case Known(value=str(text)) if len(text) <= 2000:
                return tuple(Known(letter) for letter in text)
            case _:
                return None

    def read_member(self, binding: Binding) -> Value:
        """The value of a module's or a class's name; what is in doubt is unknown."""
        if binding.doubt:
            self.risk("AttributeError")
            return Unknown(binding.doubt)
        return binding.value

    def keep_watch(self, value: Value, line: int | None) -> None:
        """A namespace that is stored where it is not followed may be used from there."""
        if isinstance(value, Namespace):
            self.escape(value, line)


def _entry(box: Container, index: Value) -> Value | None:
    """The value under a key; None where it is not known."""
    content = box.content
    if content is None or not isinstance(index, Known | Tuple):
        return None
    for pair in reversed(content):
        if not isinstance(pair, Tuple):
            return None
        same = folding.compare(ast.Eq(), pair.items[0], index)
        if same is not False:
            return pair.items[1] if same else None
    return None


def _position(value: Value, index: Value) -> Value | None:
    """An item, or a slice, of a sequence that is known."""
    sequence = folding.sequence_of(value)
    if sequence is None:
        return None
    try:
        if isinstance(index, Tuple) and index.names == ("start", "stop", "step"):
            part = sequence[slice(*map(folding.to_python, index.items))]
        else:
            part = sequence[folding.to_python(index)]
    except Exception:
        return None
    if isinstance(part, Value):
        return part
    if isinstance(value, Container):
        return container("list", tuple(part))
    return Tuple(tuple(part)) if isinstance(part, tuple) else Known(part)
