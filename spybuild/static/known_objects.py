"""Builtins that ask objects and classes for what they are and have, or change that."""

from typing import TYPE_CHECKING

from spybuild.static import forms, making, metaclasses
from spybuild.static.core import Arguments, Raised, Trial
from spybuild.static.knowledge import Call, knows
from spybuild.static.known_metaclasses import namespace_in
from spybuild.static.modules import Module
from spybuild.static.objects import (
    Bound,
    Class,
    Descriptor,
    Form,
    Function,
    Instance,
    Namespace,
    Native,
    Special,
    either,
    type_name,
)
from spybuild.static.values import Binding, Cells, Container, Doubt, Either, Known, Object, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter


@knows("builtins.type")
def _type(call: Call) -> Value | None:
    """`type(x)` of what has a known type; `type(name, bases, namespace)` makes a class."""
    if len(call.arguments.positional) == 3:
        return _made_by_type(call.it, call.arguments, call.line)
    given = call.arguments.get(0)
    if isinstance(given, Instance):
        return given.kind
    if isinstance(given, Class) and given.metaclass is None and not given.unsure:
        return call.it.resolver.natives.builtin("type")
    if isinstance(given, Form) and given.type == "GenericAlias":
        return call.it.resolver.natives.lookup_value("types", "GenericAlias")
    name = {Function: "FunctionType", Module: "ModuleType"}.get(type(given)) if given is not None else None
    if name:
        return call.it.resolver.natives.lookup_value("types", name)
    known = type_name(given) if isinstance(given, Known | Tuple | Container | Some) else None
    if known == "NoneType" or known == "ellipsis":
        return call.it.resolver.natives.lookup_value("types", known if known == "NoneType" else "EllipsisType")
    return (call.it.resolver.natives.builtin(known) if known else None) or call.it.unknown(
        "the type of what is not known", call.line
    )


def _made_by_type(it: "Interpreter", arguments: Arguments, line: int | None) -> Value | None:
    name, bases, names = arguments.positional
    told = namespace_in(names, line)
    if not isinstance(name, Known) or not isinstance(bases, Tuple) or told is None:
        return None
    kind = Class(name=str(name.value), qualname=str(name.value), module=it.module_name(), home=it.frame.module)
    kind.line = line
    kind.cells.names.update(told)
    return it.make_class(kind, list(bases.items), {}, True)


@knows("builtins.super")
def _super(call: Call) -> Value | None:
    """What `super()` gives is only told as far as `object` is concerned."""
    owner, receiver = call.arguments.get(0) or call.it.frame.owner, call.arguments.get(1)
    if receiver is None and call.it.frame.function and not call.arguments.positional:
        names = [each.arg for each in call.it.frame.function.node.args.args[:1]]
        first = call.it.frame.cells.get(names[0]) if names else None
        receiver = first.value if first else None
    if not call.arguments.every and call.arguments.exact and call.it.frame.is_module:
        call.it.fail_if(("RuntimeError", "super(): no arguments"), call.line)
    kind = receiver.kind if isinstance(receiver, Instance) else receiver if isinstance(receiver, Class) else None
    if isinstance(receiver, Class) and owner not in receiver.mro and isinstance(receiver.metaclass, Class):
        kind = receiver.metaclass  # in a metaclass, the class is the object
    if kind is None or not isinstance(owner, Class) or owner not in kind.mro:
        return call.it.unknown("what super() stands for is not known", call.line)
    rest = Class(name="super", qualname="super", module="builtins", cells=Cells())
    rest.mro, rest.unsure = kind.mro[kind.mro.index(owner) + 1 :], kind.unsure
    return Bound(rest, receiver if receiver is not None else kind)


@knows("builtins.isinstance")
def _isinstance(call: Call) -> Value | None:
    value, kinds = call.arguments.get(0), call.arguments.get(1)
    found = _is_instance(call.it, value, kinds) if value is not None and kinds is not None else None
    return Some("bool") if found is None else Known(found)


