"""Architecture, system, interpreter, version, environment and secrets."""

import pytest

from spybuild.evaluation import evaluate
from spybuild.model.facts import Facts
from spybuild.model.platforms import Platform
from spybuild.rules.surroundings import check_platform, questions, secret_names
from tests.making import answered, contract, facts

ARM = {"system": "Linux", "machine": "aarch64", "bits": 64, "byteorder": "little"}


def rules(text: str, seen: Facts) -> list[str]:
    """The rules that a contract finds broken."""
    return [finding.rule for finding in evaluate(contract(text), seen)]


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ("{python: '>=3.12'}", []),
        ("{python: '<3.13'}", ["SPY304"]),
        ("{os: [linux]}", []),
        ("{os: [windows, darwin]}", ["SPY302"]),
        ("{architecture: [amd64]}", []),
        ("{architecture: [x86_64, arm64]}", []),
        ("{architecture: [aarch64]}", ["SPY301"]),
        ("{implementation: [CPython, PyPy]}", []),
        ("{implementation: [PyPy]}", ["SPY303"]),
    ],
)
def test_runtime_lists_are_alternatives_and_python_is_a_range(runtime: str, expected: list[str]) -> None:
    """Every spelling of an architecture is equal, and one fitting entry is enough."""
    assert rules(f"runtime: {runtime}", facts()) == expected


@pytest.mark.parametrize("name", ["arm64", "aarch64"])
def test_arm64_is_one_architecture_under_all_its_names(name: str) -> None:
    """ImportSpy's `arm64` matches what Linux calls aarch64."""
    assert rules(f"runtime: {{architecture: [{name}]}}", facts(platform=ARM)) == []


def test_a_prerelease_is_in_the_range_of_its_release() -> None:
    """Python 3.15.0b1 fulfils >=3.14."""
    beta = {"implementation": "CPython", "version": "3.15.0b1", "executable": "/python"}
    assert rules("runtime: {python: '>=3.14'}", facts(interpreter=beta)) == []


def test_a_variable_that_is_not_set_is_missing() -> None:
    """No value was asked for, and there is not even the name."""
    assert rules("runtime: {environment: {MODE: null}}", facts(environment=[answered("MODE", present=False)])) == [
        "SPY401"
    ]


def test_a_variable_with_another_value_is_a_mismatch() -> None:
    """The probe said no to the question."""
    seen = facts(environment=[answered("MODE", equals="prod")])
    assert rules("runtime: {environment: {MODE: prod}}", seen) == ["SPY402"]


def test_a_question_without_an_answer_is_never_a_pass() -> None:
    """A probe that keeps silent leaves the verdict undecided."""
    assert rules("runtime: {environment: {MODE: prod}}", facts()) == ["SPY003"]


def test_the_interpreter_of_another_platform_is_found_without_any_contract() -> None:
    """An x86_64 Python in an arm64 image runs where the host happens to be x86_64; it is still wrong."""
    assert [finding.rule for finding in check_platform(Platform.parse("linux/arm64"), facts())] == ["SPY305"]
    assert not list(check_platform(Platform.parse("linux/amd64"), facts()))


DEPLOYMENT = """
deployments:
  - arch: x86_64
    systems:
      - os: linux
        environment:
          variables:
            - {name: MODE, value: prod}
            - {name: PORT, annotation: int}
            - {name: DEBUG, value: true}
          secrets: [TOKEN]
        pythons: [{interpreter: CPython, modules: []}]
"""


def environment(**changes: object) -> Facts:
    """Answers that fulfil the deployment above, bar the changes."""
    answers = {
        "mode": answered("MODE", equals="prod", present=True).model_copy(update={"equals": True}),
        "port": answered("PORT", type_="int", well_typed=True),
        "debug": answered("DEBUG", equals="true").model_copy(update={"equals": False}),
        "debug_capital": answered("DEBUG", equals="True").model_copy(update={"equals": True}),
        "token": answered("TOKEN"),
    }
    for name, change in changes.items():
        answers[name] = answers[name].model_copy(update=change)  # type: ignore[arg-type]  # a mapping of fields
    return facts(environment=tuple(answers.values()))


def test_an_environment_that_fits_has_no_findings() -> None:
    """`true` matches both true and True, as ImportSpy and people write it."""
    assert rules(DEPLOYMENT, environment()) == []


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("mode", {"equals": False}, ["SPY402"]),
        ("port", {"well_typed": False}, ["SPY403"]),
        ("port", {"present": False}, ["SPY401"]),
        ("token", {"present": False}, ["SPY404"]),
        ("token", {"empty": True}, ["SPY405"]),
        ("port", {"well_typed": None}, ["SPY406"]),
    ],
)
def test_each_breach_of_the_environment_has_its_rule(name: str, change: dict[str, object], expected: list[str]) -> None:
    """Missing, different, malformed and empty are told apart."""
    assert rules(DEPLOYMENT, environment(**{name: change})) == expected


def test_the_contract_asks_each_question_once_and_in_its_order() -> None:
    """The probe is asked exactly what the rules will look up."""
    asked = [(question.name, question.equals, question.type) for question in questions(contract(DEPLOYMENT))]
    assert asked == [
        ("MODE", "prod", None),
        ("PORT", None, "int"),
        ("DEBUG", "true", None),
        ("DEBUG", "True", None),
        ("TOKEN", None, None),
    ]
    assert secret_names(contract(DEPLOYMENT)) == ("TOKEN",)
