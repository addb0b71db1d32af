"""Facts that hold for any input."""

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from spybuild.contracts import contract_schema, parse_contract
from spybuild.errors import ContractError
from spybuild.model.contract import Contract

VISIBLE = st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\u2028\u2029\ufeff")
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(VISIBLE, max_size=8)
TEXTS = st.text(VISIBLE, min_size=1).filter(str.strip)


def mapping(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


def distinct(items: st.SearchStrategy[Any], key: str = "name") -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=3, unique_by=lambda item: item[key])


VARIABLES = distinct(mapping({"name": NAMES}, {"annotation": TEXTS, "value": SCALARS}))
ATTRIBUTES = distinct(mapping({"name": NAMES, "type": st.sampled_from(["class", "instance"])}, {"value": SCALARS}))
FUNCTIONS = distinct(mapping({"name": NAMES}, {"arguments": VARIABLES, "return_annotation": TEXTS}))
BASES = distinct(mapping({"name": st.sampled_from(["Base", "a.b.Base"])}, {}))
CLASSES = distinct(mapping({"name": NAMES}, {"attributes": ATTRIBUTES, "methods": FUNCTIONS, "superclasses": BASES}))
STRUCTURE = {"version": TEXTS, "variables": VARIABLES, "functions": FUNCTIONS, "classes": CLASSES}
MODULES = distinct(mapping({"filename": NAMES.map("{}.py".format)}, STRUCTURE), "filename")
SURROUNDINGS = mapping({}, {"secrets": st.lists(NAMES.map("S_{}".format), max_size=2, unique=True)})
PYTHONS = st.lists(mapping({"modules": MODULES}, {"interpreter": st.just("CPython"), "version": TEXTS}), max_size=2)
SYSTEMS = st.lists(mapping({"os": st.just("linux"), "pythons": PYTHONS}, {"environment": SURROUNDINGS}), max_size=2)
DEPLOYMENTS = st.lists(mapping({"arch": st.just("arm64"), "systems": SYSTEMS}, {}), max_size=2)
RUNTIME = mapping({}, {"python": st.just(">=3.11"), "os": st.just(["linux"])})
CONTRACTS = mapping(
    {}, {**STRUCTURE, "filename": st.just("a.py"), "modules": MODULES, "deployments": DEPLOYMENTS, "runtime": RUNTIME}
)


def problems(content: bytes, *, strict: bool) -> tuple[str, ...]:
    try:
        parse_contract(content, "c.yml", strict=strict)
    except ContractError as error:
        return error.problems
    return ()


def attempt(content: bytes, *, strict: bool) -> None:
    found = problems(content, strict=strict)
    assert all(problem.startswith("c.yml:") and problem.isprintable() for problem in found)


@given(st.binary(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_raise_nothing_else(content: bytes, strict: bool) -> None:
    attempt(content, strict=strict)


@given(st.text(st.sampled_from("[]{}:-, \n\t#&*!|>'\"%@`?<ab01~."), max_size=60), st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_text_in_yamls_signs_raises_nothing_else(text: str, strict: bool) -> None:
    attempt(text.encode(), strict=strict)


KEYS = st.sampled_from(
    [*Contract.model_fields, "name", "arguments", "arch", "systems", "os", "pythons", "value", "envs", "x"]
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@given(st.dictionaries(KEYS, ANYTHING, max_size=5), st.booleans())
@settings(max_examples=100, deadline=None)
def test_right_keys_with_wrong_values_raise_nothing_else(contract: dict[str, Any], strict: bool) -> None:
    attempt(json.dumps(contract).encode(), strict=strict)


@given(CONTRACTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_a_contract_that_was_written_is_the_one_that_is_read(contract: dict[str, Any]) -> None:
    """JSON is YAML; what is written comes back, strictly, whichever way it is written."""
    if not contract:
        contract = {"filename": "a.py"}
    text = json.dumps(contract, ensure_ascii=False)
    loaded = parse_contract(text.encode(), "c.yml", strict=True)
    assert not loaded.warnings
    assert loaded.contract.model_dump() == Contract.model_validate(contract).model_dump()
    assert plain(loaded.contract.model_dump(exclude_unset=True)) == contract


@given(CONTRACTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_yaml_that_a_tool_writes_is_read_as_well(contract: dict[str, Any]) -> None:
    """PyYAML writes for YAML 1.1: it quotes what only YAML 1.1 would misread, and floats keep their dot."""
    text = yaml.safe_dump({"policy_id": "p", **contract}, allow_unicode=True)
    read = parse_contract(text.encode(), "c.yml").contract.model_dump(exclude={"policy_id"})
    assert read == Contract.model_validate(contract).model_dump(exclude={"policy_id"})


@given(CONTRACTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_the_schema_accepts_what_loads_strictly(contract: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(contract)


SCHEMA = contract_schema()


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value