def _is_instance(it: "Interpreter", value: Value, kinds: Value) -> bool | None:
    every = it.items_of(kinds) if isinstance(kinds, Tuple) else (kinds,)
    if isinstance(value, Some) and value.type != "?" and isinstance(kinds, Class) and kinds.path == "builtins.module":
        return value.type == "module"
    if isinstance(value, Class) and isinstance(kinds, Class) and kinds.path == "builtins.module":
        return False
    own = _class_of(it, value)
    if own is None or own.unsure or every is None:
        return None
    found = [_is_of(own, kind) for kind in every]
    return True if True in found else None if None in found else False


def _is_of(own: Class, kind: Value) -> bool | None:
    if not isinstance(kind, Class) or (kind.metaclass is not None and kind not in own.mro):
        return None
    if kind is not own and metaclasses.has_own(kind.metaclass, "__instancecheck__"):
        return None
    return kind in own.mro or kind.path == "builtins.object"


def _class_of(it: "Interpreter", value: Value) -> Class | None:
    if isinstance(value, Instance):
        return value.kind
    if isinstance(value, Class):
        return None if value.unsure else _metaclass_of(it, value)
    if isinstance(value, Function | Module):
        type_ = "FunctionType" if isinstance(value, Function) else "ModuleType"
        found = it.resolver.natives.lookup_value("types", type_)
        return found if isinstance(found, Class) else None
    if isinstance(value, Descriptor) and value.kind in ("staticmethod", "classmethod"):
        return it.resolver.natives.builtin(value.kind)
    name = type_name(value) if isinstance(value, Known | Tuple | Container | Some) else None
    if name == "cell":
        found = it.resolver.natives.lookup_value("types", "CellType")
        return found if isinstance(found, Class) else None
    return it.resolver.natives.builtin(name) if name else None


def _metaclass_of(it: "Interpreter", kind: Class) -> Class | None:
    if kind.metaclass is None:
        return it.resolver.natives.builtin("type")
    found = making.base_of(it.resolver, kind.metaclass)
    return found if isinstance(found, Class) else None


@knows("builtins.issubclass")
def _issubclass(call: Call) -> Value | None:
    one, other = call.arguments.get(0), call.arguments.get(1)
    if isinstance(one, Class) and isinstance(other, Class) and other in one.mro:
        return Some("bool") if metaclasses.has_own(other.metaclass, "__subclasscheck__") else Known(True)
    return Some("bool")


@knows("builtins.callable")
def _callable(call: Call) -> Value | None:
    given = call.arguments.get(0)
    if isinstance(given, Function | Class | Native | Bound):
        return Known(True)
    return Known(False) if isinstance(given, Known | Some | Tuple | Container | Module) else Some("bool")


@knows("builtins.hasattr")
def _hasattr(call: Call) -> Value | None:
    owner, name = call.arguments.get(0), call.arguments.get(1)
    call.it.doubt_if(_no_name(name), call.line)
    if owner is None or not isinstance(name, Known) or not isinstance(name.value, str):
        return Some("bool")
    found = has_attribute(call.it, owner, name.value)
    return Some("bool") if found is None else Known(found)


def _no_name(name: Value | None) -> str | None:
    wrong = isinstance(name, Known) and not isinstance(name.value, str)
    return "the name of an attribute is no text" if wrong else None


def has_attribute(it: "Interpreter", owner: Value, name: str) -> bool | None:
    """Whether a module or a class has an attribute; None where that is not known."""
    if it.is_stale(owner, name):
        return None
    if isinstance(owner, Module):
        found = it.resolver.member(owner, name)
        return None if found and (found.doubt or isinstance(found.value, Unknown)) else found is not None
    if isinstance(owner, Class):
        inner = owner.find(name)
        if inner:
            hidden = metaclasses.hides(owner, name) or _may_refuse(it, owner, inner[1].value)
            return None if inner[1].doubt or hidden else True
        if owner.unknown() or owner.metaclass is not None or name.startswith("__"):
            top = it.resolver.natives.builtin("object")
            owners = [*owner.mro, top] if top and owner.metaclass is None else owner.mro
            own = name != "__abstractmethods__" and any(name in each.hidden for each in owners if each.native)
            return True if own else False if _has_nowhere(it, owner, name) else None
        return False
    return _function_has(it, owner, name) if isinstance(owner, Function) and not name.startswith("__") else None


