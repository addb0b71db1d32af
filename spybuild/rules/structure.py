"""Variables, functions and classes of a module, as they stand after its import."""

from collections.abc import Iterator

from spybuild.model.base import Location
from spybuild.model.contract import Class, Function, Module, Variable
from spybuild.model.facts import ModuleFacts, Undecided
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.classes import check_class
from spybuild.rules.doubt import doubt, undecided_name
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
        yield from _check_class(class_, seen)


def _check_variable(wanted: Variable, seen: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.variables if each.name == wanted.name), None)
    if not found or _doubted(wanted.name, seen):
        yield _absent(catalogue.MISSING_VARIABLE, "variable", wanted.name, wanted.where("name"), seen)
        return
    place = Place(seen.requested, f"variable {wanted.name}", _at(seen, found.line))
    yield from check_value(catalogue.VARIABLE_VALUE, wanted, found.value, place)
    yield from check_annotation(catalogue.VARIABLE_ANNOTATION, wanted, found.annotation, found.value, place)


def _check_function(wanted: Function, seen: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.functions if each.name == wanted.name), None)
    if not found or _doubted(wanted.name, seen):
        yield _absent(catalogue.MISSING_FUNCTION, "function", wanted.name, wanted.where("name"), seen)
        return
    image = ImageLocation(path=found.path, line=found.line) if found.path else _at(seen, None)
    place = Place(seen.requested, f"function {wanted.name}", image)
    yield from check_signature(wanted, found.parameters, found.returns, place)


def _check_class(wanted: Class, seen: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.classes if each.name == wanted.name), None)
    if not found or _doubted(wanted.name, seen):
        yield _absent(catalogue.MISSING_CLASS, "class", wanted.name, wanted.where("name"), seen)
    else:
        yield from check_class(wanted, found, seen)


def _absent(rule: Rule, what: str, name: str, contract: Location | None, seen: ModuleFacts) -> Finding:
    """The name is not there, is there as something else, or nobody can tell."""
    other = kind_of(name, seen)
    place = Place(seen.requested, f"{what} {name}", _at(seen, None))
    if why := _doubted(name, seen):
        return undecided_name(place, why, contract)
    message = f"{name} is no {what}" if other else f"{what} {name} is missing"
    found = f"{other} {name}" if other else None
    return place.breach(catalogue.WRONG_KIND if other else rule, message, contract, place.label, found)


def _doubted(name: str, seen: ModuleFacts) -> Undecided | None:
    return doubt(name, seen.undecided, is_told=kind_of(name, seen) is not None)


def kind_of(name: str, seen: ModuleFacts) -> str | None:
    """What `name` is bound to in the module: a variable, a function, a class, or nothing (None)."""
    kinds = {
        "variable": {each.name for each in seen.variables},
        "function": {each.name for each in seen.functions},
        "class": {each.name for each in seen.classes},
    }
    return next((kind for kind, names in kinds.items() if name in names), None)


def _at(seen: ModuleFacts, line: int | None) -> ImageLocation | None:
    return ImageLocation(path=seen.path, line=line) if seen.path else None
