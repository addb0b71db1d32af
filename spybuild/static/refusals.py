"""What Python refuses of classes and objects for sure: in their making, in what is deleted, and in what is subscripted.

As in `failing`, each answers with the exception and its message, or None where it works or nobody can know.
"""

import keyword
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from spybuild.static.failing import Failure
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Descriptor, Field, Function, Instance, Special, type_name
from spybuild.static.values import Container, Either, Imported, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.resolve import Resolver

_SINGLE = frozenset(  # forms of typing that take one parameter, and no tuple of them
    ("Optional", "List", "Set", "FrozenSet", "Type", "Deque", "ClassVar", "Final", "Iterable", "Iterator", "Sequence",
     "Collection", "AbstractSet", "MutableSequence", "MutableSet", "Awaitable", "AsyncIterable", "AsyncIterator")
)  # fmt: skip
_DOUBLE = frozenset(("Dict", "Mapping", "MutableMapping", "DefaultDict", "OrderedDict"))
_PLAIN = ("int", "str", "bool", "float", "complex", "bytes", "bytearray", "object", "range", "memoryview")
_TYPING = ("typing", "typing_extensions")


def of_slots(kind: Class, slots: Value, names: Sequence[str] | None) -> Failure | None:
    """`__slots__` that are no names, or names that the class binds itself."""
    if isinstance(slots, Known) and not isinstance(slots.value, str):
        return "TypeError", f"{type(slots.value).__name__!r} object is not iterable"
    for name in names or ():
        if not name.isidentifier():
            return "TypeError", "__slots__ must be identifiers"
        found = kind.cells.get(name)
        is_slot = found is not None and isinstance(found.value, Descriptor) and found.value.kind == "slot"
        if found and not found.doubt and not is_slot and not name.startswith("__"):
            return "ValueError", f"{name!r} in __slots__ conflicts with class variable"
    return None


def of_member_name(name: str, old: Value, new: Value) -> Failure | None:
    """A name twice in the body of an Enum, where the first was a member."""
    if name.startswith("_") or not _is_member(old) or isinstance(new, Descriptor):
        return None
    return "TypeError", f"{name!r} already defined"


def _is_member(value: Value) -> bool:
    return isinstance(value, Known | Tuple | Container | Some) or (
        isinstance(value, Special) and value.key == "enum.auto"
    )


def of_raising(value: Value | None) -> Failure | None:
    """`raise "x"`, `raise A` of what is no exception; None is the `raise` that names nothing."""
    if isinstance(value, Class):
        is_none = not value.unknown() and not any(owner.path == "builtins.BaseException" for owner in value.mro)
    else:
        if isinstance(value, Special) and value.key == "builtins.NotImplemented":
            return "TypeError", "exceptions must derive from BaseException"
        is_none = isinstance(value, Known | Tuple | Container | Function | Module)
    return ("TypeError", "exceptions must derive from BaseException") if is_none else None


def of_names(names: Iterable[object]) -> Failure | None:
    """Names of a named tuple's fields that none can have, where all of them are known."""
    seen = set()
    for name in names:
        if not isinstance(name, str):
            return None
        if not name.isidentifier() or keyword.iskeyword(name):
            return "ValueError", f"Type names and field names must be valid identifiers: {name[:80]!r}"
        if name.startswith("_"):
            return "ValueError", f"Field names cannot start with an underscore: {name[:80]!r}"
        if name in seen:
            return "ValueError", f"Encountered duplicate field name: {name[:80]!r}"
        seen.add(name)
    return None


def of_field_order(fields: Sequence[Field]) -> Failure | None:
    """A field of a `NamedTuple` that has no default behind one that has."""
    first = next((index for index, field in enumerate(fields) if field.default is not None), len(fields))
    late = next((field.name for field in fields[first:] if field.default is None), None)
    return ("TypeError", f"non-default namedtuple field {late} cannot follow default field") if late else None


def of_class_keywords(kind: Class, passed: Iterable[str]) -> Failure | None:
    """`class A(B, x=1)`, where nobody's `__init_subclass__` takes it."""
    is_told = kind.metaclass is None or kind.is_followed
    is_plain = is_told and not kind.is_enum and not any(owner.native or owner.unsure for owner in kind.mro)
    if not list(passed) or not is_plain or kind.find("__init_subclass__"):
        return None
    return "TypeError", f"{kind.name}.__init_subclass__() takes no keyword arguments"


def of_qualname(kind: Class) -> Failure | None:
    """`__qualname__ = 5` in a class's body."""
    found = kind.cells.get("__qualname__")
    if found is None or found.doubt or isinstance(found.value, Unknown | Either | Imported | Special | Instance):
        return None
    if type_name(found.value) == "str":
        return None
    return "TypeError", f"type __qualname__ must be a str, not {type_name(found.value) or 'that'}"


def of_deleting(target: Value, name: str) -> Failure | None:
    """`del C.x`, where there is none."""
    if not isinstance(target, Class | Module | Function) or target.cells.get(name) or name.startswith("__"):
        return None
    if isinstance(target, Function):
        return "AttributeError", f"'function' object has no attribute {name!r}"
    if isinstance(target, Module):
        return None if _may_have(target, name) else ("AttributeError", name)
    if target.native or target.unknown() or (target.metaclass is not None and not target.is_followed):
        return None
    return "AttributeError", f"type object {target.name!r} has no attribute {name!r}"


