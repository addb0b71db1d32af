"""What instances have: declared fields, slots left out, and what methods assign to `self` (the probe's section 11)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spybuild.model.facts import InstanceAttributeFacts
from spybuild.static import texts
from spybuild.static.objects import Class, Field
from spybuild.static.selfreading import SelfReader
from spybuild.static.signatures import field_annotation
from spybuild.static.values import Known, Tuple

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_SKIPPED_OWNERS = ("builtins", "typing", "typing_extensions", "abc", "enum", "_collections_abc", "collections.abc")


def describe(resolver: "Resolver", kind: Class, module: str) -> list[InstanceAttributeFacts]:
    """What an instance has: fields by declaration, then what the source assigns to self along the MRO."""
    found = {each.name: each for each in _declared(resolver, kind)}
    owners = [
        owner for owner in kind.mro if owner.node is not None and owner.home and owner.module not in _SKIPPED_OWNERS
    ]
    if kind.module != module:
        owners = [owner for owner in owners if owner.home and not owner.home.is_stdlib]
    for assigned in SelfReader(resolver, kind, owners).read():
        known = found.setdefault(assigned.name, assigned)
        if assigned.certain and not known.certain:
            found[assigned.name] = known.model_copy(update={"certain": True})
    return list(found.values())


def _declared(resolver: "Resolver", kind: Class) -> Iterator[InstanceAttributeFacts]:
    """The fields of a dataclass and of a named tuple."""
    owner = next((each for each in kind.mro if each.dataclass), None)
    for declared in owner.fields.values() if owner else ():
        if not declared.is_init_var:
            yield _field_fact(resolver, kind, declared)
    made = next((each for each in kind.mro if each.tuple_fields is not None), None)
    names = kind.find("_fields") if any(each.path == "builtins.tuple" for each in kind.mro) else None
    told = resolver.actual(names[1].value) if names and not names[1].doubt else None
    known = {declared.name: declared for declared in made.tuple_fields or ()} if made else {}
    for item in told.items if isinstance(told, Tuple) else ():
        if isinstance(item, Known):
            name = str(item.value)
            yield _field_fact(resolver, kind, known.get(name) or Field(name, None, None))


def _field_fact(resolver: "Resolver", kind: Class, declared: Field) -> InstanceAttributeFacts:
    value = resolver.actual(declared.default) if declared.default is not None else None
    return InstanceAttributeFacts(
        name=declared.name, annotation=field_annotation(resolver, declared), certain=True,
        value=texts.value_facts(value, "...") if value is not None else None,
        owner=(declared.owner or kind).path, line=declared.line,
    )  # fmt: skip
