"""Contracts that ask nothing, or what is not enforced yet."""

import pytest

from spybuild.evaluation import evaluate
from spybuild.model.report import Verdict
from spybuild.rules.demands import all_texts, requested_modules
from tests.making import contract, facts, module


@pytest.mark.parametrize("text", ["policy_id: x", "deployments: []", "runtime: {}", "schema_version: 1", "modules: []"])
def test_a_contract_that_demands_nothing_fails(text: str) -> None:
    """Nothing checked is never a pass."""
    assert [finding.rule for finding in evaluate(contract(text), facts())] == ["SPY001"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("dependencies: {requests: {allowed: false}}", 1),
        ("dependency_options: {unlisted: deny}", 1),
        ("evidence_requirements: [{kind: k, subject: s}]", 1),
    ],
)
def test_a_key_that_is_not_enforced_yet_leaves_the_verdict_undecided(text: str, keys: int) -> None:
    """It is never ignored: the finding says which key, and where."""
    found = list(evaluate(contract(f"filename: plugin.py\n{text}"), facts(module())))
    assert [finding.rule for finding in found] == ["SPY002"] * keys
    assert Verdict.of(found) is Verdict.UNDECIDED
    assert str(found[0].contract_location).startswith("c.yml:2:")


def test_demands_on_a_module_nobody_names_are_undecided() -> None:
    """Without a name there is nothing to look at."""
    assert [finding.rule for finding in evaluate(contract("functions: [{name: f}]"), facts())] == ["SPY004"]


def test_all_modules_of_a_contract_are_requested_once() -> None:
    """Root, list and deployments name modules; each is asked for once, in the order written."""
    text = """
        filename: a.py
        modules: [{filename: b.py}, {filename: a.py}]
        deployments: [{arch: arm64, systems: [{os: linux, pythons: [{modules: [{filename: c.py}, {version: '1'}]}]}]}]
    """
    assert requested_modules(contract(text)) == ("a.py", "b.py", "c.py")


def test_the_texts_of_a_contract_are_no_secrets() -> None:
    """What the contract publishes may be shown when it is found."""
    assert "['x', 1]" in all_texts(contract("filename: a.py\nvariables: [{name: MODES, value: [x, 1]}]"))
    assert {"a.py", "prod"} <= set(all_texts(contract("filename: a.py\nvariables: [{name: MODE, value: prod}]")))
