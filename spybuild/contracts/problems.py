"""What the model disliked, in our words, at its place."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spybuild.model.base import Key, LocatedList, LocatedMapping, Place
from spybuild.model.names import nearest, shown
from spybuild.model.scalars import Plain

_Problem = tuple[Place, str]
_LIST = "must be a list (lines that begin with `- `)"
_MAPPING = "must be a mapping (`key: value`)"
_EXPECTED = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
}


def located(error: ValidationError, root: LocatedMapping) -> list[_Problem]:
    """Every complaint of `error` about `root`, with its place."""
    return [_problem(details, root) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, root: LocatedMapping) -> _Problem:
    *parents, key = details["loc"] or ("",)
    if details["type"] == "missing":
        return _walk(root, parents), f"`{key}` is missing"
    if key == "[key]":
        return _name_place(root, parents), _message(details)
    if details["type"] == "extra_forbidden":
        return _name_place(root, details["loc"]), f"unknown key{_hint(str(key), parents)}"
    return _walk(root, details["loc"]), _message(details)


def _walk(root: LocatedMapping, keys: Sequence[Key]) -> Place:
    """The place of the value that `keys` lead to, or of the last one written on the way there."""
    element: Any = root
    place = root.place
    for key in keys:
        if isinstance(element, LocatedMapping) and key in element:
            place = element.where(key)
        elif isinstance(element, LocatedList) and isinstance(key, int) and key < len(element):
            place = element.places[key]
        else:
            break
        element = element[key]
    return place


def _name_place(root: LocatedMapping, keys: Sequence[Key]) -> Place:
    """The place of the key itself."""
    element: Any = root
    for key in keys[:-1]:
        try:
            element = element[key]
        except (TypeError, LookupError):
            return _walk(root, keys)
    names = element.names if isinstance(element, LocatedMapping) else {}
    return names.get(str(keys[-1])) or _walk(root, keys)


def _hint(key: str, parents: Sequence[Key]) -> str:
    """The key that was meant, or where this one belongs."""
    from spybuild.contracts import grammar  # of contracts, which not every document is

    if close := nearest(key, grammar.keys_at(parents)):
        return close
    homes = grammar.homes(key)
    return f"; it belongs to {' or '.join(homes)}" if homes else ""


def _message(details: ErrorDetails) -> str:
    value = details["input"]
    match details["type"]:
        case "literal_error":
            from spybuild.contracts import grammar

            names = grammar.choices(details["loc"])
            hint = nearest(value, names) if isinstance(value, str) else ""
            return f"must be {' or '.join(names)}, not {_described(value)}{hint}"
        case "value_error":
            return str(details["ctx"]["error"])
        case known if known in _EXPECTED:
            return f"{_EXPECTED[known]}, not {_described(value)}"
    return "cannot be read"


def _described(value: Any) -> str:
    """What stands there, in a few words and without what is in it."""
    resolved = value.resolved if isinstance(value, Plain) else value
    match resolved:
        case None:
            return "empty"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return str(resolved).lower()
        case str():
            return shown(resolved)
    return shown(str(resolved))[1:-1]
