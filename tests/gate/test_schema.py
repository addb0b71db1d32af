"""The published schemas say what the readers take."""

from typing import Any

import jsonschema
import pytest
import yaml

from spybuild.gate.recording import dump_evidence
from spybuild.gate.schema import gate_schema
from tests.gate.making import image
from tests.gate.test_loading import SHORTEST, with_line
from tests.gate.test_testing import HONEST, case


def is_valid(document: str, text: str) -> bool:
    """Whether the document in `text` fits its schema."""
    instance: Any = yaml.load(text, yaml.BaseLoader) if document == "policy" else yaml.safe_load(text)
    if document == "policy":
        instance["schemaVersion"] = int(instance["schemaVersion"])
    return bool(jsonschema.Draft202012Validator(gate_schema(document)).is_valid(instance))


@pytest.mark.parametrize("document", ["policy", "evidence", "policy-case"])
def test_schemas_are_schemas(document: str) -> None:
    """Of the 2020-12 dialect, with an id of their own."""
    schema = gate_schema(document)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:spybuild:{document}:1"


def test_documents_fit_their_schemas() -> None:
    """What the readers take, the schemas take."""
    assert is_valid("policy", SHORTEST)
    assert is_valid("policy", with_line("waivers: [SPY101]"))
    assert is_valid("evidence", dump_evidence(image()))
    assert is_valid("policy-case", case(HONEST, admitted=True))
    assert is_valid("policy-case", case("evidence.json", admitted=False))


def test_what_is_misspelt_does_not_fit() -> None:
    """Editors mark what the readers refuse."""
    assert not is_valid("policy", with_line("evidnce: both"))
    assert not is_valid("policy", with_line("evidence: all"))
    assert not is_valid("policy", with_line("waivers: none"))
    assert not is_valid("policy", SHORTEST.replace("maxAge: 30d", "maxAge: 30"))
    assert not is_valid("policy", SHORTEST.replace("maxAge: 30d", ""))
    assert not is_valid("evidence", dump_evidence(image()).replace('"isIndex"', '"isindex"'))
