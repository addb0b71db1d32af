"""The documentation is true: generated pages are current, examples load, links and rule ids exist."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from docs.generate import main, pages
from spybuild.contracts import parse_contract
from spybuild.rules.catalogue import find_rule
from spybuild.schemas import DOCUMENTS, schema_of
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("sample-images/*.md")])
EXAMPLES = [
    pytest.param(match.group(1), id=f"{page.name}-{number}")
    for page in PAGES
    for number, match in enumerate(re.finditer(r"^```yaml\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE))
]


def test_generated_pages_are_current() -> None:
    """`make docs` would change nothing."""
    assert main(["--check"]) == 0
    assert set(pages()) == {"rules.md", *(f"{name}.schema.json" for name in DOCUMENTS)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_one(name: str) -> None:
    """Of the dialect that it names, under a name of its own."""
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:spybuild:{name}:1"


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_contract_shown_loads(text: str) -> None:
    """What a page shows can be copied."""
    assert parse_contract(text.encode(), "example.yml").contract.path == "example.yml"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_rule_ids_exist(page: Path) -> None:
    """No page speaks of a rule that is not there."""
    assert [rule for rule in re.findall(r"SPY\d{3}", page.read_text()) if find_rule(rule) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page: Path) -> None:
    """No page speaks of an option of spybuild that is not there."""
    known = "".join(path.read_text() for path in (ROOT / "spybuild" / "cli").glob("*.py"))
    commands = re.findall(
        r"spybuild (?:scan|validate|check|attest|verify|promote|policy test)\b[^`\n|]*", page.read_text()
    )
    options = {option for command in commands for option in re.findall(r"(?<!\S)--[a-z-]+", command)}
    assert {option for option in options if f'"{option}"' not in known} == set()
