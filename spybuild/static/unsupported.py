"""What the type of a value does not support: calls, items, operators, attributes that nothing along its MRO has.

Whoever changes the type from afar may have added it, so these are reasons for a doubt, and decide nothing. Each answers
with the reason, or None where it is supported or nobody can know.
"""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from spybuild.static import nodes
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Descriptor, Function, Instance, type_name
from spybuild.static.traits import noted
from spybuild.static.values import Container, Known, Some, Tuple, Value

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or", ast.BitAnd: "and", ast.BitXor: "xor",
    ast.MatMult: "matmul",
}  # fmt: skip
_UNARY: Mapping[type[ast.AST], str] = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_ORDER: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"), ast.LtE: ("__le__", "__ge__"),
    ast.GtE: ("__ge__", "__le__"),
}  # fmt: skip
_PLAIN = ("int", "float", "bool", "complex", "str", "bytes", "list", "tuple", "NoneType")
_OF_TYPES = {"generator": "GeneratorType", "coroutine": "CoroutineType", "NoneType": "NoneType"}
_DYNAMIC = frozenset(("setattr", "__dict__", "vars", "__setattr__", "locals", "globals", "exec", "__setstate__"))


def type_of(resolver: "Resolver", value: Value) -> Class | None:
    """The type of a value, where all that it has is known."""
    match value:
        case Instance(kind=kind):
            found: Value | None = kind
        case Function():
            found = resolver.natives.lookup_value("types", "FunctionType")
        case Module():
            found = resolver.natives.lookup_value("types", "ModuleType")
        case Class(metaclass=metaclass) if not value.unknown():
            found = resolver.natives.builtin("type") if metaclass is None else metaclass
        case Known() | Some() | Container() | Tuple(names=()):
            name = type_name(value) or ""
            found = resolver.natives.builtin(name) or resolver.natives.lookup_value("types", _OF_TYPES.get(name, name))
        case _:
            return None
    return found if isinstance(found, Class) and not found.unknown() else None


def has(kind: Class, name: str) -> bool:
    """Whether a type, or one that it derives from, has a name; `object` is left out."""
    return kind.find(name) is not None or any(name in owner.hidden for owner in kind.mro if owner.path != _TOP)


_TOP = "builtins.object"


def _without(resolver: "Resolver", value: Value, *names: str) -> str | None:
    """The name of a value's type, where it has none of these."""
    kind = type_of(resolver, value)
    if kind is None or any(has(kind, name) for name in names):
        return None
    return kind.name


def of_call(resolver: "Resolver", value: Value) -> str | None:
    """`A()()`."""
    if isinstance(value, Class) or (kind := type_of(resolver, value)) is None:
        return None
    name = None if any(owner.callable_ for owner in kind.mro) else _without(resolver, value, "__call__")
    return name and f"{name} objects are not callable"


def of_item(resolver: "Resolver", value: Value, slot: str = "__getitem__") -> str | None:
    """`A()[0]`; of a class that is subscripted, `refusals` knows more."""
    name = None if isinstance(value, Class) else _without(resolver, value, slot)
    return name and f"{name} objects have no items"


def of_iteration(resolver: "Resolver", value: Value) -> str | None:
    """`for x in A()`."""
    name = _without(resolver, value, "__iter__", "__getitem__")
    return name and f"{name} objects are not iterable"


def of_context(resolver: "Resolver", value: Value) -> str | None:
    """`with A()`."""
    name = _without(resolver, value, "__enter__") or _without(resolver, value, "__exit__")
    return name and f"{name} objects are no context managers"


def of_len(resolver: "Resolver", value: Value) -> str | None:
    """`len(A())`."""
    name = _without(resolver, value, "__len__")
    return name and f"{name} objects have no length"


def of_unary(resolver: "Resolver", node: ast.unaryop, value: Value) -> str | None:
    """`-A()`."""
    name = _without(resolver, value, _UNARY[type(node)]) if type(node) in _UNARY else None
    return name and f"{name} objects do not support it"


def of_operator(resolver: "Resolver", node: ast.operator, left: Value, right: Value) -> str | None:
    """`A() + 1`, `1 + A()`."""
    name = _OPERATORS[type(node)]
    return _of_pair(resolver, left, right, f"__{name}__", f"__r{name}__")


def of_order(resolver: "Resolver", node: ast.cmpop, left: Value, right: Value) -> str | None:
    """`A() < 1`, `1 in A()`."""
    if isinstance(node, ast.In | ast.NotIn):
        name = _without(resolver, right, "__contains__", "__iter__", "__getitem__")
        return name and f"{name} objects hold nothing"
    return _of_pair(resolver, left, right, *_ORDER[type(node)]) if type(node) in _ORDER else None


