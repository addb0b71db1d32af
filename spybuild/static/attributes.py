"""Attributes and items: what `x.name` and `x[index]` are, and what setting them does."""

from functools import partial

from spybuild.static import failing, metaclasses, refusals, unsupported
from spybuild.static.core import Arguments, Raised
from spybuild.static.items import Items
from spybuild.static.known_reaching import attribute_of, is_anything
from spybuild.static.modules import Module
from spybuild.static.objects import (
    Bound,
    Cached,
    Class,
    Descriptor,
    FrameOf,
    Function,
    Instance,
    Namespace,
    Native,
    Partial,
    Special,
    type_name,
)
from spybuild.static.scopes import opened
from spybuild.static.values import Binding, Container, Doubt, Either, Known, Some, Tuple, Unknown, Value, container


class Attributes(Items):
    """Reads and writes attributes and items."""

    def attribute(self, value: Value, name: str, line: int | None) -> Value:
        """What `value.name` is."""
        if isinstance(value, Either):
            return self.of_each([partial(self.attribute, each, name, line) for each in value.options], line)
        if self.is_stale(value, name):
            self.risk()
            return self.unknown(f"{name} may have been changed from outside", line)
        found = attribute_of(value, name) or self._find(value, name, line)
        if found is None:
            self.fail_if(failing.of_attribute(self.resolver, value, name), line)
            self.fail_if(refusals.of_attribute(self.resolver, value, name), line)
            self.doubt_if(self.minds and unsupported.of_attribute(self.resolver, value, name), line)
            self.risk()
            if isinstance(value, Unknown):
                return value
            return self.unknown(f"what .{name} is cannot be known", line)
        return self.resolver.actual(found)

    def _find(self, value: Value, name: str, line: int | None) -> Value | None:  # noqa: C901  # one case a kind
        match value:
            case Module():
                return self._of_module(value, name, line)
            case Class():
                return self._of_class(value, name)
            case Instance():
                return self._answered(value, name) if _may_answer(value.kind) else self._of_instance(value, name)
            case Namespace():
                return Bound(Special(f"method.{name}"), value)
            case Special(key="anything"):
                return value
            case FrameOf(module=module):
                rest = Special("frame")
                return (
                    Namespace(module)
                    if name == "f_globals"
                    else rest
                    if name == "f_back"
                    else self._find(rest, name, line)
                )
            case Special(key="frame"):
                return value if name == "f_back" else Namespace(None) if name in ("f_globals", "f_locals") else None
            case Bound(function=Class() as rest):
                return self._of_super(rest, value.receiver, name)
            case Special() if constant := self.resolver.constants.at(f"{value.key}.{name}"):
                return constant
            case Special():
                return Special(f"{value.key}.{name}") if self.resolver.knows(f"{value.key}.{name}") else None
            case Function() | Cached() | Native():
                return self._of_function(value, name)
            case Tuple(names=names) if name in names:
                return value.items[names.index(name)]
            case Known() | Some() | Tuple() | Container():
                return Bound(Special(f"method.{name}"), value) if _has_method(value, name) else None
            case Descriptor(kind="property") if name in ("setter", "getter", "deleter"):
                return Bound(Special(f"property.{name}"), value)
            case Descriptor(kind="staticmethod" | "classmethod", function=function) if name == "__func__":
                return function
            case Bound(function=function) if name == "__func__":
                return function
            case Partial(function=function) if name == "func":
                return function
            case _:
                return None

    def _of_module(self, module: Module, name: str, line: int | None) -> Value | None:
        if name == "__dict__":
            return Namespace(module)
        found = self.resolver.member(module, name)
        if found is None and self.resolver.may_be_filled(module):
            return None
        if found is None:
            raise Raised("AttributeError", f"module {module.name!r} has no attribute {name!r}", self.frame.module, line)
        return self.read_member(found)

    def _of_class(self, kind: Class, name: str) -> Value | None:  # noqa: C901  # the names every class has
        top = tuple(each for each in [self.resolver.natives.builtin("object")] if each and each not in kind.mro)
        known: dict[str, Value] = {
            "__dict__": Namespace(kind), "__name__": Known(kind.name), "__qualname__": Known(kind.qualname),
            "__module__": Known(kind.module), "__bases__": Tuple(kind.bases or top), "__mro__": Tuple(kind.mro + top),
            "__subclasses__": Special("class.__subclasses__"),
        }  # fmt: skip
        found = kind.find(name)
        if metaclasses.asks(kind, name, is_there=found is not None):
            self.lend_to_metaclass(kind, None, calls=False)
        if metaclasses.hides(kind, name):
            return self.unknown(f"its metaclass may answer for {name}", None)
        if name in ("_convert_", "_convert") and any(owner.path == "enum.Enum" for owner in kind.mro):
            return Special("enum._convert_")
        if name == "__members__" and any(owner.path == "enum.Enum" for owner in kind.mro) and not kind.unknown():
            members = [(each, told.value) for each, told in kind.cells.told() if isinstance(told.value, Instance)]
            return container("dict", tuple(Tuple((Known(each), member)) for each, member in members))
        if found is None:
            doubt = kind.unknown()
            if name in known and (name not in ("__bases__", "__mro__") or not kind.unsure):
                return known[name]
            if name in metaclasses.OF_TYPE and metaclasses.is_metaclass(kind):
                return Special(f"type.{name}") if not doubt else Unknown(doubt)
            if name in ("__setattr__", "__delattr__", "__new__", "__init__", "__init_subclass__") and not doubt:
                return Special(f"object.{name}")
            return Unknown(doubt) if doubt else metaclasses.attribute_of(kind, name)
        if name in ("__dict__", "__module__", "__qualname__"):
            return known[name]
        owner, binding = found
        value = self.resolver.actual(self.read_member(binding))
        if isinstance(value, Instance):
            self.lend(value, None)
            return self._got(value, Known(None), kind, None)
        if isinstance(value, Descriptor) and value.function:
            if value.kind == "staticmethod":
                return value.function
            if value.kind == "classmethod":
                return Bound(value.function, kind)
        if isinstance(value, Native) and owner.native and name == "__new__":
            return Special("object.__new__")
        if isinstance(value, Native) and value.parameters and value.parameters[0][0] == "type":
            return Bound(value, kind)  # a class method in C
        return value

    def _of_super(self, rest: Class, receiver: Value, name: str) -> Value | None:
        """What `super().name` is: a function of a base, bound to what the method was called on."""
        found = rest.find(name)
        if found is None and name == "__class_getitem__" and any(each.path == "typing.Generic" for each in rest.mro):
            return None if rest.unknown() else Bound(Special(f"typing.Generic.{name}"), receiver)
        if found is None and name in metaclasses.OF_TYPE and metaclasses.is_metaclass(rest):
            return Bound(Special(f"type.{name}"), receiver) if not rest.unknown() else None
        if found is None:
            return Special(f"object.{name}") if not rest.unknown() and name.startswith("__") else None
        value = self.resolver.actual(self.read_member(found[1]))
        if name == "__new__":
            return Special("object.__new__") if found[0].native else getattr(value, "function", value)
        if isinstance(value, Descriptor):
            function = value.function if value.kind in ("classmethod", "staticmethod") else None
            if isinstance(receiver, Class) and found[0] not in receiver.mro:
                return None  # of a metaclass
            kind = receiver if isinstance(receiver, Class) else getattr(receiver, "kind", receiver)
            return Bound(function, kind) if function and value.kind == "classmethod" else function
        return Bound(value, receiver)

    def _answered(self, instance: Instance, name: str) -> Value:
        self.lend(instance, None)
        return self.unknown(f"its class may answer for {name}", None)

    def _of_instance(self, instance: Instance, name: str) -> Value | None:
        if name == "__class__":
            return instance.kind
        self.lend_for(instance, name, "__getattribute__", "__getattr__")
        if name == "__dict__":
            self.expose(instance, None)
        own = instance.cells.get(name)
        found = instance.kind.find(name)
        if found is None:
            fallback = instance.kind.find("__getattr__") if own is None else None
            if fallback:
                self.try_out(fallback[1].value, Arguments((instance, Known(name))), None)
            return self.read_member(own) if own else None
        value = self.resolver.actual(self.read_member(found[1]))
        match value:
            case Function() | Native() | Cached():
                return Bound(value, instance) if own is None else self.read_member(own)
            case Descriptor(kind="staticmethod", function=function):
                return function
            case Descriptor(kind="classmethod", function=function) if function:
                return Bound(function, instance.kind)
            case Descriptor(kind="property", function=function) if function:
                self.try_out(function, Arguments((instance,)), None)
                return None
            case Instance(kind=kind):
                if getter := kind.find("__get__"):
                    self.try_out(getter[1].value, Arguments((value, instance, instance.kind)), None)
                return self._got(value, instance, instance.kind, own)
            case Descriptor():
                return None
            case _:
                return self.read_member(own) if own else value

    def _got(self, member: Instance, receiver: Value, kind: Class, own: Binding | None) -> Value | None:
        """What an object in a class gives for itself (`__get__`), where it is one that does so."""
        get = member.kind.find("__get__")
        if member.kind.unknown() or kind.find("__getattr__") or kind.find("__getattribute__"):
            return None
        if own and not any(member.kind.find(name) for name in ("__set__", "__delete__")):
            return self.read_member(own)
        if get is None:
            return self.read_member(own) if own else member
        function = get[1].value
        if get[1].doubt or not isinstance(function, Function):
            return None
        return self.call(Bound(function, member), Arguments((receiver, kind)), None)

    def _of_function(self, function: Function | Cached | Native, name: str) -> Value | None:
        own = function.cells.get(name)
        if own:
            return self.read_member(own)
        if isinstance(function, Function):
            known = {"__name__": function.name, "__qualname__": function.qualname, "__module__": function.module.name}
            if name in known:
                return Known(known[name])
        if name == "__globals__" and isinstance(function, Function):
            return Namespace(function.module)
        if name == "__dict__":
            opened(self.journal, function.cells, Doubt("its dict is handed on", None), rebinds=False)
        if name in ("cache_clear", "cache_info", "register", "__get__", "__call__"):
            return Bound(Special(f"function.{name}"), function)
        return None

    def item_of(self, source: Value, reason: str, line: int | None) -> Value:
        """An item of something that is not known, when it is iterated over."""
        return source if is_anything(source) else self.unknown(reason, line)


def _may_answer(kind: Class) -> bool:
    """Whether the image's own code answers whatever an instance is asked for, or for its class."""
    answers = [kind.find(each) for each in ("__getattribute__", "__class__")]
    return any(found and not metaclasses.is_stdlib(found[0]) for found in answers)


_TYPES: tuple[type, ...] = (str, bytes, int, float, bool, list, tuple, dict, set, frozenset, bytearray, complex)
_BUILTIN_TYPES = {kind.__name__: kind for kind in _TYPES}


def _has_method(value: Value, name: str) -> bool:
    """Whether a value of a builtin type has a method of that name."""
    kind = _BUILTIN_TYPES.get(type_name(value) or "")
    return kind is not None and callable(getattr(kind, name, None)) and not name.startswith("__")
