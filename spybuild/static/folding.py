"""Operations on constants, done as the target would do them, and refused where the result could be large."""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spybuild.static import beginnings, costs
from spybuild.static.objects import type_name
from spybuild.static.values import Begun, Container, Known, Some, Tuple, Value, container

MOST_LENGTH = 20_000  # of a text, or of a container
_MOST_PARTS = 50_000  # of a container, those of its parts counted as well
_MOST_BITS = 4096
_SIZED = (str, bytes, tuple, list)

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
}  # fmt: skip
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Invert: operator.invert, ast.Not: operator.not_,
}  # fmt: skip
ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
# methods without surprises: the same on all Pythons, and their results no larger than what goes in
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        (
            "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "join", "replace",
            "startswith", "endswith", "partition", "rpartition", "title", "capitalize", "count", "find", "rfind",
            "isdigit", "format", "encode", "isidentifier", "removeprefix", "removesuffix", "swapcase", "isupper",
            "islower", "index",
        )
    ),
    bytes: frozenset(("lower", "upper", "strip", "split", "join", "replace", "startswith", "endswith",
        "decode", "hex")),
}  # fmt: skip
_RESULTS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "lower", "upper", "strip", "lstrip", "rstrip", "join", "replace", "title", "capitalize", "format",
            "center", "ljust", "rjust", "zfill", "removeprefix", "removesuffix", "swapcase", "casefold",
            "expandtabs", "translate",
        ),
        "same",
    ),
    **dict.fromkeys(("split", "rsplit", "splitlines"), "list"),
    **dict.fromkeys(("startswith", "endswith", "isdigit", "isidentifier", "isalpha", "isalnum", "isspace"), "bool"),
    **dict.fromkeys(("isupper", "islower", "istitle", "isdecimal", "isnumeric", "isascii", "isprintable"), "bool"),
    **dict.fromkeys(("count", "find", "rfind", "index", "rindex", "bit_length", "to_bytes"), "int"),
    **dict.fromkeys(("partition", "rpartition"), "tuple"),
    "encode": "bytes", "decode": "str", "hex": "str", "is_integer": "bool", "to_bytes": "bytes",
    "maketrans": "dict", "fromhex": "bytes",
}  # fmt: skip
_NUMBERS = ("bool", "int", "float", "complex")


class Unfoldable(Exception):  # noqa: N818  # an answer, not an error
    """The value is no constant, or computing it would cost too much."""


def to_python(value: Value) -> Any:
    """The constant that a value is.

    Raises:
        Unfoldable: it is none, or not known in full.
    """
    return _Folding().python(value)


class _Folding:
    """One conversion: values may share their parts, so that they are far larger than they look."""

    def __init__(self) -> None:
        self._room = MOST_LENGTH

    def python(self, value: Value) -> Any:
        """The constant that a value is."""
        self._room -= 1
        if self._room < 0:
            raise Unfoldable
        match value:
            case Known(value=constant):
                return constant
            case Tuple(items=items):
                return tuple(map(self.python, items))
            case Container(type="list" | "set" | "frozenset" as kind) if value.content is not None:
                return {"list": list, "set": set, "frozenset": frozenset}[kind](map(self.python, value.content))
            case _:
                raise Unfoldable


def binary(node: ast.operator, left: Value, right: Value) -> Value | None:
    """What an operator makes of two values; None where that is not known."""
    operation = BINARY.get(type(node))
    try:
        one, other = to_python(left), to_python(right)
        if operation and is_cheap(node, one, other):
            return from_python(operation(one, other))
    except Exception:  # whatever the operands make of it: unhashable, of the wrong type, too large
        return _kind_of_result(node, left, right)
    return _kind_of_result(node, left, right)


def is_cheap(node: ast.operator, one: Any, other: Any) -> bool:
    """Whether the result of an operator stays small."""
    match node:
        case ast.Mult():
            for sized, times in ((one, other), (other, one)):
                if isinstance(sized, _SIZED):
                    return isinstance(times, int) and len(sized) * max(times, 0) <= MOST_LENGTH
            return _bits(one) + _bits(other) <= _MOST_BITS
        case ast.Pow():
            return isinstance(other, int | float) and abs(other) <= _MOST_BITS and _bits(one) * abs(other) <= _MOST_BITS
        case ast.LShift():
            return isinstance(other, int) and _bits(one) + other <= _MOST_BITS
        case ast.Mod():
            return not isinstance(one, str | bytes) or not costs.is_wide(one if isinstance(one, str) else repr(one))
        case ast.Add():
            return not isinstance(one, _SIZED) or (isinstance(other, _SIZED) and len(one) + len(other) <= MOST_LENGTH)
        case _:
            return True


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 64


def _kind_of_result(node: ast.operator, left: Value, right: Value) -> Value | None:
    """The type of a result that is not known itself, of builtin types only."""
    one, other = type_name(left), type_name(right)
    if not _is_builtin(left) or not _is_builtin(right) or one is None or other is None:
        return None
    if isinstance(node, ast.Mod) and one in ("str", "bytes"):
        return beginnings.before(left, "%") if one == "str" and isinstance(right, Tuple | Begun) else Some(one)
    if one in _NUMBERS and other in _NUMBERS:
        if isinstance(node, ast.Div | ast.Pow) and {one, other} <= {"bool", "int"}:
            return Some("float") if isinstance(node, ast.Div) else None
        return Some(max(one, other, "int", key=_NUMBERS.index))
    if isinstance(node, ast.Add) and one == "str" and isinstance(right, Begun):
        return beginnings.joined(left, right)
    if isinstance(node, ast.Add | ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor) and one == other:
        return Some(one)
    if isinstance(node, ast.Mult) and {one, other} & {"int", "bool"}:
        return Some(one if other in ("int", "bool") else other)
    return None


