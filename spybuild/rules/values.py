"""Values compared, and annotations shown as people read them."""

from collections.abc import Iterator
from typing import Any

from spybuild.model.contract import Variable
from spybuild.model.facts import Annotation, Value
from spybuild.model.finding import Finding
from spybuild.rules import catalogue
from spybuild.rules.annotations import admits, same_annotation
from spybuild.rules.rule import Place, Rule


def equal(wanted: Any, found: Value) -> bool:
    """Whether a value is the one of the contract, as Python's `==` has it; containers are compared by their `repr`."""
    if isinstance(wanted, list | dict):
        return found.type == type(wanted).__name__ and found.text == repr(wanted)
    return found.is_scalar and bool(found.scalar == wanted)


def check_value(rule: Rule, wanted: Variable, found: Value | None, place: Place) -> Iterator[Finding]:
    """The finding that a value differs, or that it cannot be compared: `found` is None, or was withheld."""
    if not wanted.has_value or (found is not None and equal(wanted.value, found)):
        return
    if found is None or found.redacted:
        rule, message = catalogue.UNCERTAIN_VALUE, f"{place.label} has a value that could not be compared"
    else:
        message = f"{place.label} has another value"
    shown = found.text if found else "computed for each instance"
    yield place.breach(rule, message, wanted.where("value"), repr(wanted.value), shown)


def check_annotation(
    rule: Rule, wanted: Variable, annotation: Annotation | None, value: Value | None, place: Place
) -> Iterator[Finding]:
    """The finding that a variable or an attribute is annotated otherwise.

    What was written decides; what nobody annotated is taken by the type of its value, as ImportSpy does.
    """
    if wanted.annotation is None:
        return
    if annotation is not None:
        fits = same_annotation(wanted.annotation, annotation)
    else:
        fits = value is not None and admits(wanted.annotation, value.type)
    if not fits:
        found = shown_annotation(annotation) or (f"no annotation, type {value.type}" if value else "no annotation")
        yield place.breach(
            rule, f"{place.label} is annotated otherwise", wanted.where("annotation"), wanted.annotation, found
        )


def shown_annotation(annotation: Annotation | None) -> str | None:
    """The annotation as its author wrote it, or as it resolves."""
    return (annotation.written or annotation.resolved) if annotation else None
