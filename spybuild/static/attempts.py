"""Methods of constants and forms of `typing`, really tried where all that they are given is constant and small.

As in `computing`, an answer is the exception, and whether the target raises the same for sure; None where it works, or
nobody can know.
"""

import re
import typing
from typing import TYPE_CHECKING, Any

from spybuild.static import computing, costs, folding, parsing
from spybuild.static.made import Made
from spybuild.static.objects import Class, Descriptor, Form, Native, Special, type_name
from spybuild.static.values import Container, Known, Some, Tuple, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.resolve import Resolver

Refusal = tuple[Exception, bool]
_MOST_NUMBER = 1000  # for a width, a count, a length
_MOST_PRODUCT = 100_000  # letters of a text times those that replace some of them
_MOST_NAME = 100  # letters of a text that `typing` parses
_TRIED = ("str", "bytes", "int", "float", "bool", "tuple", "list", "dict", "set", "frozenset")
_NUMBERS = (int, float, complex, bytes)
_CODED = ("encode", "decode")
_WIDE = re.compile(r"\d{3}")


class _Stand(typing.Generic[typing.TypeVar("_T")]):  # type: ignore[misc]
    """Stands for a class of the image."""


def of_method(resolver: "Resolver", receiver: Value, name: str, arguments: "Arguments") -> Refusal | None:
    """`"a".zfill("b")`, `[].append()`: a method of a builtin type; what it does to what it is called on is let go."""
    if not isinstance(receiver, Known | Some | Tuple | Container) or not arguments.exact:
        return None
    if type_name(receiver) not in _TRIED or (isinstance(receiver, Tuple) and receiver.names):
        return None
    error = _misfit(resolver, receiver, name, arguments) or _tried(receiver, name, arguments)
    same = computing.is_same(resolver) and isinstance(receiver, Known)
    return (error, same) if error else None


def _misfit(resolver: "Resolver", receiver: Value, name: str, arguments: "Arguments") -> Exception | None:
    kind = resolver.natives.builtin(type_name(receiver) or "")
    found = kind.find(name) if kind else None
    parameters = found[1].value.parameters if found and isinstance(found[1].value, Native) else None
    if not parameters or parameters[0][0] != "self":
        return None
    return computing.unfit(parameters[1:], name, arguments)


def _tried(receiver: Value, name: str, arguments: "Arguments") -> Exception | None:
    try:
        (own,), _ = computing.constants(computing.given(receiver))
        given, named = computing.constants(arguments)
        if name.startswith("_") or not _is_cheap(own, name, [*given, *named.values()]):
            return None
        with parsing.quietly():
            getattr(own, name)(*given, **named)
    except (folding.Unfoldable, RecursionError, MemoryError):
        return None
    except Exception as error:  # whatever it raises is the answer
        return error
    return None


def _is_cheap(own: Any, name: str, given: list[Any]) -> bool:
    texts = [each for each in given if isinstance(each, str | bytes)]
    if any(isinstance(each, int) and abs(each) > _MOST_NUMBER for each in given):
        return False
    if name in _CODED:
        return costs.is_usual_code(given)
    if name in ("format", "format_map"):
        return not costs.is_wide(str(own)) and not _WIDE.search(str(own))
    letters = len(own) if isinstance(own, str | bytes) else 1
    return name != "replace" or letters * max(map(len, texts), default=0) <= _MOST_PRODUCT


def of_subscript(resolver: "Resolver", value: Value, index: Value) -> Refusal | None:
    """`Union[()]`, `Callable[int]`: what `typing` refuses."""
    module, _, name = value.key.rpartition(".") if isinstance(value, Special) else ("", "", "")
    form = getattr(typing, name, None) if module == "typing" else None
    if form is None or name in ("Annotated", "Literal", "NamedTuple", "TypedDict"):
        return None
    try:
        with parsing.quietly():
            form[_stand_in(index, {}, [_MOST_NAME])]
    except (folding.Unfoldable, RecursionError, MemoryError):
        return None
    except Exception as error:  # whatever it raises is the answer
        return (error, False) if computing.is_same(resolver) else None
    return None


def _stand_in(value: Value, variables: dict[int, Any], room: list[int]) -> Any:
    room[0] -= 1
    match value:
        case Known(value=str() as text) if len(text) > room[0]:
            raise folding.Unfoldable
        case Known(value=str() as text):
            room[0] -= len(text)
            return text
        case Known(value=constant) if constant is None or constant is ...:
            return constant
        case Tuple(items=items, names=()) if len(items) < room[0]:
            return tuple(_stand_in(each, variables, room) for each in items)
        case Container(type="list") if value.content is not None and len(value.content) < room[0]:
            return [_stand_in(each, variables, room) for each in value.content]
        case Class(native=True, module="builtins", name="int" | "str" | "bytes" | "bool" | "float" | "object"):
            return int
        case Class():
            return _Stand
        case Form(name=name, type="TypeVar"):
            return variables.setdefault(id(value), typing.TypeVar(name))
        case _:
            raise folding.Unfoldable


def misfit_of_made(kind: Class, arguments: "Arguments") -> str | None:
    """Arguments that do not fit what a dataclass or a named tuple takes."""
    made = _made_for(kind, "__init__") or _made_for(kind, "__new__")
    if made is None or kind.unknown() or kind.declared or not arguments.exact:
        return None
    told = [[each.name, each.kind, *([None] if each.default is not None else [])] for each in made.parameters[1:]]
    error = computing.unfit(told, kind.name, arguments)
    return str(error) if error else None


def _made_for(kind: Class, name: str) -> Made | None:
    found = kind.find(name)
    value = found[1].value if found and not found[1].doubt else None
    made = value.function if isinstance(value, Descriptor) else value
    return made if isinstance(made, Made) else None


def is_odd(arguments: "Arguments") -> bool:
    """Whether a number is passed, and all that is passed is told."""
    return arguments.exact and any(isinstance(each, Known) and type(each.value) in _NUMBERS for each in arguments.every)
