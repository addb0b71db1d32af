"""What fails for sure: operations that the language refuses on values as they are known.

Each answers with the exception and its message, or None where it works or nobody can know.
"""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spybuild.static import folding
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Instance, type_name
from spybuild.static.values import Container, FunctionNode, Known, Tuple, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.resolve import Resolver

Failure = tuple[str, str]
_SAMPLES: Mapping[str, Any] = {
    "int": 1, "bool": True, "float": 1.0, "complex": 1j, "str": "a", "bytes": b"a", "tuple": (), "list": [], "dict": {},
    "set": set(), "frozenset": frozenset(), "NoneType": None, "ellipsis": ...,
}  # fmt: skip
_FINAL = tuple(f"builtins.{name}" for name in ("bool", "range", "slice", "memoryview", "NoneType", "ellipsis"))
_SOLID = tuple(
    f"builtins.{name}"
    for name in ("int", "str", "bytes", "list", "dict", "tuple", "set", "frozenset", "float", "complex", "bytearray")
)
_NUMBERS = ("int", "bool", "float")
_UNSIZED = ("int", "bool", "float", "complex", "NoneType", "ellipsis")


def _sample(value: Value) -> tuple[Any] | None:
    """Any value of the same builtin type; None where the type is not known to be one."""
    if isinstance(value, Tuple) and value.names:
        return None
    name = (type_name(value) if isinstance(value, Known | Tuple | Container) else None) or ""
    return (_SAMPLES[name],) if name in _SAMPLES else None


def of_operator(node: ast.operator, left: Value, right: Value) -> Failure | None:
    """`1 / 0`, `"a" + 1`."""
    one, other = _sample(left), _sample(right)
    if one is None or other is None:
        return None
    if isinstance(node, ast.Mod) and isinstance(one[0], str | bytes):
        return _of_format(left, right)
    divides = isinstance(node, ast.Div | ast.FloorDiv | ast.Mod) and type_name(left) in _NUMBERS
    if divides and isinstance(right, Known) and type_name(right) in _NUMBERS and not right.value:
        return "ZeroDivisionError", "division by zero"
    try:
        folding.BINARY[type(node)](one[0], other[0]) if type(node) in folding.BINARY else None
    except TypeError as error:
        return "TypeError", str(error)
    except (ArithmeticError, ValueError):  # of the samples, not of what is really there
        pass
    return _of_computing(node, left, right)


def _of_computing(node: ast.operator, left: Value, right: Value) -> Failure | None:
    """`1 << -1`, `0 ** -1`."""
    if isinstance(node, ast.MatMult):
        return "TypeError", f"unsupported operand type(s) for @: {type_name(left)!r} and {type_name(right)!r}"
    if not isinstance(left, Known) or not isinstance(right, Known) or type(node) not in folding.BINARY:
        return None
    try:
        if folding.is_cheap(node, left.value, right.value):
            folding.BINARY[type(node)](left.value, right.value)
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__, str(error)
    return None


def _of_format(left: Value, right: Value) -> Failure | None:
    """`"%s %s" % 1`."""
    try:
        text, given = folding.to_python(left), folding.to_python(right)
        if folding.is_cheap(ast.Mod(), text, given):
            text % given
    except folding.Unfoldable:
        return None
    except (TypeError, ValueError, LookupError) as error:
        return type(error).__name__, str(error)
    return None


def of_unary(node: ast.unaryop, operand: Value) -> Failure | None:
    """`-"a"`."""
    sample = _sample(operand)
    try:
        folding.UNARY[type(node)](sample[0]) if sample else None
    except TypeError as error:
        return "TypeError", str(error)
    return None


def of_method(receiver: Value, name: str, arguments: "Arguments") -> Failure | None:
    """`"{} {}".format(1)`: a method of a constant that refuses constants."""
    try:
        folding.call_method(receiver, name, arguments.positional[1:], arguments.keywords)
    except folding.Unfoldable:
        return None
    except (TypeError, LookupError, ValueError) as error:
        return type(error).__name__, str(error)[:200]
    except Exception:  # whatever else: nobody knows
        return None
    return None


