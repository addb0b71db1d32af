"""Classes: methods along the MRO, attributes of the class and of its instances, direct bases."""

from collections.abc import Iterator

from spybuild.model.contract import Attribute, Class, Function
from spybuild.model.facts import BaseFacts, ClassFacts, InstanceAttributeFacts, MemberFacts, ModuleFacts
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.doubt import doubt, undecided_name
from spybuild.rules.rule import Place
from spybuild.rules.signatures import check_signature
from spybuild.rules.values import check_annotation, check_value

_METHODS = ("method", "classmethod", "staticmethod")
_ATTRIBUTES = ("attribute", "class")


def check_class(wanted: Class, seen: ClassFacts, module: ModuleFacts) -> Iterator[Finding]:
    """Findings about one class of a module: its attributes, methods and direct bases, in the order of the contract."""
    for attribute in wanted.attributes:
        yield from _check_attribute(attribute, seen, module)
    for method in wanted.methods:
        yield from _check_method(method, seen, module)
    for superclass in wanted.superclasses:
        yield from _check_superclass(superclass, seen, module)


def _check_method(wanted: Function, seen: ClassFacts, module: ModuleFacts) -> Iterator[Finding]:
    found = next((each for each in seen.members if each.name == wanted.name), None)
    place = _place(f"method {seen.name}.{wanted.name}", seen, module, found)
    where, expected = wanted.where("name"), f"method {wanted.name}"
    if why := doubt(wanted.name, seen.undecided, is_told=found is not None):
        yield undecided_name(place, why, where)
    elif not found:
        yield place.breach(catalogue.MISSING_METHOD, f"{place.label} is missing", where, expected)
    elif found.kind not in _METHODS:
        message = f"{seen.name}.{wanted.name} is no method"
        yield place.breach(catalogue.WRONG_KIND, message, where, expected, f"{found.kind} {found.name}")
    else:
        yield from check_signature(wanted, found.parameters, found.returns, place)


def _check_attribute(wanted: Attribute, seen: ClassFacts, module: ModuleFacts) -> Iterator[Finding]:
    """An attribute whose type is not said may be of either kind."""
    own = next((each for each in seen.members if each.name == wanted.name and each.is_own), None)
    made = next((each for each in seen.instance_attributes if each.name == wanted.name), None)
    found: MemberFacts | InstanceAttributeFacts | None = None
    if wanted.type != "instance" and own and own.kind in _ATTRIBUTES:
        found = own
    elif wanted.type != "class" and made:
        found = made
    if why := doubt(wanted.name, seen.undecided, is_told=found is not None):
        place = _place(f"attribute {seen.name}.{wanted.name}", seen, module, found)
        yield undecided_name(place, why, wanted.where("name"))
    elif found:
        if found is made and not made.certain:
            yield _uncertain(wanted, made, seen, module)
        yield from _check_content(wanted, found, seen, module)
    else:
        yield _absent(wanted, seen, module)


def _check_content(
    wanted: Attribute, found: MemberFacts | InstanceAttributeFacts, seen: ClassFacts, module: ModuleFacts
) -> Iterator[Finding]:
    """The value and the annotation of an attribute that is there."""
    place = _place(f"attribute {seen.name}.{wanted.name}", seen, module, found)
    yield from check_value(catalogue.ATTRIBUTE_VALUE, wanted, found.value, place)
    yield from check_annotation(catalogue.ATTRIBUTE_ANNOTATION, wanted, found.annotation, found.value, place)


def _uncertain(wanted: Attribute, found: InstanceAttributeFacts, seen: ClassFacts, module: ModuleFacts) -> Finding:
    return _place("", seen, module, found).breach(
        catalogue.UNCERTAIN_ATTRIBUTE,
        f"{seen.name}.{wanted.name} is set on some paths only",
        wanted.where("name"),
        f"instance attribute {wanted.name}",
        "set in a branch, a loop or a method that may not run",
    )


def _absent(wanted: Attribute, seen: ClassFacts, module: ModuleFacts) -> Finding:
    other = next((each for each in seen.members if each.name == wanted.name), None)
    what = f"{wanted.type} attribute" if wanted.type else "attribute"
    return _place("", seen, module, other).breach(
        catalogue.MISSING_ATTRIBUTE,
        f"{what} {seen.name}.{wanted.name} is missing",
        wanted.where("name"),
        f"{what} {wanted.name}",
        _instead(other, wanted, seen),
    )


def _instead(other: MemberFacts | None, wanted: Attribute, seen: ClassFacts) -> str | None:
    """What bears the name instead, for that is mostly what went wrong."""
    if other:
        return f"{other.kind} {other.name} of {other.owner.rpartition('.')[2]}"
    made = any(each.name == wanted.name for each in seen.instance_attributes)
    return f"instance attribute {wanted.name}" if made else None


def _check_superclass(wanted: Class, seen: ClassFacts, module: ModuleFacts) -> Iterator[Finding]:
    bases = seen.bases or (BaseFacts(name="object", module="builtins"),)
    found = next((base for base in bases if wanted.name in (base.name, f"{base.module}.{base.name}")), None)
    if not found and seen.undecided_bases:
        place = _place(f"superclass {wanted.name} of {seen.name}", seen, module, None)
        yield undecided_name(place, seen.undecided_bases, wanted.where("name"))
    elif not found:
        yield _place("", seen, module, None).breach(
            catalogue.MISSING_SUPERCLASS,
            f"class {seen.name} does not derive directly from {wanted.name}",
            wanted.where("name"),
            wanted.name,
            ", ".join(base.name for base in bases),
        )
    elif wanted.attributes or wanted.methods or wanted.superclasses:
        yield from _check_details(wanted, found, seen, module)


def _check_details(wanted: Class, found: BaseFacts, seen: ClassFacts, module: ModuleFacts) -> Iterator[Finding]:
    same = (each for each in module.classes if (each.name, each.module) == (found.name, found.module))
    base = next(same, None)
    if base:
        yield from check_class(wanted, base, module)
        return
    message = f"the module does not bind {wanted.name}, so its details cannot be seen"
    yield _place("", seen, module, None).breach(catalogue.UNSEEN_SUPERCLASS, message, wanted.where("name"))


def _place(
    label: str, seen: ClassFacts, module: ModuleFacts, element: MemberFacts | InstanceAttributeFacts | None
) -> Place:
    """The element's line where the class itself defines it, the class's line otherwise."""
    path = seen.path or module.path
    own = element is not None and element.owner in (seen.name, f"{seen.module}.{seen.name}")
    line = (element.line if element and own else None) or seen.line
    return Place(module.requested, label, ImageLocation(path=path, line=line) if path else None)
