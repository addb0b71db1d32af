"""`spybuild policy test`: recorded evidence decided anew, offline."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spybuild.model.wire import instant_text
from tests.cli.attesting import Desk


def case(desk: Desk, name: str, expect: dict[str, Any], **changes: Any) -> None:
    """Write a case about the recorded evidence."""
    (desk.folder / "cases").mkdir(exist_ok=True)
    usual = {"schemaVersion": 1, "now": instant_text(datetime.now(UTC)), "evidence": "../found.json", "expect": expect}
    (desk.folder / "cases" / f"{name}.yml").write_text(json.dumps({**usual, **changes}))


@pytest.fixture
def recorded(attested: Desk) -> Desk:
    """The honest image, recorded, and a policy."""
    attested.policy()
    assert attested.verify("--record", "found.json").code == 0
    attested.server.asked.clear()
    return attested


def test_cases_that_end_as_expected_are_exit_0(recorded: Desk) -> None:
    """Nobody is asked anything."""
    case(recorded, "honest", {"admitted": True})
    later = instant_text(datetime.now(UTC) + timedelta(days=40))
    case(recorded, "old", {"admitted": False, "reasons": ["too long ago"]}, now=later)
    said = recorded.run("policy", "test", "gate.yml", "cases")
    assert (said.code, said.out) == (0, "2 passed\n")
    assert recorded.server.asked == []


def test_a_case_that_ends_otherwise_is_exit_1(recorded: Desk) -> None:
    """It is named, with what the gate said."""
    case(recorded, "honest", {"admitted": False})
    said = recorded.run("policy", "test", "gate.yml", "cases")
    assert said.code == 1
    assert "FAILED cases/honest.yml" in said.out
    assert "expected it to be refused, and it was admitted" in said.out


def test_a_case_that_cannot_be_read_is_exit_2(recorded: Desk) -> None:
    """A misspelt case has tested nothing, whatever the others say."""
    case(recorded, "honest", {"admitted": False})
    case(recorded, "misspelt", {"admited": True})
    said = recorded.run("policy", "test", "gate.yml", "cases")
    assert (said.code, "ERROR cases/misspelt.yml" in said.out) == (2, True)


@pytest.mark.parametrize("arguments", [("gate.yml", "nosuch"), ("nosuch.yml", "cases"), ("gate.yml",), ()])
def test_no_policy_or_no_case_is_exit_2(recorded: Desk, arguments: tuple[str, ...]) -> None:
    """Nothing was tested."""
    case(recorded, "honest", {"admitted": True})
    assert recorded.run("policy", "test", *arguments).code == 2


def test_machines_read_each_case(recorded: Desk) -> None:
    """With the decision."""
    case(recorded, "honest", {"admitted": True})
    (found,) = recorded.run("policy", "test", "gate.yml", "cases", "-f", "json").json["cases"]
    assert (found["outcome"], found["complaints"], found["decision"]["admitted"]) == ("passed", [], True)


@pytest.mark.parametrize("document", ["policy", "evidence", "policy-case"])
def test_the_gates_schemas_are_printed(desk: Desk, document: str) -> None:
    """For editors."""
    assert desk.run("schema", document).json["$id"] == f"urn:spybuild:{document}:1"


@pytest.mark.parametrize("verb", [("attest",), ("verify",), ("promote",), ("policy",), ("policy", "test")])
def test_every_verb_has_help(desk: Desk, verb: tuple[str, ...]) -> None:
    """Help exits with 0; nothing of what it says in brackets is taken for markup and lost."""
    said = desk.run(*verb, "--help", COLUMNS="200")
    assert (said.code, "Usage:" in said.out) == (0, True)
    if verb == ("verify",):
        assert "[env var: SPYBUILD_KEY, one a line]" in said.out
