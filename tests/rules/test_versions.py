"""Python versions, also where the micro version is not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.evaluation import evaluate
from spybuild.model.finding import Category
from spybuild.rules.versions import is_exactly, is_in_range
from tests.making import contract, facts

MINOR = st.integers(0, 20)


@pytest.mark.parametrize(
    ("wanted", "found", "answer"),
    [
        ("3.11.7", "3.11.7", True),
        ("3.11.7", "3.11.2", False),
        ("3.11", "3.11.7", False),
        ("3.11.7", "3.11", None),
        ("3.11", "3.11", False),  # whatever the micro version is, this is not it
        ("3.11.7", "3.1", False),
        ("3.12.1", "3.11", False),
    ],
)
def test_an_exact_version_is_undecided_only_where_the_micro_version_decides(
    wanted: str, found: str, answer: bool | None
) -> None:
    """A deployment's `version` is compared to the letter."""
    assert is_exactly(wanted, found) is answer


@pytest.mark.parametrize(
    ("wanted", "found", "answer"),
    [
        (">=3.11", "3.11", True),
        (">=3.11.4", "3.11", None),
        (">=3.11.4", "3.12", True),
        ("<3.11", "3.11", False),
        ("!=3.11.3", "3.11", None),
        (">=3.11.4", "3.11.7", True),
        (">=3.11", "nonsense", False),
    ],
)
def test_a_range_is_undecided_only_where_the_micro_version_decides(
    wanted: str, found: str, answer: bool | None
) -> None:
    """As PEP 440 has it."""
    assert is_in_range(wanted, found) is answer


@given(MINOR, MINOR, MINOR)
def test_what_is_decided_without_the_micro_version_holds_for_each(wanted: int, bound: int, micro: int) -> None:
    """No answer is taken back when the micro version becomes known."""
    for text in (f">=3.{wanted}.{bound}", f"<3.{wanted}.{bound}", f"==3.{wanted}.*", f"!=3.{wanted}.{bound}"):
        decided = is_in_range(text, "3.11")
        assert decided is None or decided is is_in_range(text, f"3.11.{micro}")


def test_an_unknown_micro_version_leaves_the_platform_undecided() -> None:
    """It is neither a pass nor a breach."""
    seen = facts(interpreter={"implementation": "CPython", "version": "3.11", "executable": "/usr/bin/python3"})
    wanted = contract("""
        deployments:
          - {arch: x86_64, systems: [{os: linux, pythons: [{version: 3.11.4, modules: []}]}]}
        """)
    findings = list(evaluate(wanted, seen))
    assert [(each.rule, each.category) for each in findings] == [("SPY504", Category.UNKNOWN)]
    assert [each.rule for each in evaluate(contract("runtime: {python: '>=3.11.4'}"), seen)] == ["SPY504"]


def test_a_range_of_a_hundred_thousand_digits_holds_no_version() -> None:
    """An image may bring its own contract; Python refuses to read such an integer with a ValueError of its own."""
    assert is_in_range(">=" + "9" * 100_000, "3.11.2") is False
    assert is_in_range(">=" + "9" * 100_000, "3.11") is False
