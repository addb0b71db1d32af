"""Names that static evidence left undecided are neither there nor missing."""

import pytest

from spybuild.evaluation import evaluate
from spybuild.model.facts import (
    BaseFacts,
    ClassFacts,
    FunctionFacts,
    MemberFacts,
    ModuleFacts,
    Undecided,
    VariableFacts,
)
from spybuild.model.finding import Finding
from spybuild.model.report import Verdict
from tests.making import contract, facts, module, value

EXEC = Undecided(name="*", reason="exec() of a text that is not known", line=7)


def findings(text: str, seen: ModuleFacts) -> list[Finding]:
    """The findings on one module."""
    return list(evaluate(contract(f"filename: plugin.py\n{text}"), facts(seen)))


@pytest.mark.parametrize("what", ["variables", "functions", "classes"])
def test_a_name_that_is_not_told_of_is_undecided_where_any_may_be_bound(what: str) -> None:
    """It is no missing name, and no pass."""
    [found] = findings(f"{what}: [{{name: setup}}]", module(undecided=(EXEC,)))
    assert (found.rule, found.found) == ("SPY501", EXEC.reason)
    assert str(found.image_location) == "/app/plugin.py:7"
    assert Verdict.of([found]) is Verdict.UNDECIDED


def test_a_name_that_is_told_of_is_certain_though_others_are_not() -> None:
    """`*` speaks of the names that the facts do not tell of."""
    seen = module(functions=(FunctionFacts(name="setup", parameters=()),), undecided=(EXEC,))
    assert findings("functions: [{name: setup}]", seen) == []


def test_a_name_that_is_told_of_and_undecided_is_in_doubt() -> None:
    """A definition in a branch that nobody can decide, for example."""
    doubted = Undecided(name="setup", reason="defined under a condition", line=3)
    seen = module(functions=(FunctionFacts(name="setup", parameters=()),), undecided=(doubted,))
    assert [each.rule for each in findings("functions: [{name: setup}]", seen)] == ["SPY501"]
    assert [each.rule for each in findings("classes: [{name: setup}]", seen)] == ["SPY501"]


def test_members_of_a_class_are_undecided_each_for_itself() -> None:
    """What its known bases give is certain, what an unknown base may give is not."""
    run = MemberFacts(name="run", kind="method", owner="plugin.A", is_own=True, parameters=())
    seen = module(classes=(ClassFacts(name="A", module="plugin", members=(run,), undecided=(EXEC,)),))
    assert findings("classes: [{name: A, methods: [{name: run}]}]", seen) == []
    [found] = findings("classes: [{name: A, methods: [{name: stop}]}]", seen)
    assert found.rule == "SPY501"
    [found] = findings("classes: [{name: A, attributes: [{name: run, type: instance}]}]", seen)
    assert found.rule == "SPY501"


def test_a_base_that_cannot_be_known_may_be_the_one_that_is_wanted() -> None:
    """A base that is known is a base all the same."""
    why = Undecided(name="make_base()", reason="the base is what a call returns", line=2)
    seen = module(
        classes=(ClassFacts(name="A", module="plugin", bases=(BaseFacts(name="B", module="m"),), undecided_bases=why),)
    )
    assert findings("classes: [{name: A, superclasses: [{name: B}]}]", seen) == []
    assert [each.rule for each in findings("classes: [{name: A, superclasses: [{name: C}]}]", seen)] == ["SPY501"]


def test_a_version_that_is_computed_is_undecided() -> None:
    """The distribution's version is not taken for the module's own."""
    cut = value("?").model_copy(update={"is_cut": True, "is_scalar": False, "text": "read_version()"})
    seen = module(variables=(VariableFacts(name="__version__", value=cut, line=4),))
    assert [each.rule for each in findings("version: 1.0.0", seen)] == ["SPY501"]
    assert [each.rule for each in findings("version: 1.0.0", module(undecided=(EXEC,)))] == ["SPY501"]
