"""Static and runtime evidence held against each other."""

from typing import Any

import pytest

from spybuild.agreement import disagreements
from spybuild.model.facts import (
    Annotation,
    BaseFacts,
    ClassFacts,
    FunctionFacts,
    InstanceAttributeFacts,
    MemberFacts,
    ModuleFacts,
    Undecided,
    VariableFacts,
)
from spybuild.model.finding import Finding
from tests.making import contract, facts, module, parameter, value, written

WANTED = """
filename: plugin.py
version: 1.0.0
variables: [{name: LIMIT, value: 3, annotation: int}]
functions: [{name: setup, arguments: [{name: hub, annotation: Hub, value: 1}], return_annotation: None}]
classes:
  - name: Plugin
    attributes: [{name: kind, type: class, value: x}, {name: state, type: instance}]
    methods: [{name: run, arguments: [{name: now}]}]
    superclasses: [{name: Base}]
"""
PLUGIN = ClassFacts(
    name="Plugin",
    module="plugin",
    bases=(BaseFacts(name="Base", module="base"),),
    members=(
        MemberFacts(name="kind", kind="attribute", owner="plugin.Plugin", is_own=True, value=value("x"), line=9),
        MemberFacts(name="run", kind="method", owner="plugin.Plugin", is_own=True, parameters=(parameter("now"),)),
    ),
    instance_attributes=(InstanceAttributeFacts(name="state", certain=True, owner="plugin.Plugin"),),
)
SETUP = FunctionFacts(
    name="setup", parameters=(parameter("hub", "Hub", default=1),), returns=Annotation(written="None"), line=5
)
LIMIT = VariableFacts(name="LIMIT", value=value(3), annotation=Annotation(written="int"), line=2)


def seen(**changes: Any) -> ModuleFacts:
    """The module as the contract wants it, with changes."""
    return module(**{"version": "1.0.0", "variables": (LIMIT,), "functions": (SETUP,), "classes": (PLUGIN,), **changes})


def differing(static: ModuleFacts, runtime: ModuleFacts) -> list[Finding]:
    """The findings on these two."""
    return list(disagreements(contract(WANTED), facts(static), facts(runtime)))


def with_class(**changes: Any) -> ModuleFacts:
    return seen(classes=(PLUGIN.model_copy(update=changes),))


def with_setup(**changes: Any) -> ModuleFacts:
    return seen(functions=(SETUP.model_copy(update=changes),))


def with_limit(**changes: Any) -> ModuleFacts:
    return seen(variables=(LIMIT.model_copy(update=changes),))


CHANGES = {
    "version": seen(version="2.0.0"),
    "variable gone": seen(variables=()),
    "value": with_limit(value=value(4)),
    "annotation": with_limit(annotation=written("str")),
    "no annotation": with_limit(annotation=None),
    "function gone": seen(functions=()),
    "function is a variable": seen(functions=(), variables=(LIMIT, LIMIT.model_copy(update={"name": "setup"}))),
    "argument gone": with_setup(parameters=()),
    "argument's default": with_setup(parameters=(parameter("hub", "Hub", default=2),)),
    "argument's annotation": with_setup(parameters=(parameter("hub", "Other", default=1),)),
    "no default": with_setup(parameters=(parameter("hub", "Hub"),)),
    "returns": with_setup(returns=written("int")),
    "class gone": seen(classes=()),
    "attribute gone": with_class(members=PLUGIN.members[1:]),
    "method gone": with_class(members=PLUGIN.members[:1]),
    "method is a property": with_class(
        members=(*PLUGIN.members[:1], PLUGIN.members[1].model_copy(update={"kind": "property"}))
    ),
    "method's argument": with_class(
        members=(*PLUGIN.members[:1], PLUGIN.members[1].model_copy(update={"parameters": ()}))
    ),
    "instance attribute gone": with_class(instance_attributes=()),
    "base gone": with_class(bases=()),
}


def test_evidence_that_agrees_is_no_finding() -> None:
    """The same facts on both sides."""
    assert differing(seen(), seen()) == []


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_each_fact_that_a_rule_uses_is_compared(changed: ModuleFacts) -> None:
    """Whichever side differs, it is one finding, with both sides in it."""
    for static, runtime in ((seen(), changed), (changed, seen())):
        [found] = differing(static, runtime)
        assert found.rule == "SPY502"
        assert str(found.expected).startswith("static: ")
        assert str(found.found).startswith("runtime: ")
        assert found.contract_location


def test_what_static_evidence_leaves_undecided_is_not_compared() -> None:
    """Runtime evidence decides alone there."""
    any_name = Undecided(name="*", reason="exec")
    assert differing(seen(functions=(), undecided=(any_name,)), seen()) == []
    assert differing(with_setup(returns=written("int")), seen()) != []
    doubted = with_setup(returns=written("int")).model_copy(
        update={"undecided": (Undecided(name="setup", reason="?"),)}
    )
    assert differing(doubted, seen()) == []
    assert differing(with_class(members=(), instance_attributes=(), undecided=(any_name,)), seen()) == []
    assert differing(with_class(bases=(), undecided_bases=any_name), seen()) == []
    assert differing(with_limit(value=value(4).model_copy(update={"is_cut": True})), seen()) == []
    assert differing(with_setup(parameters=None), seen()) == []


def test_what_the_contract_does_not_ask_for_is_not_compared() -> None:
    """A module may hold anything else."""
    assert differing(seen(functions=(SETUP, SETUP.model_copy(update={"name": "other"}))), seen()) == []


def test_annotations_are_compared_by_meaning() -> None:
    """As they resolve, or as they are written: one agreement is enough."""
    alias = with_limit(annotation=Annotation(written="Number", resolved="int"))
    assert differing(alias, with_limit(annotation=Annotation(resolved="int"))) == []
    assert differing(alias, with_limit(annotation=Annotation(written="Number"))) == []
    assert differing(alias, with_limit(annotation=Annotation(resolved="str"))) != []


def test_a_module_that_the_files_refuse_and_the_interpreter_imports_is_a_disagreement() -> None:
    """A syntax error that is none at run time: another file was imported than was read."""
    [found] = differing(seen(outcome="failed"), seen())
    assert (found.expected, found.found) == ("static: failed", "runtime: imported")
    assert differing(seen(outcome="unreadable"), seen()) == []


def test_a_module_that_fails_at_run_time_is_no_disagreement() -> None:
    """Its source does not promise that it can be imported; that it cannot is the runtime's finding."""
    assert differing(seen(), module(outcome="failed")) == []