def of_key(value: Value) -> Failure | None:
    """`{[]: 1}`."""
    if isinstance(value, Container) and value.type in ("list", "dict", "set"):
        return "TypeError", f"unhashable type: {value.type!r}"
    return None


def of_context(manager: Value) -> Failure | None:
    """`with 5`."""
    if isinstance(manager, Known | Tuple | Container):
        return "TypeError", f"{type_name(manager)!r} object does not support the context manager protocol"
    return None


def of_setting(value: Value, name: str) -> Failure | None:
    """`None.x = 1`, `int.x = 1`."""
    if isinstance(value, Known | Tuple | Container):
        return "AttributeError", f"{type_name(value)!r} object has no attribute {name!r}"
    if isinstance(value, Class) and value.native and value.module == "builtins":
        return "TypeError", f"cannot set {name!r} attribute of immutable type {value.name!r}"
    return None


def of_setting_item(value: Value) -> Failure | None:
    """`"a"[0] = 1`."""
    if isinstance(value, Known) or (isinstance(value, Tuple) and not value.names):
        return "TypeError", f"{type_name(value)!r} object does not support item assignment"
    return None


def of_bases(bases: list[Class]) -> Failure | None:
    """Classes that cannot be bases, or not together."""
    for base in bases:
        if base.path in _FINAL:
            return "TypeError", f"type {base.path!r} is not an acceptable base type"
        members = (told.value for _, told in base.cells.told() if isinstance(told.value, Instance))
        if base.is_enum and any(member.kind is base for member in members):
            return "TypeError", f"cannot extend enum {base.name!r}"
    solid = {owner.path for base in bases for owner in base.mro if owner.path in _SOLID}
    return ("TypeError", "multiple bases have instance lay-out conflict") if len(solid) > 1 else None


def of_metaclasses(kinds: list[Class]) -> Failure | None:
    """Metaclasses of which none derives from all others."""
    if any(kind.unsure for kind in kinds) or not kinds:
        return None
    if any(all(other in kind.mro for other in kinds) for kind in kinds):
        return None
    return "TypeError", "metaclass conflict"


def of_order(node: ast.cmpop, left: Value, right: Value) -> Failure | None:
    """`1 < "a"`, `1 in 2`."""
    one, other = _sample(left), _sample(right)
    if isinstance(node, ast.In | ast.NotIn) and other is not None and type_name(right) in _UNSIZED:
        return "TypeError", f"argument of type {type_name(right)!r} is not iterable"
    in_text = isinstance(node, ast.In | ast.NotIn) and isinstance(right, Known) and isinstance(right.value, str)
    if in_text and one is not None and not isinstance(one[0], str):
        return "TypeError", f"'in <string>' requires string as left operand, not {type_name(left)}"
    if one is None or other is None or type(node) not in folding.ORDER:
        return None
    try:
        folding.ORDER[type(node)](one[0], other[0])
    except TypeError as error:
        return "TypeError", str(error)
    return None


def of_item(value: Value, index: Value) -> Failure | None:
    """`[][0]`, `{}["x"]`, `None[0]`."""
    if isinstance(value, Known) and type_name(value) in _UNSIZED:
        return "TypeError", f"{type_name(value)!r} object is not subscriptable"
    if not isinstance(index, Known):
        return None
    if isinstance(value, Container) and value.type == "dict":
        return None if _may_have(value, index) else ("KeyError", repr(index.value)[:80])
    return _of_position(value, index.value)


def _may_have(box: Container, key: Known) -> bool:
    content = box.content
    if content is None or not isinstance(key.value, str | int | None):
        return True
    keys = [pair.items[0] if isinstance(pair, Tuple) else None for pair in content]
    return any(not isinstance(each, Known) or each.value == key.value for each in keys)


def _of_position(value: Value, index: object) -> Failure | None:
    sequence = folding.sequence_of(value)
    if sequence is None:
        return None
    if isinstance(index, int):
        return None if -len(sequence) <= index < len(sequence) else ("IndexError", "index out of range")
    return "TypeError", f"indices must be integers or slices, not {type(index).__name__}"


