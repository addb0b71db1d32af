"""Imports that went wrong, and versions."""

import pytest

from spybuild.evaluation import evaluate
from spybuild.model.report import Verdict
from tests.making import contract, facts, module


@pytest.mark.parametrize(
    ("outcome", "rule", "verdict"),
    [
        ("missing", "SPY010", Verdict.FAIL),
        ("ambiguous", "SPY011", Verdict.UNDECIDED),
        ("failed", "SPY012", Verdict.FAIL),
        ("exited", "SPY013", Verdict.FAIL),
        ("timeout", "SPY014", Verdict.FAIL),
        ("killed", "SPY015", Verdict.FAIL),
        ("unreadable", "SPY017", Verdict.UNDECIDED),
    ],
)
def test_a_module_that_was_not_imported_never_passes(outcome: str, rule: str, verdict: Verdict) -> None:
    """Each way to fail has its rule, and nothing further is said of the module."""
    wanted = contract("filename: plugin.py\nfunctions: [{name: f}]")
    found = list(evaluate(wanted, facts(module(outcome=outcome, signal=9, exit_status=0))))
    assert [finding.rule for finding in found] == [rule]
    assert Verdict.of(found) is verdict


def test_a_failed_import_points_at_the_modules_own_line() -> None:
    """Of the traceback the innermost line of the module itself is shown, not that of a library."""
    frames = [
        {"path": "/app/plugin.py", "line": 7, "function": "<module>"},
        {"path": "/usr/lib/python3/json.py", "line": 99, "function": "loads"},
    ]
    broken = module(outcome="failed", error={"type": "ValueError", "message": "no", "traceback": frames})
    (finding,) = evaluate(contract("filename: plugin.py"), facts(broken))
    assert str(finding.image_location) == "/app/plugin.py:7"
    assert finding.found == "ValueError: no"


def test_a_module_nothing_is_known_of_is_undecided() -> None:
    """Facts that leave out a module the contract names are no pass."""
    assert [finding.rule for finding in evaluate(contract("filename: plugin.py"), facts())] == ["SPY003"]


def test_the_distribution_has_the_version_where_the_module_has_none() -> None:
    """`__version__` comes first, then the installed distribution."""
    wanted = contract("filename: plugin.py\nversion: '2.0'")
    installed = module(distribution={"name": "plugin", "version": "2.0"})
    assert list(evaluate(wanted, facts(installed))) == []
    both = module(version="1.0", distribution={"name": "plugin", "version": "2.0"})
    assert [finding.rule for finding in evaluate(wanted, facts(both))] == ["SPY016"]


def test_a_module_without_any_version_lacks_it() -> None:
    """Nothing where a version is asked for is MISSING, not MISMATCH."""
    (finding,) = evaluate(contract("filename: plugin.py\nversion: '2.0'"), facts(module()))
    assert (finding.rule, finding.category) == ("SPY016", "MISSING")
