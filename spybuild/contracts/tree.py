"""From nodes to the located mappings, lists and scalars that the model reads."""

import json
import re
from typing import Any

from spybuild.contracts.core import resolve
from spybuild.contracts.events import DEEPEST, MOST_NODES, TOO_DEEP, MappingNode, Node, ScalarNode, SequenceNode
from spybuild.errors import ContractError
from spybuild.model.base import Key, LocatedList, LocatedMapping, Location
from spybuild.model.names import shown
from spybuild.model.scalars import Plain, Scalar

_BARE_KEY = re.compile(r"[\w-]+")
_Entries = dict[str, tuple[ScalarNode, Node]]


def below(path: str, key: Key) -> str:
    """The path of `key` below `path`: `functions[0].name`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _BARE_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key if len(key) <= 60 else key[:59] + '…')}]"
    return f"{path}.{key}" if path else key


class Tree:
    """Gives every node its value and place. `problems` gathers what is wrong on the way."""

    def __init__(self, name: str) -> None:
        self.problems: list[tuple[Location, str]] = []
        self._name = name
        self._count = 0
        self._entries: dict[int, _Entries] = {}

    def build(self, node: Node, path: str = "", depth: int = 0) -> tuple[Any, Location]:
        """The value of `node` and where it is written.

        Raises:
            ContractError: aliases make it too large or too deep.
        """
        at = Location(file=self._name, line=node.line, column=node.column, path=path)
        self._guard(at, depth)
        if isinstance(node, ScalarNode):
            return self._scalar(node, at), at
        if isinstance(node, SequenceNode):
            built = [self.build(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.items)]
            return LocatedList([value for value, _ in built], at, [place for _, place in built]), at
        return self._mapping(node, at, depth), at

    def _guard(self, at: Location, depth: int) -> None:
        self._count += 1
        if self._count > MOST_NODES:
            raise ContractError([f"{at}: more than {MOST_NODES} values once the aliases are followed"])
        if depth > DEEPEST:
            raise ContractError([f"{at}: {TOO_DEEP} once the aliases are followed"])

    def _scalar(self, node: ScalarNode, at: Location) -> Plain | None:
        value = node.text if node.tag == "str" else resolve(node.text)
        if not _fits(value, node.tag):
            self.problems.append((at, f"{shown(node.text)} is not what its tag !!{node.tag} says"))
        return None if value is None else Plain.of(node.text, value, at)

    def _mapping(self, node: MappingNode, at: Location, depth: int) -> LocatedMapping:
        values: dict[str, Any] = {}
        places: dict[tuple[Key, ...], Location] = {}
        names: dict[str, Location] = {}
        for key, (name, value) in self._flat(node, at, depth).items():
            path = below(at.path, key)
            names[key] = Location(file=self._name, line=name.line, column=name.column, path=path)
            values[key], places[(key,)] = self.build(value, path, depth + 1)
            if isinstance(values[key], LocatedList):
                places.update({(key, index): place for index, place in enumerate(values[key].places)})
        return LocatedMapping(values, at, places, names)

    def _flat(self, node: MappingNode, at: Location, depth: int) -> _Entries:
        """The keys of `node` and those it merges (`<<`); its own win, then those of the mapping named first."""
        if id(node) in self._entries:
            return self._entries[id(node)]
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
            for key, entry in others.items():
                entries.setdefault(key, entry)
        self._entries[id(node)] = entries
        return entries

    def _merged(self, value: Node, at: Location, depth: int) -> list[_Entries]:
        sources = value.items if isinstance(value, SequenceNode) else [value]
        mappings = [source for source in sources if isinstance(source, MappingNode)]
        if len(mappings) < len(sources):
            self._refuse(value, at, "<< takes an alias of a mapping, or a list of them")
        return [self._flat(mapping, at, depth + 1) for mapping in mappings]

    def _refuse(self, node: Node, parent: Location, why: str, key: str = "") -> None:
        path = below(parent.path, key) if key else parent.path
        self.problems.append((Location(file=self._name, line=node.line, column=node.column, path=path), why))


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
