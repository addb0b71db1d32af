"""The contract's JSON Schema, for editors and for other tools."""

from typing import Any

from spybuild.model.contract import Contract

IDENTIFIER = "https://spybuild.dev/schemas/contract-1.schema.json"


def contract_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a strict reading accepts."""
    schema = Contract.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": IDENTIFIER, **schema}
