"""Variables, functions and classes of a module, as they stand after its import."""

from collections.abc import Iterator

from spybuild.model.base import Location
from spybuild.model.contract import Function, Module, Variable
from spybuild.model.facts import ModuleFacts
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.classes import check_class
from spybuild.rules.rule import Place, Rule
from spybuild.rules.signatures import check_signature
from spybuild.rules.values import check_annotation, check_value


def check_structure(wanted: Module, seen: ModuleFacts) -> Iterator[Finding]:
    """Findings about everything the contract names in the module."""
    for variable in wanted.variables:
        yield from _check_variable(variable, seen)
    for function in wanted.functions:
        yield from _check_function(function, seen)
    for class_ in wanted.classes:
        found = next((each for each in seen.classes if each.name == class_.name), None)
        if found:
            yield from check_class(class_, found, seen)
        else:
            yield _absent(catalogue.MISSING_CLASS, "class", class_.name, class_.where("name"), seen)


def _check_variable(wanted: Variable, seen: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.variables if each.name == wanted.name), None)
    if not found:
        yield _absent(catalogue.MISSING_VARIABLE, "variable", wanted.name, wanted.where("name"), seen)
        return
    place = Place(seen.requested, f"variable {wanted.name}", _at(seen, found.line))
    yield from check_value(catalogue.VARIABLE_VALUE, wanted, found.value, place)
    yield from check_annotation(catalogue.VARIABLE_ANNOTATION, wanted, found.annotation, found.value, place)


def _check_function(wanted: Function, seen: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.functions if each.name == wanted.name), None)
    if not found:
        yield _absent(catalogue.MISSING_FUNCTION, "function", wanted.name, wanted.where("name"), seen)
        return
    image = ImageLocation(path=found.path, line=found.line) if found.path else _at(seen, None)
    place = Place(seen.requested, f"function {wanted.name}", image)
    yield from check_signature(wanted, found.parameters, found.returns, place)


def _absent(rule: Rule, what: str, name: str, contract: Location | None, seen: ModuleFacts) -> Finding:
    """The name is not there, or is there as something else."""
    other = _kind_of(name, seen)
    place = Place(seen.requested, f"{what} {name}", _at(seen, None))
    message = f"{name} is no {what}" if other else f"{what} {name} is missing"
    return place.breach(catalogue.WRONG_KIND if other else rule, message, contract, place.label, other)


def _kind_of(name: str, seen: ModuleFacts) -> str | None:
    kinds = {
        "variable": {each.name for each in seen.variables},
        "function": {each.name for each in seen.functions},
        "class": {each.name for each in seen.classes},
    }
    return next((f"{kind} {name}" for kind, names in kinds.items() if name in names), None)


def _at(seen: ModuleFacts, line: int | None) -> ImageLocation | None:
    return ImageLocation(path=seen.path, line=line) if seen.path else None
