"""Calls of the standard library that only compute: where all that they are given is constant, they are really made.

What they raise here, they raise in the target. The values are the code's, the functions are those of the Python that
SpyBuild runs with: where the target is another version, a failure is no more than a doubt. Nothing is computed whose
cost is not bounded by the size of what is given.
"""

import builtins
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spybuild.static import costs, folding, parsing
from spybuild.static.objects import Class
from spybuild.static.pure import BUILTINS, PURE, SIGNED
from spybuild.static.values import Container, Known, Tuple, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.resolve import Resolver

_MOST_PARTS = 1000  # that a call is given
_MOST_LETTERS = 5000
_MOST_DEEP = 100  # brackets, of texts that are parsed
_MOST_DIGITS = 4096
_LARGE = 100  # for an exponent, or for letters that a pattern is made of
_MOVED = {
    "_weakref": "weakref", "_bisect": "bisect", "_heapq": "heapq", "_io": "io", "_csv": "csv", "_hashlib": "hashlib",
    "os.path": "posixpath", "_decimal": "decimal", "_struct": "struct", "_operator": "operator",
    "tomllib._parser": "tomllib",
}  # fmt: skip
_PATTERNS = frozenset(f"re.{name}" for name in PURE["re"])
_PARSED = ("json.loads", "tomllib.loads")
_ENCODED = ("builtins.str", "builtins.bytes", "builtins.bytearray")
_NEWER_PATTERN = re.compile(r"[*+?}]\+|\(\?>")  # possessive, atomic: since 3.11
_KEYS = frozenset(
    (
        *(f"builtins.{name}" for name in BUILTINS),
        *(f"{module}.{name}" for table in (PURE, SIGNED) for module, names in table.items() for name in names),
    )
)
# what may be handed on as a function: a number makes no more than a number of them
_TYPES = ("int", "str", "float", "bool", "complex", "tuple", "list", "dict", "set", "frozenset", "object", "type")
_WIDE = re.compile(r"\d{4}")
_parsed_pattern: Callable[[str | bytes], Any] = importlib.import_module("re._parser").parse


def failure_of(resolver: "Resolver", key: str, arguments: "Arguments") -> tuple[Exception, bool] | None:
    """What a call of the standard library raises; None where it works, or nobody can know.

    Args:
        resolver: says what the target is.
        key: `module.qualname` of what is called.
        arguments: what it is given.

    Returns:
        The exception, and whether the target raises the same for sure.
    """
    if not arguments.exact:
        return None
    error = _misfit_in_table(resolver, key, arguments)
    if error is not None:
        return error, key.startswith("builtins.")
    key = _moved(key)
    if key not in _KEYS:
        return None
    error = _misfit(key, arguments) or _tried(resolver, key, arguments)
    return (error, is_same(resolver) or key.startswith("builtins.")) if error else None


def is_same(resolver: "Resolver") -> bool:
    """Whether the target's Python is of the version that SpyBuild runs with."""
    return resolver.target.implementation == "CPython" and resolver.target.minor == sys.version_info[:2]


def given(*values: Value) -> "Arguments":
    """Arguments that are passed by position."""
    from spybuild.static.core import Arguments

    return Arguments(values)


def _moved(key: str) -> str:
    module, _, name = key.rpartition(".")
    return f"{_MOVED[module]}.{name}" if module in _MOVED else key


def _misfit(key: str, arguments: "Arguments") -> Exception | None:
    """Arguments that do not fit the parameters, whatever they are."""
    module, name = _split(key)
    if name not in SIGNED.get(module, ()):
        return None
    try:
        signature = inspect.signature(getattr(importlib.import_module(module), name))
    except (ValueError, TypeError):
        return None
    return _unbound(signature, name, arguments)


def _misfit_in_table(resolver: "Resolver", key: str, arguments: "Arguments") -> Exception | None:
    """Of a function in C, whose parameters are told by the tables."""
    module, _, name = key.rpartition(".")
    function = resolver.natives.lookup_value({"os": "posix"}.get(module, module), name)
    parameters = getattr(function, "parameters", None)
    return None if parameters is None else unfit(parameters, name, arguments)


def unfit(parameters: list[Any], name: str, arguments: "Arguments") -> Exception | None:
    """What is raised where arguments do not fit such parameters, as the tables have them."""
    if any(each[1] == inspect.Parameter.VAR_POSITIONAL for each in parameters):
        return None
    try:
        signature = inspect.Signature([_parameter(*each) for each in parameters])
    except ValueError:  # an order that only C has
        return None
    return _unbound(signature, name, arguments)


def _unbound(signature: inspect.Signature, name: str, arguments: "Arguments") -> Exception | None:
    try:
        signature.bind(*arguments.positional, **arguments.keywords)
    except TypeError as error:
        return TypeError(f"{name}() {error}")
    return None


def _parameter(name: str, kind: int, *default: object) -> inspect.Parameter:
    kinds = list(inspect._ParameterKind)
    return inspect.Parameter(name, kinds[kind], default=default[0] if default else inspect.Parameter.empty)


