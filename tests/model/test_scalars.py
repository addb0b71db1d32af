"""Scalars and names: what fields make of them."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from spybuild.model.names import nearest, one_of, shown
from spybuild.model.scalars import EnvironmentText, Flag, Identifier, Plain, Reading, Text, VersionText, Wanted

PLACE = ("c.yml", 1, 1, "x")


def plain(text: str, resolved: Any) -> Plain:
    return Plain.of(text, resolved, PLACE)


@pytest.mark.parametrize(
    ("type_", "scalar", "value"),
    [
        (VersionText, plain("3.10", 3.1), "3.10"),
        (Wanted, plain("3.10", 3.1), 3.1),
        (EnvironmentText, plain("3.10", 3.1), "3.10"),
        (Text, plain("true", True), "true"),
        (Wanted, plain("true", True), True),
        (EnvironmentText, plain("true", True), "true"),
        (Flag, plain("true", True), True),
        (Wanted, [plain("1", 1), {"a": plain("x", "x")}], [1, {"a": "x"}]),
        (EnvironmentText, True, "true"),
        (EnvironmentText, 5, "5"),
        (Identifier, "\ufb01x", "fix"),
    ],
)
def test_the_field_decides(type_: Any, scalar: Any, value: object) -> None:
    read = TypeAdapter(type_).validate_python(scalar)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("type_", "value"), [(Flag, plain("1", 1)), (Flag, plain("yes", "yes")), (Text, " "), (Text, 3)]
)
def test_what_a_field_refuses(type_: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(type_).validate_python(value)


@pytest.mark.parametrize("strict", [False, True])
def test_a_reading_gathers_what_is_to_be_said(strict: bool) -> None:
    reading = Reading(strict=strict)
    TypeAdapter(Text).validate_python(plain("3.10", 3.1), context=reading)
    assert (reading.problems if strict else reading.notices) == [(PLACE, 'put the text 3.10 in quotes: "3.10"')]


def test_a_plain_scalar_is_its_text() -> None:
    scalar = plain("3.10", 3.1)
    assert scalar == "3.10"
    assert (scalar.resolved, scalar.place) == (3.1, PLACE)


@pytest.mark.parametrize(
    ("name", "names", "hint"),
    [
        ("nmae", ["name", "value"], "; did you mean name?"),
        ("CPYTHON", ["CPython"], "; did you mean CPython?"),
        ("q", ["name"], ""),
    ],
)
def test_the_nearest_name(name: str, names: list[str], hint: str) -> None:
    assert nearest(name, names) == hint


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    assert one_of("b", ("a", "b"), "letter") == "b"
    with pytest.raises(ValueError, match=r"'c' is no letter we know \(known: a, b\)"):
        one_of("c", ("b", "a"), "letter")


@pytest.mark.parametrize(
    ("text", "safe"), [("a" * 100, f"'{'a' * 59}…'"), ("\x1b[31m", r"'\x1b[31m'"), ("\u202e", r"'\u202e'")]
)
def test_names_are_shown_short_and_harmless(text: str, safe: str) -> None:
    assert shown(text) == safe
