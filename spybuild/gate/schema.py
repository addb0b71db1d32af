"""The JSON Schemas (2020-12) of the gate's documents, for editors and other tools."""

from typing import Any

from spybuild.gate.cases import CaseFile
from spybuild.gate.grammar import PolicyFile
from spybuild.model.attested import ImageEvidence
from spybuild.model.base import Model

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS: dict[str, tuple[type[Model], str]] = {
    "policy": (PolicyFile, "SpyBuild policy"),
    "evidence": (ImageEvidence, "SpyBuild recorded evidence"),
    "policy-case": (CaseFile, "SpyBuild policy test case"),
}


def gate_schema(document: str) -> dict[str, Any]:
    """The schema of a `policy`, of recorded `evidence`, or of a `policy-case`."""
    model, title = _DOCUMENTS[document]
    schema = model.model_json_schema(by_alias=True, mode="validation")
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            part["properties"] = {key: _tidy(field) for key, field in part["properties"].items()}
    return {"$schema": _DIALECT, "$id": f"urn:spybuild:{document}:1", **schema, "title": title}


def _tidy(field: dict[str, Any]) -> dict[str, Any]:
    """An omitted key asks nothing, which a default of null would not say."""
    return {key: value for key, value in field.items() if key != "title" and (key, value) != ("default", None)}
