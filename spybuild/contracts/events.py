"""From YAML text to nodes that know their line and column.

Built on the parser's events, one after the other, and not on its recursive composer: no nesting and no number of nodes
can exhaust a stack or the memory before a limit is noticed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from spybuild.errors import ContractError
from spybuild.model.names import shown

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 100
MOST_NODES = 200_000
TOO_DEEP = f"nested more than {DEEPEST} levels deep"
# the Python parser lets an escape make these, libyaml does not
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_CORE = "tag:yaml.org,2002:"


@dataclass(slots=True, eq=False)
class ScalarNode:
    """A scalar; `tag` is the core type it was given (`str`, `int` …), or None where the text decides."""

    line: int
    column: int
    text: str
    tag: str | None


@dataclass(slots=True, eq=False)
class SequenceNode:
    """A list."""

    line: int
    column: int
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MappingNode:
    """A mapping; its items are keys and values in turn, as they were written."""

    line: int
    column: int
    items: list["Node"] = field(default_factory=list)


Node = ScalarNode | SequenceNode | MappingNode


def compose(text: str, name: str) -> Node | None:
    """The root node of the one document in `text`, None if there is none.

    Raises:
        ContractError: this is not YAML, or goes beyond what a contract may hold.
    """
    try:
        return _Composer(name).compose(_events(text))
    except yaml.MarkedYAMLError as error:
        raise ContractError([_not_yaml(text, name, error)]) from None
    except yaml.YAMLError as error:
        raise ContractError([f"{name}: not YAML: {shown(str(error), 200)}"]) from None


def _events(text: str) -> Iterator[Any]:
    loader = _Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _not_yaml(text: str, name: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f"{name}: not YAML: {error.problem}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return f"{name}:{mark.line + 1}:{line.index(chr(9)) + 1}: a tab indents this line; YAML wants spaces"
    why = ", ".join(part for part in (error.context, error.problem) if part)
    return f"{name}:{mark.line + 1}:{mark.column + 1}: not YAML: {why}"


class _Composer:
    """Takes events in order; `_open` holds the lists and mappings that are not closed yet."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._root: Node | None = None
        self._open: list[SequenceNode | MappingNode] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0
        self._documents = 0
        self._steps: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: lambda event: self._add(event, _scalar(event, self._tag(event))),
            yaml.SequenceStartEvent: lambda event: self._begin(event, SequenceNode(*_mark(event)), "seq"),
            yaml.MappingStartEvent: lambda event: self._begin(event, MappingNode(*_mark(event)), "map"),
            yaml.SequenceEndEvent: lambda _: self._end(),
            yaml.MappingEndEvent: lambda _: self._end(),
            yaml.AliasEvent: lambda event: self._place(self._aliased(event)),
            yaml.DocumentStartEvent: self._one_document,
        }

    def compose(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            if type(event) in self._steps:
                self._steps[type(event)](event)
        return self._root

    def _refuse(self, event: Any, why: str) -> ContractError:
        line, column = _mark(event)
        return ContractError([f"{self._name}:{line}:{column}: {why}"])

    def _one_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._refuse(event, "a second document begins here; there may be one only")

    def _begin(self, event: Any, node: SequenceNode | MappingNode, type_: str) -> None:
        if self._tag(event) not in (None, type_):
            raise self._refuse(event, f"the tag {shown(event.tag)} does not fit here")
        if len(self._open) >= DEEPEST:
            raise self._refuse(event, TOO_DEEP)
        self._add(event, node)
        self._open.append(node)

    def _end(self) -> None:
        self._open.pop()

    def _tag(self, event: Any) -> str | None:
        """The core type a tag names; all other tags are refused."""
        tag: str | None = event.tag
        if tag is None or tag == "!":
            return "str" if tag and isinstance(event, yaml.ScalarEvent) else None
        if tag.startswith(_CORE) and tag.removeprefix(_CORE) in ("str", "int", "float", "bool", "null", "seq", "map"):
            return tag.removeprefix(_CORE)
        raise self._refuse(event, f"the tag {shown(tag)} is not allowed; plain values are")

    def _add(self, event: Any, node: Node) -> None:
        if isinstance(node, ScalarNode) and not node.text.isascii() and _HALF_CHARACTER.search(node.text):
            raise self._refuse(event, "an escape here makes half a character")
        self._count += 1
        if self._count > MOST_NODES:
            raise self._refuse(event, f"more than {MOST_NODES} values; that is too large")
        self._place(node)
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1].items.append(node)
        else:
            self._root = node

    def _aliased(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._refuse(event, f"the alias *{event.anchor:.60} names no anchor that is written above it")
        if node in self._open:
            raise self._refuse(event, f"the alias *{event.anchor:.60} stands inside what it names")
        return node


def _mark(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _scalar(event: Any, tag: str | None) -> ScalarNode:
    line, column = _mark(event)
    # libyaml gives '' as the style of an unquoted scalar, the Python parser None
    return ScalarNode(line, column, event.value, tag if tag or not event.style else "str")