def _is_builtin(value: Value) -> bool:
    return isinstance(value, Known | Some | Tuple | Container)


def unary(node: ast.unaryop, operand: Value) -> Value | None:
    """What an operator makes of one value; None where that is not known."""
    try:
        return from_python(UNARY[type(node)](to_python(operand)))
    except Exception:
        return operand if isinstance(operand, Some) and operand.type in _NUMBERS[1:] else None


def compare(node: ast.cmpop, left: Value, right: Value) -> bool | None:
    """What a comparison says; None where that is not known. Tuples are compared as far as it takes."""
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        return _compare_tuples(node, left.items, right.items)
    try:
        one, other = to_python(left), to_python(right)
        match node:
            case ast.Eq() | ast.NotEq():
                return bool(one == other) == isinstance(node, ast.Eq)
            case ast.Is() | ast.IsNot():
                return _is_same(one, other, isinstance(node, ast.Is))
            case ast.In() | ast.NotIn():
                return bool(one in other) == isinstance(node, ast.In)
            case _:
                return bool(ORDER[type(node)](one, other))
    except Exception:
        return None


def _is_same(one: Any, other: Any, wanted: bool) -> bool | None:
    """Identity is only told of the constants that exist once."""
    if one in (None, True, False, ...) or other in (None, True, False, ...):
        return (one is other) == wanted
    return None


def _is_equal(one: Value, other: Value) -> bool | None:
    """Whether two items are equal; None where that is not known."""
    if one is other and isinstance(one, Known | Tuple):
        return True
    try:
        return bool(to_python(one) == to_python(other))
    except Exception:
        return None


def _compare_tuples(node: ast.cmpop, one: tuple[Value, ...], other: tuple[Value, ...]) -> bool | None:
    for first, second in zip(one, other, strict=False):
        same = _is_equal(first, second)
        if same is None:
            return None
        if not same:
            if isinstance(node, ast.Eq | ast.NotEq):
                return isinstance(node, ast.NotEq)
            return compare(node, first, second)
    if isinstance(node, ast.Eq | ast.NotEq):
        return (len(one) == len(other)) == isinstance(node, ast.Eq)
    return ORDER[type(node)](len(one), len(other)) if type(node) in ORDER else None


def method(receiver: Value, name: str, arguments: tuple[Value, ...], keywords: Mapping[str, Value]) -> Value | None:
    """What a method of a text or of bytes returns; None where that is not known."""
    try:
        return from_python(call_method(receiver, name, arguments, keywords))
    except Exception:  # whatever the method makes of it, or nobody knows
        begins = beginnings.begins(receiver, arguments) if name == "startswith" and not keywords else None
        return _result_of(receiver, name) if begins is None else Known(begins)


def call_method(receiver: Value, name: str, arguments: tuple[Value, ...], keywords: Mapping[str, Value]) -> Any:
    """What a method of a text or of bytes really returns, or raises.

    Raises:
        Unfoldable: it is none that is known, or costs too much.
    """
    subject = to_python(receiver)
    if name not in _METHODS.get(type(subject), ()):
        raise Unfoldable
    given = [to_python(argument) for argument in arguments]
    named = {key: to_python(value) for key, value in keywords.items()}
    if not _stays_small(subject, name, given):
        raise Unfoldable
    return getattr(subject, name)(*given, **named)


def _stays_small(subject: str | bytes, name: str, given: list[Any]) -> bool:
    if name in ("encode", "decode"):
        return costs.is_usual_code(given)
    if name == "format":
        return not costs.is_wide(str(subject)) and all(isinstance(each, str | int | float) for each in given)
    if name == "join":
        return len(given) == 1 and sum(map(len, given[0])) + len(subject) * len(given[0]) <= MOST_LENGTH
    return name != "replace" or (len(subject) + 1) * max(1, len(given[1])) <= MOST_LENGTH


def _result_of(receiver: Value, name: str) -> Value | None:
    kind = type_name(receiver)
    result = _RESULTS.get(name)
    if kind not in ("str", "bytes", "int", "float") or not result:
        return None
    if kind == "str" and name == "format":
        return beginnings.before(receiver, "{}")
    return Some(kind if result == "same" else result)


def sequence_of(value: Value) -> Any:
    """The items of what is known as a tuple, list, text or bytes, to be indexed; None of anything else."""
    match value:
        case Tuple(items=items):
            return items
        case Container(type="list"):
            return value.content
        case Known(value=str() | bytes() as constant):
            return constant
    return None


def from_python(constant: object) -> Value:
    """The value that a constant is.

    Raises:
        Unfoldable: it is none that is kept, or has too many parts.
    """
    return _from_python(constant, iter(range(_MOST_PARTS)))


def _from_python(constant: object, budget: Iterator[int]) -> Value:
    if next(budget, None) is None:
        raise Unfoldable
    if isinstance(constant, tuple):
        return Tuple(tuple(_from_python(each, budget) for each in constant))
    if isinstance(constant, list):
        return container("list", tuple(_from_python(each, budget) for each in constant))
    if isinstance(constant, str | bytes) and len(constant) > MOST_LENGTH:
        return Some(type(constant).__name__)
    if constant is None or isinstance(constant, bool | int | float | complex | str | bytes):
        return Known(constant)
    raise Unfoldable
