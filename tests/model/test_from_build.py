"""What a statement on a test tells, whoever wrote it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.model.from_build import EXTENSION, TEST_RESULT, Told, read_statement

PREDICATE = {"result": "PASSED", "failedTests": [], "configuration": [{"digest": {"sha256": "c"}}], EXTENSION: {"a": 1}}
STATEMENT = {"predicateType": TEST_RESULT, "subject": [{"digest": {"sha256": "b"}}], "predicate": PREDICATE}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["digest", "sha256", "x"]), inner),
    max_leaves=6,
)


def test_a_statement_is_read() -> None:
    """Its subjects, its contracts, how it came out, and our part."""
    assert read_statement(STATEMENT) == Told(("sha256:b",), TEST_RESULT, ("sha256:c",), is_pass=True, ours={"a": 1})


@pytest.mark.parametrize(
    "changes", [{"result": "FAILED"}, {"result": "passed"}, {"failedTests": ["x"]}, {"failedTests": None}]
)
def test_only_a_pass_without_failures_is_one(changes: dict[str, Any]) -> None:
    """Whatever else it says."""
    assert not read_statement({**STATEMENT, "predicate": {**PREDICATE, **changes}}).is_pass


def test_a_part_of_ours_that_is_no_object_is_none() -> None:
    """So nobody looks into it."""
    assert read_statement({**STATEMENT, "predicate": {**PREDICATE, EXTENSION: "text"}}).ours is None


@given(st.dictionaries(st.sampled_from(list(STATEMENT)), JSON), st.dictionaries(st.sampled_from(list(PREDICATE)), JSON))
def test_whatever_strangers_write_is_read_or_refused(outer: dict[str, Any], inner: dict[str, Any]) -> None:
    """Nothing makes it crash, and nothing but the very words makes it a pass."""
    statement = {**STATEMENT, "predicate": {**PREDICATE, **inner}, **outer}
    try:
        told = read_statement(statement)
    except ValueError:
        return
    predicate = statement["predicate"]
    assert told.is_pass == (predicate["result"] == "PASSED" and predicate["failedTests"] == [])
