"""The published JSON Schema agrees with the loader."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from spybuild.contracts import contract_schema, load_contract
from spybuild.errors import ContractError

DOCS = Path(__file__).parent / "importspy-docs"


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema["$defs"].values()]


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(contract_schema())


def test_every_mapping_is_closed_and_every_key_described() -> None:
    for model in objects(contract_schema()):
        assert model["additionalProperties"] is False
        assert model["description"]
        assert all(field.get("description") for field in model["properties"].values()), model["title"]


def test_versions_may_be_numbers_as_editors_see_them() -> None:
    validator = Draft202012Validator(contract_schema())
    assert validator.is_valid({"version": 3.10})
    assert not validator.is_valid({"version": []})
    assert not validator.is_valid({"filname": "a.py"})


def test_names_are_listed() -> None:
    definitions = contract_schema()["$defs"]
    assert {"x86_64", "arm64", "386"} <= set(definitions["Deployment"]["properties"]["arch"]["enum"])
    assert {"linux", "darwin"} <= set(definitions["System"]["properties"]["os"]["enum"])
    assert "CPython" in str(definitions["Python"]["properties"]["interpreter"])


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.yml")), ids=lambda path: path.stem)
def test_it_accepts_what_loads_strictly(path: Path) -> None:
    try:
        load_contract(path, strict=True)
    except ContractError:
        return
    Draft202012Validator(contract_schema()).validate(yaml.safe_load(path.read_text()))
