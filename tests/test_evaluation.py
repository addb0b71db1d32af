"""Properties of the evaluator: pure, total, and never passing what it does not know."""

from hypothesis import given
from hypothesis import strategies as st

from spybuild.evaluation import evaluate
from spybuild.model.facts import Outcome
from spybuild.model.report import Verdict
from tests.making import contract, facts, module

NAMES = st.sampled_from(["a", "b", "c", "d"])
FUNCTIONS = st.lists(NAMES, unique=True)


def demanding(names: list[str]) -> str:
    """A contract that wants these functions."""
    return "filename: plugin.py\nfunctions:\n" + "".join(f"  - name: {name}\n" for name in names) + "variables: []\n"


@given(wanted=FUNCTIONS.filter(bool), has=FUNCTIONS)
def test_exactly_what_is_missing_is_found(wanted: list[str], has: list[str]) -> None:
    """The findings are the difference of the two sets, in the contract's order."""
    seen = facts(module(functions=[{"name": name, "parameters": []} for name in has]))
    found = [finding.message.split()[1] for finding in evaluate(contract(demanding(wanted)), seen)]
    assert found == [name for name in wanted if name not in has]


@given(wanted=FUNCTIONS.filter(bool), has=FUNCTIONS, more=FUNCTIONS)
def test_more_facts_never_make_a_pass_fail(wanted: list[str], has: list[str], more: list[str]) -> None:
    """Demands are a subset: a module may have more than the contract names."""
    passes = not list(evaluate(contract(demanding(wanted)), facts(module(functions=named(has)))))
    still = not list(evaluate(contract(demanding(wanted)), facts(module(functions=named(sorted({*has, *more}))))))
    assert still or not passes


def named(names: list[str]) -> list[dict[str, object]]:
    """Facts of functions without parameters."""
    return [{"name": name, "parameters": []} for name in names]


@given(outcome=st.sampled_from(list(Outcome)))
def test_only_an_imported_module_can_pass(outcome: Outcome) -> None:
    """Whatever else became of the import, the verdict is no pass."""
    found = list(evaluate(contract("filename: plugin.py"), facts(module(outcome=outcome))))
    assert (Verdict.of(found) is Verdict.PASS) == (outcome is Outcome.IMPORTED)


def test_the_same_arguments_give_the_same_findings() -> None:
    """Two runs on equal data are equal."""
    wanted, seen = contract(demanding(["a", "b"])), facts(module())
    assert list(evaluate(wanted, seen)) == list(evaluate(wanted, seen))
