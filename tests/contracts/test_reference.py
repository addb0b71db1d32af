"""The contract reference says what is so."""

import re
from pathlib import Path

import pytest

from spybuild.contracts import contract_schema, parse_contract

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_examples_load_strictly(block: str) -> None:
    assert not parse_contract(block.encode(), "contract.md", strict=True).warnings


def test_it_names_every_key() -> None:
    schema = contract_schema()
    page = PAGE.read_text(encoding="utf-8")
    keys = {key for model in (schema, *schema["$defs"].values()) for key in model["properties"]}
    assert {key for key in keys if not re.search(rf"\b{key}\b", page)} == set()