def of_iteration(value: Value) -> Failure | None:
    """`for x in None`."""
    if isinstance(value, Known) and type_name(value) in _UNSIZED:
        return "TypeError", f"{type_name(value)!r} object is not iterable"
    return None


def of_unpacking(count: int, *, starred: bool, targets: int) -> Failure | None:
    """`a, b = (1,)`."""
    wanted = targets - starred
    if count < wanted:
        return "ValueError", f"not enough values to unpack (expected {wanted}, got {count})"
    return None if starred or count == wanted else ("ValueError", f"too many values to unpack (expected {wanted})")


def of_callee(value: Value) -> Failure | None:
    """`None()`, and the call of a module."""
    if isinstance(value, Known | Tuple | Container | Module):
        return "TypeError", f"{type_name(value) or 'module'!r} object is not callable"
    return None


def of_attribute(resolver: "Resolver", value: Value, name: str) -> Failure | None:
    """`None.x`: an attribute that a builtin type, or a class that is known in full, does not have."""
    if isinstance(value, Class):
        return _of_class(resolver, value, name)
    named = isinstance(value, Tuple) and bool(value.names)
    kind = resolver.natives.builtin(type_name(value) or "") if not named and _sample(value) else None
    if kind is None and value == Known(None):
        return None if name.startswith("__") else ("AttributeError", f"'NoneType' object has no attribute {name!r}")
    if kind is None or name.startswith("__") or kind.find(name) or kind.unknown() or name in kind.hidden:
        return None
    return "AttributeError", f"{kind.name!r} object has no attribute {name!r}"


def _of_class(resolver: "Resolver", kind: Class, name: str) -> Failure | None:
    metaclass = resolver.natives.builtin("type")
    if kind.unknown() or kind.metaclass is not None or any(owner.native for owner in kind.mro) or name.startswith("__"):
        return None
    if kind.find(name) or metaclass is None or metaclass.find(name):
        return None
    return "AttributeError", f"type object {kind.name!r} has no attribute {name!r}"


def of_arguments(node: FunctionNode, arguments: "Arguments", name: str) -> Failure | None:
    """A call that does not fit the function's parameters."""
    every = node.args
    positional = [each.arg for each in (*every.posonlyargs, *every.args)]
    given = len(arguments.positional)
    if given > len(positional) and not every.vararg:
        return "TypeError", f"{name}() takes {len(positional)} positional arguments but {given} were given"
    by_name = {each.arg for each in (*every.args, *every.kwonlyargs)}
    odd = [each for each in arguments.keywords if each not in by_name]
    if odd and not every.kwarg:
        return "TypeError", f"{name}() got an unexpected keyword argument {odd[0]!r}"
    twice = [each for each in positional[len(every.posonlyargs) : given] if each in arguments.keywords]
    if twice:
        return "TypeError", f"{name}() got multiple values for argument {twice[0]!r}"
    return _of_missing(every, positional[given:], arguments, name) if arguments.exact else None


def _of_missing(every: ast.arguments, rest: list[str], arguments: "Arguments", name: str) -> Failure | None:
    by_both = (*every.posonlyargs, *every.args)
    optional = {each.arg for each in by_both[len(by_both) - len(every.defaults) :]}
    optional |= {each.arg for each, value in zip(every.kwonlyargs, every.kw_defaults, strict=True) if value}
    by_place = {each.arg for each in every.posonlyargs}
    wanted = [*rest, *(each.arg for each in every.kwonlyargs)]
    missing = [each for each in wanted if each not in optional and (each in by_place or each not in arguments.keywords)]
    return ("TypeError", f"{name}() missing a required argument: {missing[0]!r}") if missing else None


def of_conversion(name: str, given: Value) -> Failure | None:
    """`int("x")`."""
    if name not in ("int", "float") or not isinstance(given, Known):
        return None
    if given.value is None:
        return "TypeError", f"{name}() argument must be a string or a real number, not 'NoneType'"
    if not isinstance(given.value, str) or len(given.value) > 1000:
        return None
    try:
        {"int": int, "float": float}[name](given.value)
    except ValueError as error:
        return "ValueError", str(error)
    return None
