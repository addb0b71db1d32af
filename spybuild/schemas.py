"""The published JSON Schemas (2020-12): what SpyBuild reads and writes, made from its own types."""

from typing import Any

from spybuild.attested_report import AttestedReport
from spybuild.contracts import contract_schema
from spybuild.gate.schema import gate_schema
from spybuild.model.base import Model
from spybuild.model.facts import Facts

DOCUMENTS = ("contract", "report", "facts", "policy", "evidence", "policy-case")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: dict[str, type[Model]] = {"report": AttestedReport, "facts": Facts}


def schema_of(document: str) -> dict[str, Any]:
    """The schema of one of `DOCUMENTS`."""
    if document == "contract":
        return contract_schema()
    if document not in _MODELS:
        return gate_schema(document)
    return {
        "$schema": _DIALECT,
        "$id": f"urn:spybuild:{document}:1",
        **_MODELS[document].model_json_schema(mode="serialization"),
    }
