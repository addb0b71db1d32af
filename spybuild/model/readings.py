"""How a contract's keys are read: names that must be known, lists without doubles, and older ways of writing."""

from collections.abc import Collection, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from spybuild.model import platforms
from spybuild.model.base import Key, LocatedList, LocatedMapping, Location, Place
from spybuild.model.names import INTERPRETERS, one_of, shown
from spybuild.model.scalars import Plain, Text, VersionText, refuse, tolerate

_IMPORTSPY_SYSTEMS = frozenset({"darwin", "linux", "windows"})


def _specifier(text: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        example = "write it as PEP 440 does, for example >=3.11,<3.14"
        raise ValueError(f"{shown(text)} is no version range; {example}") from None
    return text


def _architecture(text: str) -> str:
    return one_of(text, platforms.ARCHITECTURE_NAMES, "architecture")


def _interpreter(text: str) -> str:
    return one_of(text, INTERPRETERS, "interpreter")


def _system(text: str) -> str:
    return one_of(text, platforms.SYSTEM_NAMES, "operating system")


def _importspy_system(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Plain) and value in platforms.SYSTEM_NAMES - _IMPORTSPY_SYSTEMS:
        tolerate(info, value.place, f"ImportSpy calls this system {platforms.normal_system(value)}, not {value}")
    return value


def _enum(names: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": sorted(names)})


VersionRange = Annotated[VersionText, AfterValidator(_specifier)]
Architecture = Annotated[Text, AfterValidator(_architecture), _enum(platforms.ARCHITECTURE_NAMES)]
Interpreter = Annotated[Text, AfterValidator(_interpreter), _enum(INTERPRETERS)]
SystemName = Annotated[Text, BeforeValidator(_importspy_system), AfterValidator(_system), _enum(platforms.SYSTEM_NAMES)]


def _names(items: Any) -> Iterator[tuple[str, str, Place]]:
    """What the items of a list are known by, their `type` if they have one, and where the name is written."""
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Plain):
            yield item, "", item.place
        elif isinstance(item, LocatedMapping):
            key = "filename" if "filename" in item else "name"
            if isinstance(name := item.get(key), Plain):
                yield name, str(item.get("type", "")), item.where(key)


def _distinct(items: Any, info: ValidationInfo) -> Any:
    """No name stands twice in a list; an attribute may be of the class and, anew, of the instance."""
    first: dict[tuple[str, str], Place] = {}
    for name, kind, at in _names(items):
        if (before := first.setdefault((name, kind), at)) is not at:
            refuse(info, at, f"{shown(name)} is listed twice; the first is at {Location.of(before)}")
    return items


def refuse_both(first: Any, second: Any, info: ValidationInfo, why: str) -> None:
    """Refuse names of the list `second` that the list `first` names too."""
    places = {name: at for name, _, at in _names(first)}
    for name, _, at in _names(second):
        if name in places:
            refuse(info, at, f"{shown(name)} {why} at {Location.of(places[name])}")


def _list_or_nothing(value: Any) -> Any:
    return () if value is None else value


def _mapping_or_nothing(value: Any) -> Any:
    return {} if value is None else value


def _pairs(value: Any, info: ValidationInfo) -> Any:
    """ImportSpy 0.3 wrote variables as a mapping of names to values."""
    if not isinstance(value, LocatedMapping):
        return value
    tolerate(info, value.place, "ImportSpy 0.3's form; write a list of `- name:` and `value:`")
    return _as_list(value)


def _as_list(pairs: LocatedMapping) -> LocatedList:
    items = [_pair(pairs, name) for name in pairs]
    return LocatedList(items, pairs.place, [item.place for item in items])


def _pair(mapping: LocatedMapping, name: str) -> LocatedMapping:
    at = mapping.names.get(name, mapping.place)
    places: dict[tuple[Key, ...], Place] = {("name",): at, ("value",): mapping.where(name)}
    return LocatedMapping({"name": Plain.of(name, name, at), "value": mapping[name]}, at, places)


def by_name(value: Any, info: ValidationInfo) -> Any:
    """A superclass written as a bare name is the class of that name."""
    if not isinstance(value, Plain):
        return {"name": value} if isinstance(value, str) else value
    tolerate(info, value.place, f"write the superclass as a mapping: `- name: {value:.60}`")
    return LocatedMapping({"name": value}, value.place, {("name",): value.place})


def without_envs(value: Any, info: ValidationInfo) -> Any:
    """ImportSpy 0.3 wrote a system's environment as `envs:`, a mapping of names to values."""
    if not isinstance(value, LocatedMapping) or "envs" not in value or "environment" in value:
        return value
    tolerate(info, value.names["envs"], "ImportSpy 0.3's form; write `environment:` with `variables:`")
    envs = value["envs"]
    variables = _as_list(envs) if isinstance(envs, LocatedMapping) else envs
    environment = LocatedMapping({"variables": variables}, value.where("envs"), {})
    others = {key: item for key, item in value.items() if key != "envs"}
    places = {**value.places, ("environment",): environment.place}
    return LocatedMapping({**others, "environment": environment}, value.place, places, value.names)


def short_provenance(value: Any) -> Any:
    """`provenance: true` is short for the mapping.

    Raises:
        ValueError: it is neither.
    """
    resolved = value.resolved if isinstance(value, Plain) else value
    if isinstance(resolved, bool):
        return {"required": resolved}
    if isinstance(value, list | Plain):
        raise ValueError("must be true or false, or a mapping with `required:`")
    return value


def version_one(value: Any) -> Any:
    """The version of the grammar is the number 1, and neither `true` nor a text.

    Raises:
        ValueError: it is something else.
    """
    resolved = value.resolved if isinstance(value, Plain) else value
    if type(resolved) is not int or resolved != 1:
        raise ValueError("must be the number 1, the only version there is")
    return resolved


Item = TypeVar("Item")
MAY_BE_EMPTY = BeforeValidator(_list_or_nothing)
MAY_BE_BARE = BeforeValidator(_mapping_or_nothing)
# before-validators run from the last to the first
Named = Annotated[tuple[Item, ...], MAY_BE_EMPTY, BeforeValidator(_distinct)]
NamedOrPairs = Annotated[tuple[Item, ...], MAY_BE_EMPTY, BeforeValidator(_distinct), BeforeValidator(_pairs)]
