"""The contract's JSON Schema, for editors and for other tools."""

from typing import Any

from spybuild.model.contract import Contract

IDENTIFIER = "urn:spybuild:contract:1"


def contract_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a strict reading accepts."""
    schema = Contract.model_json_schema(mode="validation")
    for model in (schema, *schema["$defs"].values()):
        model["properties"] = {key: _tidy(field) for key, field in model["properties"].items()}
    schema["title"] = "SpyBuild contract"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": IDENTIFIER, **schema}


def _tidy(field: dict[str, Any]) -> dict[str, Any]:
    """A list or mapping may be left empty; and an omitted key asks nothing, which a default of null would not say."""
    tidy = {key: value for key, value in field.items() if key != "title"}
    may_be_left = "default" in tidy or tidy.get("type") == "object"
    if may_be_left and tidy.get("type") in ("array", "object"):
        tidy["type"] = [tidy["type"], "null"]
    if tidy.get("default") in (None, []):
        tidy.pop("default", None)
    return tidy
