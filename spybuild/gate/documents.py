"""The gate's documents (policies, cases, recorded evidence), YAML or JSON: every problem at once, each at its place.

The machinery is the contract's (`spybuild.contracts`): no tag, no bomb, no key twice. JSON is read as the YAML it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails

from spybuild.contracts.events import compose
from spybuild.contracts.problems import located
from spybuild.contracts.reading import decode, printable, read_bytes
from spybuild.contracts.tree import Tree
from spybuild.errors import ContractError, PolicyError
from spybuild.model.base import Key, LocatedMapping, Location, Model, Place
from spybuild.model.names import shown
from spybuild.model.scalars import Reading

# names of the alternatives in our types, which pydantic puts into the paths of its errors
_TAGS = frozenset({"key", "keyless", "verified", "refused", "rules", "word", "path", "inline"})
Problem = tuple[Place, str]
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Document(Generic[M]):
    """A document as read: its located values, what they make, and what is wrong; `value` is None where much is."""

    root: LocatedMapping
    value: M | None
    problems: tuple[Problem, ...]

    def sound(self, *others: Problem) -> M:
        """What the document holds.

        Args:
            others: problems that were found elsewhere; they are told together.

        Raises:
            PolicyError: there are problems.
        """
        found = {*self.problems, *others}
        if found or self.value is None:
            raise PolicyError(_in_order(found))
        return self.value


def read_document(path: Path | str) -> bytes:
    """The bytes of the document at `path`.

    Raises:
        PolicyError: it cannot be read, or is larger than any.
    """
    try:
        return read_bytes(path)
    except ContractError as error:
        raise PolicyError(error.problems) from None


def parse_document(content: bytes, name: str, model: type[M]) -> Document[M]:
    """The document in `content`, read as a `model`.

    Args:
        content: UTF-8 YAML or JSON, one mapping.
        name: what messages call it.
        model: its grammar.

    Raises:
        PolicyError: this is no YAML, no mapping, or beyond what a document may hold.
    """
    file = printable(name)
    tree = Tree(file)
    try:
        node = compose(decode(content, file), file)
        root: Any = tree.build(node)[0] if node else None
    except ContractError as error:
        raise PolicyError(error.problems) from None
    if not isinstance(root, LocatedMapping):
        place = f"{file}:{node.line}:{node.column}" if node else file
        raise PolicyError([f"{place}: a mapping is expected here (`key: value`)"])
    reading = Reading()
    value, problems = _validated(root, model, reading)
    return Document(root, value, (*tree.problems, *reading.problems, *problems))


def _validated(root: LocatedMapping, model: type[M], reading: Reading) -> tuple[M | None, list[Problem]]:
    try:
        return model.model_validate(root, context=reading), []
    except ValidationError as error:
        return None, located(_in_our_words(error, root), root)


def _in_our_words(error: ValidationError, root: LocatedMapping) -> ValidationError:
    lines = [_line(details, root) for details in error.errors(include_url=False)]
    return ValidationError.from_exception_data(error.title, lines)


def _line(details: ErrorDetails, root: LocatedMapping) -> InitErrorDetails:
    loc, kind, context, value = (
        _without_tags(details["loc"], root),
        details["type"],
        details.get("ctx"),
        details["input"],
    )
    if kind == "literal_error":
        seen = shown(value) if isinstance(value, str) else "something else"
        choice = ValueError(f"must be {details['ctx']['expected'].replace(chr(39), '')}, not {seen}")
        kind, context = "value_error", {"error": choice}
    if context is None:
        return InitErrorDetails(type=kind, loc=loc, input=value)
    return InitErrorDetails(type=kind, loc=loc, input=value, ctx=context)


def _without_tags(loc: tuple[Key, ...], root: LocatedMapping) -> tuple[Key, ...]:
    kept: list[Key] = []
    element: Any = root
    for key in loc:
        has = key in element if isinstance(element, dict) else isinstance(key, int)
        if not has and key in _TAGS:
            continue
        kept.append(key)
        element = _below(element, key)
    return tuple(kept)


def _below(element: Any, key: Key) -> Any:
    try:
        return element[key]
    except (LookupError, TypeError):
        return None


def _in_order(problems: Iterable[Problem]) -> list[str]:
    ordered = sorted(problems, key=lambda problem: (problem[0][0], problem[0][1:3], problem[0][3], problem[1]))
    return [_told(place, what) for place, what in ordered]


def _told(place: Place, what: str) -> str:
    path = f"{place[3]}: " if place[3] else ""
    return f"{Location.of(place)}: {path}{what}"
