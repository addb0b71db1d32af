"""Values compared, and annotations shown as people read them."""

from collections.abc import Iterator
from typing import Any

from spybuild.model.contract import Variable
from spybuild.model.facts import Annotation, Value
from spybuild.model.finding import Finding
from spybuild.rules import catalogue
from spybuild.rules.annotations import admits, same_annotation
from spybuild.rules.rule import Place, Rule


def equal(wanted: Any, found: Value) -> bool | None:
    """Whether a value is the one of the contract, as Python's `==` has it; None where that cannot be told.

    Containers are compared by their `repr`. What was withheld or cut cannot be compared.
    """
    if found.is_scalar:
        return bool(found.scalar == wanted)
    if found.redacted or found.is_cut:
        return None
    return found.type == type(wanted).__name__ and found.text == repr(wanted)


def check_value(rule: Rule, wanted: Variable, found: Value | None, place: Place) -> Iterator[Finding]:
    """The finding that a value differs, or that it cannot be compared (None: each instance has its own)."""
    same = equal(wanted.value, found) if found else None
    if not wanted.has_value or same:
        return
    shown = found.text if found else "computed for each instance"
    where, expected = wanted.where("value"), repr(wanted.value)
    if same is None:
        message = f"{place.label} has a value that could not be compared"
        yield place.breach(catalogue.UNCERTAIN_VALUE, message, where, expected, shown)
    else:
        yield place.breach(rule, f"{place.label} has another value", where, expected, shown)


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
