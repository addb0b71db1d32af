"""Signatures, as ImportSpy reads them: the arguments named must be there; order, kind and further ones are free."""

from collections.abc import Iterator, Sequence

from spybuild.model.contract import Function, Variable
from spybuild.model.facts import Annotation, Parameter
from spybuild.model.finding import Finding
from spybuild.rules import catalogue
from spybuild.rules.annotations import same_annotation
from spybuild.rules.rule import Place
from spybuild.rules.values import check_value, shown_annotation


def check_signature(
    wanted: Function, parameters: Sequence[Parameter] | None, returns: Annotation | None, place: Place
) -> Iterator[Finding]:
    """Findings about the arguments and the return annotation of one function or method.

    Args:
        wanted: what the contract asks.
        parameters: what the function takes; None where that cannot be read.
        returns: what it is annotated to return.
        place: where the function is.
    """
    if parameters is None and (wanted.arguments or wanted.return_annotation is not None):
        message = f"the signature of {place.label} cannot be read"
        yield place.breach(catalogue.UNKNOWN_SIGNATURE, message, wanted.where("name"), _shown(wanted))
        return
    for argument in wanted.arguments:
        yield from _check_argument(argument, parameters or (), place)
    if wanted.return_annotation is not None and not same_annotation(wanted.return_annotation, returns):
        yield place.breach(
            catalogue.RETURN_ANNOTATION,
            f"{place.label} is annotated to return something else",
            wanted.where("return_annotation"),
            wanted.return_annotation,
            shown_annotation(returns) or "no annotation",
        )


def _check_argument(wanted: Variable, parameters: Sequence[Parameter], place: Place) -> Iterator[Finding]:
    found = next((each for each in parameters if each.name == wanted.name), None)
    if not found:
        takes = f"({', '.join(each.name for each in parameters)})"
        message = f"{place.label} takes no argument {wanted.name}"
        yield place.breach(catalogue.MISSING_ARGUMENT, message, wanted.where("name"), wanted.name, takes)
        return
    yield from _check_default(wanted, found, place)
    if wanted.annotation is not None and not same_annotation(wanted.annotation, found.annotation):
        yield place.breach(
            catalogue.ARGUMENT_ANNOTATION,
            f"argument {wanted.name} of {place.label} is annotated otherwise",
            wanted.where("annotation"),
            wanted.annotation,
            shown_annotation(found.annotation) or "no annotation",
        )


def _check_default(wanted: Variable, found: Parameter, place: Place) -> Iterator[Finding]:
    default = Place(place.module, f"the default of argument {wanted.name} of {place.label}", place.image)
    if found.default is not None:
        yield from check_value(catalogue.ARGUMENT_DEFAULT, wanted, found.default, default)
    elif wanted.has_value:
        message = f"argument {wanted.name} of {place.label} has no default"
        yield place.breach(catalogue.ARGUMENT_DEFAULT, message, wanted.where("value"), repr(wanted.value), "no default")


def _shown(wanted: Function) -> str:
    arrow = f" -> {wanted.return_annotation}" if wanted.return_annotation is not None else ""
    return f"({', '.join(each.name for each in wanted.arguments)}){arrow}"