def _may_refuse(it: "Interpreter", kind: Class, value: Value) -> bool:
    """Whether code of its own may say that an attribute of a class is not there."""
    found = it.resolver.actual(value)
    if isinstance(found, Instance):
        return found.kind.unknown() is not None or found.kind.find("__get__") is not None
    return isinstance(found, Unknown) or forms.hook_of(kind, "__getattribute__") is not None


def _has_nowhere(it: "Interpreter", kind: Class, name: str) -> bool:
    """Whether neither a class in C, nor `object`, nor `type` has a name with two underscores."""
    tops = [it.resolver.natives.builtin(each) for each in ("object", "type")]
    every = [*kind.mro, *(top for top in tops if top)]
    known = None not in tops and not kind.unknown() and all(each.native and each.metaclass is None for each in every)
    return known and not any(name in each.hidden or each.cells.get(name) for each in every)


def _function_has(it: "Interpreter", function: Function, name: str) -> bool | None:
    """What is set on a function, or comes from what it wraps; somebody who has its dict may have set anything."""
    if function.cells.get(name):
        return True
    inner = function.cells.get("__wrapped__")
    return None if function.cells.open or (inner and has_attribute(it, inner.value, name) is not False) else False


@knows("builtins.getattr")
def _getattr(call: Call) -> Value | None:
    owner, name, default = call.arguments.get(0), call.arguments.get(1), call.arguments.get(2)
    if owner is None or name is None:
        return None
    call.it.doubt_if(_no_name(name), call.line)
    if not isinstance(name, Known) or not isinstance(name.value, str):
        return _any_attribute(call.it, owner, call.line)
    if default is None:
        return call.it.attribute(owner, name.value, call.line)
    known = has_attribute(call.it, owner, name.value)
    if known is False:
        return default
    if known:
        return call.it.attribute(owner, name.value, call.line)
    found: list[Value] = []
    call.it.trials.append(Trial())
    try:
        found.append(call.it.attribute(owner, name.value, call.line))
    except Raised:
        return default
    finally:
        call.it.trials.pop()
    return either(found[0], default, call.line)


def _any_attribute(it: "Interpreter", owner: Value, line: int | None) -> Value:
    """An attribute whose name is not known may be one that changes namespaces."""
    if isinstance(owner, Module) and owner.name in ("builtins", "sys", "importlib"):
        return Special("anything")
    return it.unknown("the name of an attribute is not known", line)


@knows("builtins.setattr", "object.__setattr__", "type.__setattr__", "builtins.object.__setattr__")
@knows("builtins.type.__setattr__")
def _setattr(call: Call) -> Value | None:
    owner, name, value = call.arguments.get(0), call.arguments.get(1), call.arguments.get(2)
    if owner is None or name is None or value is None:
        return None
    _set(call.it, owner, name, value, call.line)
    return Known(None)


@knows("builtins.delattr", "object.__delattr__", "type.__delattr__")
def _delattr(call: Call) -> Value | None:
    owner, name = call.arguments.get(0), call.arguments.get(1)
    if owner is None or name is None:
        return None
    _set(call.it, owner, name, None, call.line)
    return Known(None)


def _set(it: "Interpreter", owner: Value, name: Value, value: Value | None, line: int | None) -> None:
    if isinstance(name, Known) and isinstance(name.value, str):
        it.set_attribute(owner, name.value, value, line)
        return
    if value is not None:
        it.escape(value, line)
    for each in owner.options if isinstance(owner, Either) else (owner,):
        if isinstance(each, Class) and value is None and each.metaclass is None and each.maker is it.module:
            why = Doubt("an attribute whose name is not known is deleted", line)
            for told, binding in list(each.cells.told()):
                it.journal.write(each.cells, told, Binding(binding.value, binding.line, binding.doubt or why))
        elif isinstance(each, Module | Class):
            it.poison(Namespace(each), "an attribute whose name is not known is set", line)
        elif isinstance(each, Object):
            for cell in list(each.cells.names):
                unknown = it.unknown("an attribute whose name is not known is set", line)
                it.journal.write(each.cells, cell, Binding(unknown, line))
        elif isinstance(each, Unknown):
            it.risk()


@knows("object.__init__", "object.__init_subclass__", "builtins.object.__init__", "builtins.object.__init_subclass__")
def _init(call: Call) -> Value | None:
    return Known(None)
