"""JSON that strangers wrote, read in one way only; and JSON of ours, written in one way only."""

import base64
import binascii
from typing import Any

from pydantic import ValidationError

from spybuild.attestation.refusals import Reason, refused
from spybuild.errors import EvidenceRefused, UsageError
from spybuild.model import strict_json
from spybuild.model.names import shown

_MOST_VALUES = 10_000  # a bundle has hundreds; 8 MiB of `{},` become 300 MiB, and take seconds


def canonical(value: Any) -> bytes:
    """The one form of `value` in JSON: RFC 8785 without numbers that have fractions.

    Keys are sorted by UTF-16 code units, there is no white space, text is UTF-8 with the shortest escapes, integers
    lie within ±(2**53 - 1). The same value always gives the same bytes.

    Raises:
        UsageError: the value has no such form: a float, a larger integer, half of a surrogate pair.
    """
    import rfc8785  # with sigstore; loaded only where a statement is made

    _refuse_floats(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise UsageError(f"what is to be signed has no canonical JSON: {error}") from None


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise UsageError(f"what is to be signed has no canonical JSON: {value} is no whole number")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        _refuse_floats(each)


def read_object(content: bytes, what: str, most: int, values: int = _MOST_VALUES) -> dict[str, Any]:
    """The JSON object that `content` is: UTF-8, no key twice, no NaN, not nested deeper than 64.

    Args:
        content: bytes of unknown origin.
        what: what it is called in messages.
        most: how many bytes it may have.
        values: how many values it may hold, about: commas and opening brackets, in texts too.

    Raises:
        EvidenceRefused: it is larger (`too-large`), or can be read in no way or more than one (`malformed`).
    """
    if len(content) > most:
        raise refused(Reason.TOO_LARGE, f"{what} has {len(content)} bytes, more than {most}")
    if sum(map(content.count, (b",", b"[", b"{"))) > values:
        raise refused(Reason.TOO_LARGE, f"{what} holds more than {values} values")
    try:
        return strict_json.parse_object(content)
    except ValueError as error:
        raise refused(Reason.MALFORMED, f"{what} {error}") from None


def decode_base64(text: str, what: str) -> bytes:
    """The bytes that `text` is, in the one standard spelling (RFC 4648 section 4, padded, no line breaks).

    Raises:
        EvidenceRefused: it is none (`malformed`).
    """
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = None
    if decoded is None or encode_base64(decoded) != text:
        raise refused(Reason.MALFORMED, f"{what} is no standard base64")
    return decoded


def encode_base64(content: bytes) -> str:
    """Standard base64, as protobuf's JSON form has it."""
    return base64.b64encode(content).decode()


def malformed(error: ValidationError, what: str) -> EvidenceRefused:
    """What a model said against a document, as a refusal that names the first place."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    at = f": {shown(place)}" if place else ""
    return refused(Reason.MALFORMED, f"{what} is not of its form{at}: {first['msg']}")