def _may_have(module: Module, name: str) -> bool:
    loaded = module.tree is not None and module.state.name == "DONE"
    return not loaded or bool(module.cells.open) or name in module.submodules or bool(module.cells.get("__getattr__"))


def of_spreading(value: Value) -> Failure | None:
    """`{**5}`, `f(**5)`."""
    if isinstance(value, Known) or (isinstance(value, Tuple) and not value.names):
        return "TypeError", f"{type_name(value)!r} object is not a mapping"
    return None


def of_keywords(value: Value, given: Iterable[str]) -> Failure | None:
    """`f(**{1: 2})`, `f(a=1, **{"a": 2})`."""
    content = value.content if isinstance(value, Container) and value.type == "dict" else None
    keys = [pair.items[0] for pair in content or () if isinstance(pair, Tuple)]
    names = [key.value for key in keys if isinstance(key, Known)]
    if not all(isinstance(name, str) for name in names):
        return "TypeError", "keywords must be strings"
    passed = set(given)
    twice = next((name for name in names if name in passed), None)
    return ("TypeError", f"got multiple values for keyword argument {twice!r}"[:200]) if twice else None


def of_made_instance(kind: Class) -> str | None:
    """A protocol cannot be instantiated."""
    is_protocol = any(base.path == "typing.Protocol" for base in kind.bases)
    return f"{kind.name} is a protocol, which has no instances" if is_protocol else None


def of_subscript(value: Value, index: Value) -> Failure | None:
    """`int[str]`, `Optional[int, str]`, a class of the image that is not generic."""
    if isinstance(value, Special):
        return _of_form(value.key, index)
    if not isinstance(value, Class) or value.unknown():
        return None
    if value.is_enum:
        return of_enum_item(value, index)
    if value.native:
        plain = value.module == "builtins" and value.name in _PLAIN
        return ("TypeError", f"type {value.name!r} is not subscriptable") if plain else None
    generic = any(owner.native or owner.module in _TYPING for owner in value.mro)
    if generic or value.find("__class_getitem__") or value.metaclass is not None or value.node is None:
        return None
    if getattr(value.node, "type_params", ()):
        return None
    return "TypeError", f"type {value.name!r} is not subscriptable"


def _of_form(key: str, index: Value) -> Failure | None:
    module, _, name = key.rpartition(".")
    if module not in _TYPING:
        return None
    given = len(index.items) if isinstance(index, Tuple) and not index.names else 1
    wanted = 1 if name in _SINGLE else 2 if name in _DOUBLE else given
    if given == wanted or (given < wanted and not isinstance(index, Class | Known)):
        return None
    return "TypeError", f"{key} takes {wanted} parameters, not {given}"


def of_enum_item(kind: Class, index: Value) -> Failure | None:
    """`Colour["NONE"]`."""
    if not isinstance(index, Known) or kind.cells.get(str(index.value)) or kind.unknown():
        return None
    return ("KeyError", repr(index.value)[:80]) if isinstance(index.value, str) else None


def of_attribute(resolver: "Resolver", value: Value, name: str) -> Failure | None:
    """`super().name` and `Colour.NONE`, of which there is none."""
    return _of_enum(resolver, value, name) if isinstance(value, Class) and value.is_enum else _of_super(value, name)


def _of_enum(resolver: "Resolver", kind: Class, name: str) -> Failure | None:
    found = resolver.class_at("enum.EnumMeta")
    base = resolver.natives.builtin("type")
    if kind.unknown() or kind.find(name) or name.startswith("_") or not isinstance(found, Class) or base is None:
        return None
    if found.find(name) or base.find(name) or any(owner.native for owner in kind.mro):
        return None
    return "AttributeError", f"type object {kind.name!r} has no attribute {name!r}"


def of_enum_value(kind: Class, arguments: "Arguments") -> Failure | None:
    """`Colour(9)`, where no member has that value."""
    given = arguments.get(0)
    plain = all(owner is kind or owner.path in ("enum.Enum", "enum.IntEnum", "enum.StrEnum") for owner in kind.mro)
    if kind.unknown() or not plain or kind.cells.get("_missing_") or len(arguments.every) != 1 or not arguments.exact:
        return None
    members = [told.value for _, told in kind.cells.told() if isinstance(told.value, Instance)]
    values = [found.value if (found := member.cells.get("value")) else None for member in members]
    if not isinstance(given, Known) or not members or not all(isinstance(each, Known) for each in values):
        return None
    if any(isinstance(each, Known) and each.value == given.value for each in values):
        return None
    return "ValueError", f"{given.value!r} is not a valid {kind.name}"[:200]


def _of_super(value: Value, name: str) -> Failure | None:
    function = getattr(value, "function", None)
    if not isinstance(function, Class) or function.qualname != "super" or name.startswith("__"):
        return None
    if function.unknown() or function.find(name) or any(owner.native for owner in function.mro):
        return None
    return "AttributeError", f"'super' object has no attribute {name!r}"
