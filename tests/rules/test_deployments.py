"""Several deployments are a true OR; inside one everything must hold."""

from spybuild.evaluation import evaluate
from spybuild.model.facts import Facts
from tests.making import answered, contract, facts, module

TWO = """
filename: plugin.py
deployments:
  - arch: aarch64
    systems:
      - os: linux
        environment: {variables: [{name: HUB}]}
        pythons: [{interpreter: CPython, modules: [{functions: [{name: on_arm}]}]}]
  - arch: x86_64
    systems:
      - os: linux
        environment: {variables: [{name: CLUSTER}]}
        pythons:
          - {interpreter: PyPy, modules: []}
          - {interpreter: CPython, version: 3.13.5, modules: [{functions: [{name: on_x86}]}]}
"""


def seen(*functions: str, cluster: bool = True, **changes: object) -> Facts:
    """An amd64 image whose plugin has these functions."""
    plugin = module(functions=[{"name": name, "parameters": []} for name in functions])
    answers = (answered("HUB", present=False), answered("CLUSTER", present=cluster))
    return facts(plugin, environment=answers, **changes)


def rules(text: str, found: Facts) -> list[str]:
    """The rules that a contract finds broken."""
    return [finding.rule for finding in evaluate(contract(text), found)]


def test_one_alternative_that_fits_is_enough() -> None:
    """What other alternatives ask does not count."""
    assert rules(TWO, seen("on_x86")) == []


def test_a_later_python_of_the_same_system_is_tried() -> None:
    """ImportSpy stops at the first entry whose architecture fits; we do not."""
    assert rules(TWO, seen("on_x86")) == []


def test_the_breaches_of_the_place_we_are_in_are_reported() -> None:
    """The alternative that is this place comes closest, however much it lacks."""
    assert rules(TWO, seen("on_arm", cluster=False)) == ["SPY401", "SPY101"]


def test_evidence_never_crosses_alternatives() -> None:
    """The environment of one and the functions of another do not make a third."""
    assert rules(TWO, seen("on_arm")) == ["SPY101"]


def test_a_place_that_no_alternative_names_lists_them() -> None:
    """On riscv64 none fits; the finding says which there are."""
    riscv = {"system": "Linux", "machine": "riscv64", "bits": 64, "byteorder": "little"}
    found = list(evaluate(contract(TWO), seen("on_x86", platform=riscv)))
    assert [finding.rule for finding in found] == ["SPY300", "SPY301"]
    assert found[0].expected == "linux/aarch64/CPython or linux/x86_64/PyPy or linux/x86_64/CPython 3.13.5"
    assert found[0].found == "linux/riscv64/CPython 3.13.5"


def test_a_single_alternative_is_told_without_a_headline() -> None:
    """Where there is one alternative only, its breach says it all."""
    text = "deployments: [{arch: s390x, systems: [{os: linux, pythons: []}]}]"
    assert rules(text, facts()) == ["SPY301"]


def test_a_python_version_is_exact() -> None:
    """3.13 is not 3.13.5."""
    text = "deployments: [{arch: x86_64, systems: [{os: linux, pythons: [{version: '3.13', modules: []}]}]}]"
    assert rules(text, facts()) == ["SPY304"]


def test_no_deployments_ask_nothing() -> None:
    """An empty list is no constraint, as in ImportSpy 0.5."""
    assert rules("filename: plugin.py\ndeployments: []", facts(module())) == []


def test_deployments_that_name_no_system_fit_nowhere() -> None:
    """An alternative that cannot be met is never a pass."""
    assert rules("deployments: [{arch: x86_64, systems: []}]", facts()) == ["SPY300"]
