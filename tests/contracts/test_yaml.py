"""YAML itself: what scalars mean, anchors and merge keys, and what hostile files cannot do."""

import math
from typing import Any

import pytest
import yaml

from spybuild.contracts import events, parse_contract
from spybuild.contracts.core import resolve
from spybuild.errors import ContractError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("None", "None"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("yes", "yes"), ("no", "no"), ("NO", "NO"), ("on", "on"), ("off", "off"), ("y", "y"), ("tRUE", "tRUE"),
        ("0", 0), ("010", 10), ("-5", -5), ("+7", 7), ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"), ("0o8", "0o8"),
        ("1_000", "1_000"), ("1:30", "1:30"), ("-0x1", "-0x1"), ("\u0661", "\u0661"), ("0x", "0x"), ("1 2", "1 2"),
        ("3.10", 3.1), ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-.5e-1", -0.05), ("+1.5", 1.5), ("1.2.3", "1.2.3"),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("inf", "inf"), ("nan", "nan"), (".", "."),
        ("-", "-"), ("e3", "e3"), ("1e", "1e"), ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ("<<", "<<"), ("=", "="), ("1e999", math.inf), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_unquoted_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    resolved = resolve(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    assert math.isnan(float(resolve(text) or 0))


@pytest.fixture(params=[getattr(yaml, "CSafeLoader", None), yaml.SafeLoader], ids=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers must give the same."""
    if request.param is None:
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(events, "_Loader", request.param)


def values(text: str) -> list[Any]:
    variables = parse_contract(text.encode(), "c.yml").contract.variables
    return [variable.value for variable in variables]


def problem(text: str) -> str:
    with pytest.raises(ContractError) as caught:
        parse_contract(text.encode(), "c.yml")
    (only,) = caught.value.problems
    return only


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1), ("'1'", "1"), ('"1"', "1"), ("! 1", "1"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!float 1", 1),
        ("!!null ''", None), ("!!bool true", True), ("|-\n      text", "text"), (">-\n      a\n      b", "a b"),
        ("", None), ("&a 1", 1), ("[1, '1', {a: ~}]", [1, "1", {"a": None}]),
    ],
)  # fmt: skip
def test_values_as_written(written: str, value: object) -> None:
    assert values(f"variables:\n  - name: x\n    value: {written}\n") == [value]


@pytest.mark.usefixtures("parser")
def test_anchors_and_aliases() -> None:
    text = "variables: &list [{name: x, value: 1}]\nmodules: [{filename: a.py, variables: *list}]"
    contract = parse_contract(text.encode(), "c.yml").contract
    where = contract.modules[0].variables[0].where("value")
    assert str(where) == "c.yml:1:36"
    assert where is not None
    assert where.path == "modules[0].variables[0].value"


@pytest.mark.usefixtures("parser")
def test_merge_keys_fill_in_what_is_not_written() -> None:
    text = """\
variables:
  - &base {name: x, value: 1, annotation: int}
  - &more {<<: *base, name: y, value: 2}
  - {value: 3, <<: *more, name: z}
  - {<<: [{name: v, value: 4}, *base]}
"""
    variables = parse_contract(text.encode(), "c.yml").contract.variables
    assert [(v.name, v.value, v.annotation) for v in variables] == [
        ("x", 1, "int"), ("y", 2, "int"), ("z", 3, "int"), ("v", 4, "int"),
    ]  # fmt: skip
    assert str(variables[3].where("annotation")) == "c.yml:2:43"


@pytest.mark.usefixtures("parser")
def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    assert "unknown key" in problem("'<<': {}")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("depth", [101, 3000, 500_000])
def test_deep_nesting_ends_in_one_message(opening: str, depth: int) -> None:
    """Neither Python's nor C's stack is at stake, however deep."""
    assert "nested more than 100 levels deep" in problem(f"filename: x\nvariables:\n {opening * depth}")


@pytest.mark.usefixtures("parser")
def test_depth_that_only_aliases_reach() -> None:
    lines = [f"  - name: v{n}\n    value: &v{n} [{'*v' + str(n - 1) if n else '1'}]" for n in range(150)]
    assert "levels deep once the aliases are followed" in problem("variables:\n" + "\n".join(lines))


@pytest.mark.usefixtures("parser")
def test_alias_bombs_are_noticed() -> None:
    rows = [f"  - name: v{n}\n    value: &v{n} [{', '.join([f'*v{n - 1}'] * 9)}]" for n in range(1, 20)]
    text = "variables:\n  - name: v0\n    value: &v0 [1]\n" + "\n".join(rows)
    assert "more than 200000 values once the aliases are followed" in problem(text)


@pytest.mark.usefixtures("parser")
def test_merge_bombs_are_noticed() -> None:
    wide = ", ".join(f"k{n}: 1" for n in range(2000))
    merges = ", ".join(["*w"] * 2000)
    assert "more than 200000 values" in problem(f"dependencies: &w {{{wide}}}\nruntime: {{<<: [{merges}]}}")


def test_more_nodes_than_any_contract_has() -> None:
    assert "more than 200000 values; that is too large" in problem("runtime: {os: [" + "a," * 300_000 + "]}")


def test_long_keys_do_not_make_long_paths() -> None:
    key = "k" * 1_000_000
    assert len(problem(f"{key}: [{'[' * 20}{']' * 20}]")) < 600
