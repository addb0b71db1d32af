"""`spybuild schema DOCUMENT`: the JSON Schemas of what SpyBuild reads and writes."""

import json
from enum import StrEnum
from typing import Annotated

import typer


class Document(StrEnum):
    """What has a schema."""

    CONTRACT = "contract"
    REPORT = "report"
    FACTS = "facts"
    POLICY = "policy"
    EVIDENCE = "evidence"
    POLICY_CASE = "policy-case"


def schema(document: Annotated[Document, typer.Argument(help="Which schema.", show_default=False)]) -> int:
    """Print the JSON Schema (2020-12) of a contract, a report, the probe's facts, or one of the gate's documents."""
    from spybuild.schemas import schema_of

    typer.echo(json.dumps(schema_of(document.value), indent=2))
    return 0
