"""How documents about evidence write their values: keys in camelCase, digests, platforms and instants as text.

What in-toto, cosign and Kubernetes write; a contract keeps ImportSpy's keys. Python's names stay Python's: every model
takes both spellings when it is made, and writes camelCase with `model_dump(by_alias=True)`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from spybuild.errors import UsageError
from spybuild.model.base import LocatedMapping, Model
from spybuild.model.digests import Digest
from spybuild.model.names import nearest, shown
from spybuild.model.platforms import Platform
from spybuild.model.scalars import refuse

LONGEST_TEXT = 4096
T = TypeVar("T")
_HEX_DIGITS = {"sha256": 64, "sha512": 128}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?\d*([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class WireModel(Model):
    """Frozen and closed; an unknown key is refused at its own place, with the key that was probably meant."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """What was read from a file is told of at the key's place, so that the reading goes on and finds the others."""
        if not isinstance(value, LocatedMapping):
            return value
        known = [field.alias or name for name, field in cls.model_fields.items()]
        strangers = [key for key in value if key not in known]
        for key in strangers:
            refuse(info, value.names.get(key, value.place), f"unknown key{nearest(key, known)}")
        if not strangers:
            return value
        kept = {key: item for key, item in value.items() if key in known}
        return LocatedMapping(kept, value.place, value.places, value.names)


def digest_of_text(text: str) -> Digest:
    """The digest that `text` writes: `sha256:` or `sha512:` and all of its hexadecimal digits.

    Raises:
        ValueError: it is none, or of an algorithm that the OCI image-spec does not register for content.
    """
    algorithm, _, digits = text.partition(":")
    if len(digits) != _HEX_DIGITS.get(algorithm, -1) or not re.fullmatch("[0-9a-fA-F]*", digits):
        raise ValueError(f"{shown(text)} is no digest; write it as sha256:<64 hex digits>")
    return Digest.parse(text)


def platform_of_text(text: str) -> Platform:
    """The platform that `text` writes, in any spelling.

    Raises:
        ValueError: it is none.
    """
    try:
        return Platform.parse(text)
    except UsageError as error:
        raise ValueError(f"{shown(text)} is no platform; {error.hint}") from None


def instant_of_text(text: str) -> datetime:
    """The moment in UTC that `text` writes as RFC 3339 does; fractions beyond a microsecond are cut off.

    Raises:
        ValueError: it is none, or says no time zone.
    """
    match = _INSTANT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        whole = text[:19] + (match[1] or "") + ("+00:00" if match[2] in "Zz" else match[2])
        return datetime.fromisoformat(whole.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(text)} is no time; write it as 2026-11-20T12:00:00Z") from None


def instant_text(moment: datetime) -> str:
    """The moment as RFC 3339 writes it, in UTC: `2026-11-20T12:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reader_of(type_: type[T], parse: Callable[[str], T]) -> PlainValidator:
    """Take a `type_` as it is, and a text by `parse`; nothing else is one."""

    def read(value: Any) -> T:
        if isinstance(value, type_):
            return value
        if isinstance(value, str):
            return parse(str(value))
        raise ValueError("must be text")

    return PlainValidator(read)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return moment.astimezone(UTC)


def _not_too_long(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return text


def _bare(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


_AS_TEXT = PlainSerializer(str, return_type=str)
_DIGEST_FORM = WithJsonSchema({"type": "string", "pattern": "^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$"})
_MOMENT_FORM = WithJsonSchema({"type": "string", "format": "date-time"})
_SHORT_FORM = WithJsonSchema({"type": "string", "maxLength": LONGEST_TEXT})
_PLATFORM_FORM = WithJsonSchema({"type": "string", "examples": ["linux/amd64", "linux/arm/v7"]})

DigestText = Annotated[Digest, reader_of(Digest, digest_of_text), _AS_TEXT, _DIGEST_FORM]
PlatformText = Annotated[Platform, reader_of(Platform, platform_of_text), _AS_TEXT, _PLATFORM_FORM]
Instant = Annotated[
    datetime,
    reader_of(datetime, instant_of_text),
    AfterValidator(_in_utc),
    PlainSerializer(instant_text, return_type=str),
    _MOMENT_FORM,
]
ShortText = Annotated[str, AfterValidator(_not_too_long), BeforeValidator(_bare), _SHORT_FORM]
