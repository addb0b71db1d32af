"""The published JSON Schemas (2020-12): what SpyBuild reads and writes, made from its own types."""

from typing import Any

from spybuild.contracts import contract_schema
from spybuild.model.base import Model
from spybuild.model.facts import Facts
from spybuild.model.report import Report

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(document: str) -> dict[str, Any]:
    """The schema of a `contract`, a `report` or the probe's `facts`."""
    if document == "contract":
        return contract_schema()
    models: dict[str, type[Model]] = {"report": Report, "facts": Facts}
    model = models[document]
    return {"$schema": _DIALECT, "$id": f"urn:spybuild:{document}:1", **model.model_json_schema(mode="serialization")}