def _of_pair(resolver: "Resolver", left: Value, right: Value, one: str, other: str) -> str | None:
    kinds = type_of(resolver, left), type_of(resolver, right)
    if kinds[0] is None or kinds[1] is None:
        return None
    works = has(kinds[0], one) and not (_is_plain(left) and one != "__mod__" and _is_foreign(right))
    works = works or (has(kinds[1], other) and not (_is_plain(right) and _is_foreign(left)))
    return None if works else f"{kinds[0].name} and {kinds[1].name} do not support {one}"


def _is_plain(value: Value) -> bool:
    return isinstance(value, Known | Some | Tuple | Container) and type_name(value) in _PLAIN


def _is_foreign(value: Value) -> bool:
    """Whether it is nothing that a builtin type would take for one of its own, or for a number."""
    if isinstance(value, Instance):
        python = not any(owner.native for owner in value.kind.mro)
        return python and not any(has(value.kind, name) for name in ("__index__", "__iter__", "__buffer__"))
    return isinstance(value, Function | Module | Class)


def of_hash(resolver: "Resolver", value: Value) -> str | None:
    """A key whose class has `__eq__` and no `__hash__`."""
    kind = type_of(resolver, value) if isinstance(value, Instance) else None
    for owner in kind.mro if kind else ():
        found, hidden = owner.cells.get("__hash__"), "__hash__" in owner.hidden
        if found or hidden or owner.native:
            gone = found is not None and not found.doubt and found.value == Known(None)
            return f"{owner.name} objects are not hashable" if gone else None
        if owner.cells.get("__eq__"):
            return f"{owner.name} objects are not hashable"
    return None


def of_attribute(resolver: "Resolver", value: Value, name: str) -> str | None:
    """An attribute that neither a type has, nor anything in the text of its classes sets."""
    kind = type_of(resolver, value)
    if kind is None or name.startswith("__") or isinstance(value, Class | Module):
        return None
    cells = getattr(value, "cells", None)
    if has(kind, name) or (cells is not None and (cells.get(name) or cells.open)):
        return None
    if any(kind.find(each) for each in ("__getattr__", "__getattribute__")):
        return None
    if any(_sets(owner, name) for owner in kind.mro):
        return None
    return f"{kind.name} objects have no attribute {name!r}"


def _sets(owner: Class, name: str) -> bool:
    if name in owner.fields or name in (field.name for field in owner.tuple_fields or ()):
        return True
    if owner.module == "enum" and owner.is_enum | (owner.path == "enum.Enum"):
        return name.startswith("_")
    if owner.node is None:
        return not owner.native and owner.tuple_fields is None
    if noted(owner.node, "_spybuild_stored", _stored) & _DYNAMIC:
        return True
    tree = owner.home.tree if owner.home else None
    return name in noted(tree or owner.node, "_spybuild_stored", _stored)


def _stored(node: ast.AST) -> frozenset[str]:
    """The attributes that the text of a class or a module sets, and what it mentions that may set any."""
    found = set()
    for each in nodes.walk(node):
        match each:
            case ast.Attribute(attr=attr) if attr in _DYNAMIC or not isinstance(each.ctx, ast.Load):
                found.add(attr)
            case ast.Name(id=name) if name in _DYNAMIC:
                found.add(name)
    return frozenset(found)


def of_setting(resolver: "Resolver", value: Value, name: str, *, deletes: bool) -> str | None:
    """`A().x = 1`, where x is a property that cannot be set, or where neither slots nor a dict take it."""
    if isinstance(value, Class) and value.is_enum and (member := value.cells.get(name)):
        return f"{name} is a member of {value.name}" if isinstance(member.value, Instance) else None
    kind = type_of(resolver, value) if isinstance(value, Instance) else None
    if kind is None:
        return None
    if name in (field.name for field in kind.tuple_fields or ()):
        return f"{name} is a field of a named tuple"
    if kind.is_enum and name in ("name", "value"):
        return f"{kind.name} does not let its members' {name} be set"
    own = kind.find("__delattr__" if deletes else "__setattr__")
    if own:
        refuses = own[0].dataclass and own[0].frozen
        return f"{kind.name} objects are frozen" if refuses else None
    found = kind.find(name)
    if found and isinstance(found[1].value, Descriptor) and found[1].value.kind == "property":
        return f"{name!r} is a property that can only be read" if found[1].value.is_read_only else None
    if found and isinstance(found[1].value, Descriptor | Instance):
        return None
    if kind.is_enum:
        return None
    if kind.tuple_fields is not None or not all(_has_slots(owner) for owner in kind.mro):
        return None
    return None if deletes else f"{kind.name} objects have no slot {name!r}"


def _has_slots(owner: Class) -> bool:
    if owner.native or owner.node is None:
        return False
    slots = owner.cells.get("__slots__")
    dynamic = owner.cells.get("__dict__") is not None
    return slots is not None and not slots.doubt and not dynamic
