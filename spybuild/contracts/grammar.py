"""What the model's types say of the grammar: which keys fit where. Only messages need it."""

from collections.abc import Iterator, Sequence
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from spybuild.model.base import Key, Located
from spybuild.model.contract import Contract


def keys_at(path: Sequence[Key]) -> tuple[str, ...]:
    """The keys that fit in the mapping at `path`."""
    type_ = _type_at(path)
    return tuple(type_.model_fields) if _is_model(type_) else ()


def choices(path: Sequence[Key]) -> tuple[str, ...]:
    """The texts that may stand at `path`."""
    type_ = _type_at(path)
    return tuple(map(str, get_args(type_))) if get_origin(type_) is Literal else ()


@cache
def homes(key: str) -> tuple[str, ...]:
    """The paths of the mappings nearest to the root that have this key: at most two, the root left out."""
    return tuple(path for path, type_ in _models() if path and key in type_.model_fields)[:2]


@cache
def _models() -> tuple[tuple[str, type[Located]], ...]:
    """Every model of the grammar with the shortest path that leads to it, nearest to the root first."""
    found: list[tuple[str, type[Located]]] = [("", Contract)]
    for path, model in found:
        known = {type_ for _, type_ in found}
        for name, field in model.model_fields.items():
            suffix, type_ = _inner(field.annotation)
            if _is_model(type_) and type_ not in known:
                found.append((f"{path}.{name}{suffix}".lstrip("."), type_))
    return tuple(found)


def _type_at(path: Sequence[Key]) -> Any:
    type_: Any = Contract
    for key in path:
        if _is_model(type_):
            field = type_.model_fields.get(str(key))
            type_ = _plain(field.annotation) if field else None
        else:
            type_ = _item(type_)
    return type_


def _inner(type_: Any) -> tuple[str, Any]:
    """What lists and mappings hold at last, and how the path says that they are ones."""
    suffix, bare = "", _plain(type_)
    while get_origin(bare) in (tuple, dict):
        suffix, bare = suffix + "[]", _item(bare)
    return suffix, bare


def _item(type_: Any) -> Any:
    arguments = get_args(type_)
    if get_origin(type_) is tuple:
        return _plain(arguments[0])
    return _plain(arguments[1]) if get_origin(type_) is dict else None


def _plain(type_: Any) -> Any:
    """The type itself, without what is annotated to it and without its being optional."""
    while True:
        inner = list(_without(type_))
        if inner == [type_] or not inner:
            return type_
        type_ = inner[0]


def _without(type_: Any) -> Iterator[Any]:
    if hasattr(type_, "__metadata__"):
        yield type_.__origin__
    elif NoneType in get_args(type_):
        yield from (one for one in get_args(type_) if one is not NoneType)
    else:
        yield type_


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Located)
