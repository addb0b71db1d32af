"""Scalars of a contract: what was written, kept beside what YAML makes of it.

`version: 3.10` is the text "3.10" for a version and the number 3.1 for a value: only the field knows which is meant, so
the loader hands both on and the types below choose.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Strict, ValidationInfo, WithJsonSchema

from spybuild.model.base import LocatedList, LocatedMapping, Place
from spybuild.model.names import shown

Scalar = str | int | float | bool | None
_SPECIAL = re.compile(r"[\x00-\x1f\x7f]")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]*")


class Plain(str):
    """A scalar: the text as written, and `resolved`, what YAML 1.2's core schema makes of it (text, if quoted)."""

    __slots__ = ("place", "resolved")
    resolved: Scalar
    place: Place

    @classmethod
    def of(cls, text: str, resolved: Scalar, place: Place) -> "Plain":
        """The scalar `text`, written at `place`, which YAML reads as `resolved`."""
        scalar = cls(text)
        scalar.resolved, scalar.place = resolved, place
        return scalar


@dataclass
class Reading:
    """One reading of a contract: the context of its validation, where places gather what is to be said of them."""

    strict: bool = False
    notices: list[tuple[Place, str]] = field(default_factory=list)
    problems: list[tuple[Place, str]] = field(default_factory=list)


def tolerate(info: ValidationInfo, place: Place | None, notice: str) -> None:
    """Note something that ImportSpy's own model refuses; a strict reading makes it a problem."""
    if isinstance(info.context, Reading) and place:
        (info.context.problems if info.context.strict else info.context.notices).append((place, notice))


def refuse(info: ValidationInfo, place: Place | None, problem: str) -> None:
    """Record a problem, so that the reading goes on and finds the others.

    Raises:
        ValueError: nobody gathers problems, or the place is unknown.
    """
    if not isinstance(info.context, Reading) or not place:
        raise ValueError(problem)
    info.context.problems.append((place, problem))


def _text(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, Plain):
        return value
    if not isinstance(value.resolved, str):
        tolerate(info, value.place, f'put the text {value:.60} in quotes: "{value:.60}"')
    return str(value)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _identifier(text: str) -> str:
    if text.isidentifier():
        return unicodedata.normalize("NFKC", text)  # as Python does
    hint = "; write the name without its stars" if text.lstrip("*").isidentifier() else ""
    raise ValueError(f"{shown(text)} is no Python name{hint}")


def _dotted(text: str) -> str:
    if all(part.isidentifier() for part in text.split(".")):
        return text
    raise ValueError(f"{shown(text)} is no Python name, dotted or not")


def _file(text: str) -> str:
    if _SPECIAL.search(text):
        raise ValueError("a file name holds no control characters")
    if "\\" in text:
        raise ValueError(f"{shown(text)}: write / between folders, whatever the system")
    if ".." in text.split("/"):
        raise ValueError(f"{shown(text)} must not climb out of the image with ..")
    return text


def environment_name(text: str) -> str:
    """Return `text` if it can name an environment variable.

    Raises:
        ValueError: it cannot; whatever stands behind a `=` may be secret and is not shown.
    """
    if _ENVIRONMENT_NAME.fullmatch(text):
        return text
    name, written, _ = text.partition("=")
    if written:
        raise ValueError(f"write only the name of the variable, {shown(name)}, and not its value")
    hint = "; write the name without $" if text.startswith("$") else ""
    raise ValueError(f"{shown(text)} cannot name an environment variable{hint}")


def _resolved(value: Any) -> Any:
    if isinstance(value, Plain):
        return value.resolved
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    if isinstance(value, dict):
        return {key: _resolved(item) for key, item in value.items()}
    return value


def _wanted(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, LocatedList | LocatedMapping):
        tolerate(info, value.place, "ImportSpy compares single values only, no lists or mappings")
    return _resolved(value)


def _environment_text(value: Any) -> Any:
    """Values of the environment are texts; `true` and `3.10` mean themselves."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, Plain | int | float) else value


RawText = Annotated[str, BeforeValidator(_text)]
Text = Annotated[RawText, AfterValidator(_not_empty), WithJsonSchema({"type": "string", "minLength": 1})]
# editors read an unquoted 3.10 as a number
VersionText = Annotated[Text, WithJsonSchema({"type": ["string", "number"]})]
Identifier = Annotated[Text, AfterValidator(_identifier)]
DottedName = Annotated[Text, AfterValidator(_dotted)]
FileName = Annotated[Text, AfterValidator(_file)]
EnvironmentName = Annotated[Text, AfterValidator(environment_name)]
EnvironmentText = Annotated[
    str,
    BeforeValidator(_environment_text),
    WithJsonSchema({"type": ["string", "integer", "number", "boolean"]}),
]
Flag = Annotated[bool, Strict(), BeforeValidator(_resolved)]
Wanted = Annotated[
    Any,
    BeforeValidator(_wanted),
    WithJsonSchema({"type": ["string", "integer", "number", "boolean", "null", "array", "object"]}),
]