def _split(key: str) -> tuple[str, str]:
    """Module and qualified name: `datetime` and `date.fromisoformat`, `urllib.parse` and `quote`."""
    module, _, name = key.partition(".")
    package, _, last = key.rpartition(".")
    return (package, last) if package in PURE else (module, name)


def _tried(resolver: "Resolver", key: str, arguments: "Arguments") -> Exception | None:
    """The call, made; what it returns is let go."""
    try:
        given, named = constants(arguments)
        function = _prepared(resolver, key, [*given, *named.values()])
        with parsing.quietly():
            function(*given, **named)
    except (folding.Unfoldable, RecursionError, MemoryError):
        return None
    except Exception as error:  # whatever it raises is the answer
        return error
    return None


def constants(arguments: "Arguments") -> tuple[list[Any], dict[str, Any]]:
    """What a call is given, as Python has it.

    Raises:
        Unfoldable: something is no constant, or all of it is too much.
    """
    room = [_MOST_PARTS, _MOST_LETTERS]
    given = [_constant(each, room) for each in arguments.positional]
    return given, {name: _constant(each, room) for name, each in arguments.keywords.items()}


def _constant(value: Value, room: list[int]) -> Any:
    room[0] -= 1
    match value:
        case Known(value=str() | bytes() as text):
            room[1] -= len(text)
        case Known(value=int() as number) if number.bit_length() > _MOST_DIGITS:
            raise folding.Unfoldable
    if min(room) < 0:
        raise folding.Unfoldable
    match value:
        case Known():
            return value.value
        case Tuple(items=items) if not value.names:
            return tuple(_constant(each, room) for each in items)
        case Container(type="list" | "set" | "frozenset" | "dict") if value.content is not None:
            inner = [_constant(each, room) for each in value.content]
            return getattr(builtins, value.type)(inner)
        case Class(native=True, module="builtins", name=name) if name in _TYPES:
            return getattr(builtins, name)
        case _:
            raise folding.Unfoldable


def _prepared(resolver: "Resolver", key: str, given: list[Any]) -> Callable[..., Any]:
    """The function to call, where its cost is bounded.

    Raises:
        Unfoldable: it is not, or it is only known by its parameters.
    """
    module, name = _split(key)
    if key in _PATTERNS:
        return _pattern_of(resolver, key)
    if name not in (BUILTINS if module == "builtins" else ()) and name not in PURE.get(module, ()):
        raise folding.Unfoldable
    if not _is_cheap(key, given):
        raise folding.Unfoldable
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    return function  # type: ignore[no-any-return]


def _is_cheap(key: str, given: list[Any]) -> bool:
    texts = [each for each in given if isinstance(each, str | bytes)]
    if key in _PARSED:
        return sum(text.count(mark) for text in texts if isinstance(text, str) for mark in "[{") <= _MOST_DEEP
    if key in _ENCODED and len(given) > 1:  # punycode takes seconds for a few thousand letters
        return costs.is_usual_code(given[1:])
    if key == "shlex.split":
        return isinstance(given[0], str) if given else True  # it reads standard input where it is given None
    if key in ("builtins.pow", "math.pow"):
        return not any(isinstance(each, int | float) and abs(each) > _LARGE for each in given)
    if key == "builtins.round":
        return not any(isinstance(each, int) and abs(each) > _LARGE for each in given[1:])
    if key in ("builtins.bytes", "builtins.bytearray", "builtins.int.from_bytes"):
        return not any(isinstance(each, int) and each > _MOST_LETTERS for each in given)
    if key == "fractions.Fraction":
        return not any("e" in str(text).lower() for text in texts)
    if key == "datetime.datetime.strptime":
        return sum(map(len, texts)) <= _LARGE
    return not (key.startswith("struct.") or key == "builtins.format") or not any(map(_WIDE.search, map(str, texts)))


def _pattern_of(resolver: "Resolver", key: str) -> Callable[..., Any]:
    """The parser of patterns, which is quick; flags, and what a pattern is used on, are let be."""

    def parse(pattern: object, replacement: object = "", *_: object, **__: object) -> None:
        if isinstance(pattern, int | float | None):
            raise TypeError("first argument must be string or compiled pattern")
        if not isinstance(pattern, str | bytes):
            raise folding.Unfoldable
        if resolver.target.minor < (3, 11) and _NEWER_PATTERN.search(str(pattern)):
            raise re.error("multiple repeat")
        parsed = _parsed_pattern(pattern)
        if key in ("re.sub", "re.subn") and isinstance(replacement, str | bytes):
            _check_template(replacement, parsed.state.groups)

    return parse


def _check_template(replacement: str | bytes, groups: int) -> None:
    r"""`\1` of a pattern that has no group."""
    text = replacement if isinstance(replacement, str) else replacement.decode("latin-1")
    for found in re.finditer(r"\\(\\|[1-9][0-9]?)", text):
        if found[1] != "\\" and int(found[1]) >= groups:
            raise re.error(f"invalid group reference {found[1]}")
