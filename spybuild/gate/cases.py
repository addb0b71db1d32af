"""The grammar of a policy's test cases: evidence, a moment, and what the gate is expected to say."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from spybuild.model.attested import ImageEvidence, SchemaVersion
from spybuild.model.readings import MAY_BE_EMPTY
from spybuild.model.scalars import Flag, Text
from spybuild.model.wire import Instant, WireModel


def _evidence_form(value: Any) -> str:
    return "path" if isinstance(value, str) else "inline"


class Expectation(WireModel):
    """What the gate is to say."""

    admitted: Flag = Field(description="Whether the image is let in.")
    reasons: Annotated[tuple[Text, ...], MAY_BE_EMPTY] = Field(
        (), description="Texts, each of which stands in one of the gate's reasons, in any case of letters."
    )


class CaseFile(WireModel):
    """One case: the gate decides over this evidence at this moment."""

    schema_version: SchemaVersion = Field(description="1.")
    name: Text | None = Field(None, description="What the case shows; omitted: the file's name.")
    now: Instant = Field(description="When the gate decides.")
    evidence: Annotated[
        Annotated[Text, Tag("path")] | Annotated[ImageEvidence, Tag("inline")], Discriminator(_evidence_form)
    ] = Field(description="Recorded evidence, or the path to it from the case's folder.")
    expect: Expectation
