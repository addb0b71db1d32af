"""From nodes to the located mappings, lists and scalars that the model reads."""

import json
import re
from collections.abc import Iterable
from typing import Any

from spybuild.contracts.core import resolve
from spybuild.contracts.events import DEEPEST, MOST_NODES, TOO_DEEP, MappingNode, Node, ScalarNode, SequenceNode
from spybuild.errors import ContractError
from spybuild.model.base import Key, LocatedList, LocatedMapping, Location, Place
from spybuild.model.names import shown
from spybuild.model.scalars import Plain, Scalar

_BARE_KEY = re.compile(r"[\w-]+")
_LONGEST_PATH = 400
_Entries = dict[str, tuple[ScalarNode, Node]]


def below(path: str, key: Key) -> str:
    """The path of `key` below `path`: `functions[0].name`. Paths do not grow beyond what a person reads."""
    if len(path) > _LONGEST_PATH:
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    short = key if len(key) <= 60 else f"{key[:59]}…"
    if not _BARE_KEY.fullmatch(short):
        return f"{path}[{json.dumps(short)}]"
    return f"{path}.{short}" if path else short


class Tree:
    """Gives every node its value and place. `problems` gathers what is wrong on the way."""

    def __init__(self, name: str) -> None:
        self.problems: list[tuple[Place, str]] = []
        self._name = name
        self._count = 0
        self._merge_sources: dict[int, _Entries] = {}

    def build(self, node: Node, path: str = "", depth: int = 0) -> tuple[Any, Place]:
        """The value of `node` and where it is written.

        Raises:
            ContractError: aliases make it too large or too deep.
        """
        at = (self._name, node.line, node.column, path)
        self._guard(at, depth)
        if isinstance(node, ScalarNode):
            return self._scalar(node, at), at
        if isinstance(node, SequenceNode):
            built = [self.build(item, below(path, index), depth + 1) for index, item in enumerate(node.items)]
            return LocatedList([value for value, _ in built], at, [place for _, place in built]), at
        return self._mapping(node, at, depth), at

    def _guard(self, at: Place, depth: int) -> None:
        self._count += 1
        if self._count > MOST_NODES:
            raise ContractError([f"{Location.of(at)}: more than {MOST_NODES} values once the aliases are followed"])
        if depth > DEEPEST:
            raise ContractError([f"{Location.of(at)}: {TOO_DEEP} once the aliases are followed"])

    def _scalar(self, node: ScalarNode, at: Place) -> Plain | None:
        value = node.text if node.tag == "str" else resolve(node.text)
        if not _fits(value, node.tag):
            self.problems.append((at, f"{shown(node.text)} is not what its tag !!{node.tag} says"))
        return None if value is None else Plain.of(node.text, value, at)

    def _mapping(self, node: MappingNode, at: Place, depth: int) -> LocatedMapping:
        values: dict[str, Any] = {}
        places: dict[tuple[Key, ...], Place] = {}
        names: dict[str, Place] = {}
        for key, (name, value) in self._flat(node, at, depth).items():
            path = below(at[3], key)
            names[key] = (self._name, name.line, name.column, path)
            values[key], places[(key,)] = self.build(value, path, depth + 1)
            places.update(_places_in(values[key], key))
        return LocatedMapping(values, at, places, names)

    def _flat(self, node: MappingNode, at: Place, depth: int) -> _Entries:
        """The keys of `node` and those it merges (`<<`); its own win, then those of the mapping named first."""
        self._guard(at, depth)
        entries: _Entries = {}
        merged: list[_Entries] = []
        for name, value in zip(node.items[::2], node.items[1::2], strict=True):
            if not isinstance(name, ScalarNode) or not _is_text(name):
                self._refuse(name, at, "a key must be text; put it in quotes if it is meant as text")
            elif name.text == "<<" and name.tag is None:
                merged += self._merged(value, at, depth)
            elif name.text in entries:
                first = entries[name.text][0]
                where = f"{self._name}:{first.line}:{first.column}"
                self._refuse(name, at, f"this key is written twice; the first is at {where}", name.text)
            else:
                entries[name.text] = (name, value)
        for others in merged:
            self._count += len(others)
            self._guard(at, depth)
            for key, entry in others.items():
                entries.setdefault(key, entry)
        return entries

    def _merged(self, value: Node, at: Place, depth: int) -> list[_Entries]:
        sources = value.items if isinstance(value, SequenceNode) else [value]
        mappings = [source for source in sources if isinstance(source, MappingNode)]
        if len(mappings) < len(sources):
            self._refuse(value, at, "<< takes an alias of a mapping, or a list of them")
        for mapping in mappings:
            if id(mapping) not in self._merge_sources:
                self._merge_sources[id(mapping)] = self._flat(mapping, at, depth + 1)
        return [self._merge_sources[id(mapping)] for mapping in mappings]

    def _refuse(self, node: Node, parent: Place, why: str, key: str = "") -> None:
        path = below(parent[3], key) if key else parent[3]
        self.problems.append(((self._name, node.line, node.column, path), why))


def _places_in(value: Any, key: str) -> Iterable[tuple[tuple[Key, ...], Place]]:
    """The places of what a list or mapping holds, as seen from the mapping around it."""
    if isinstance(value, LocatedList):
        return (((key, index), place) for index, place in enumerate(value.places))
    if isinstance(value, LocatedMapping):
        return (((key, *keys), place) for keys, place in value.places.items() if len(keys) == 1)
    return ()


def _is_text(node: ScalarNode) -> bool:
    return node.tag == "str" or (node.tag is None and isinstance(resolve(node.text), str))


def _fits(value: Scalar, tag: str | None) -> bool:
    match tag:
        case None | "str":
            return True
        case "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
    return value is None
