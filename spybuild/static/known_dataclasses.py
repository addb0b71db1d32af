"""Dataclasses: what `@dataclass` adds to a class (`dataclasses`, PEP 557)."""

import ast
from dataclasses import dataclass as host_dataclass
from typing import TYPE_CHECKING

from spybuild.static import making, metaclasses
from spybuild.static.core import Raised
from spybuild.static.knowledge import Call, knows
from spybuild.static.made import Made, MadeParameter
from spybuild.static.objects import Class, Descriptor, Field, Partial, Special
from spybuild.static.values import Binding, Container, Doubt, Known, Some, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

_OPTIONS = {
    "init": True, "repr": True, "eq": True, "order": False, "unsafe_hash": False, "frozen": False, "match_args": True,
    "kw_only": False, "slots": False, "weakref_slot": False,
}  # fmt: skip


@host_dataclass(slots=True, eq=False)
class FieldMade(Value):
    """What `dataclasses.field(...)` returns."""

    default: Value | None = None
    has_factory: bool = False
    in_init: bool = True
    kw_only: bool | None = None
    is_known: bool = True


FACTORY = Some("_HAS_DEFAULT_FACTORY_CLASS")


@knows("dataclasses.field")
def _field(call: Call) -> Value | None:
    given = call.arguments.keywords
    if "default" in given and "default_factory" in given:
        call.it.fail_if(("ValueError", "cannot specify both default and default_factory"), call.line)
    kw_only = given.get("kw_only")
    chosen = None if kw_only is None or not isinstance(kw_only, Known) else bool(kw_only.value)
    in_init = call.it.truth(given["init"]) if "init" in given else True
    known = call.arguments.exact and in_init is not None and (kw_only is None or isinstance(kw_only, Known | Special))
    return FieldMade(given.get("default"), "default_factory" in given, in_init is not False, chosen, known)


@knows("dataclasses.dataclass")
def _dataclass(call: Call) -> Value | None:
    kind = call.arguments.get(0)
    if kind is None or isinstance(kind, Known):
        return (
            Partial(Special("dataclasses.dataclass"), (), dict(call.arguments.keywords))
            if call.arguments.exact
            else None
        )
    options = {
        name: call.it.truth(call.arguments.keywords[name]) if name in call.arguments.keywords else value
        for name, value in _OPTIONS.items()
    }
    if not isinstance(kind, Class) or None in options.values() or not call.arguments.exact:
        return None
    _apply(call.it, kind, {name: bool(value) for name, value in options.items()}, call.line)
    return kind


def _apply(it: "Interpreter", kind: Class, options: dict[str, bool], line: int | None) -> None:
    """What the decorator does: collect the fields, settle their defaults, add the methods."""
    inherited = _inherited(kind)
    own = _own_fields(it, kind, options["kw_only"])
    kind.dataclass, kind.frozen = True, options["frozen"]
    _refuse(it, kind, own, line)
    compared = ("__lt__", "__le__", "__gt__", "__ge__") if options["order"] else ()
    if options["order"] and (not options["eq"] or any(kind.cells.get(name) for name in compared)):
        it.distrust("order=True does not go with what the class has", line)
    if options["init"]:
        _refuse_order(it, kind, own, line)
    kind.fields = {**inherited, **{field.name: field for field in own}}
    for base in kind.mro[1:]:
        if base.unsure:
            it.poison_class(kind, "a base is not known", line)
    _settle_defaults(it, kind, own)
    for name, made in _methods(it, kind, options):
        if kind.cells.get(name) is None:
            it.journal.write(kind.cells, name, Binding(made))
    if metaclasses.intercepts(kind, "__init__") or (options["slots"] and not making.is_plain(kind.metaclass)):
        it.poison_class(kind, "its metaclass may see to it that a dataclass is made of it", line)
    if options["slots"]:
        _add_slots(it, kind, own, inherited, options)


def _refuse(it: "Interpreter", kind: Class, own: list[Field], line: int | None) -> None:
    """What `dataclasses` itself raises for."""
    for base in kind.mro[1:]:
        if base.dataclass and base.frozen != kind.frozen:
            one, other = ("non-frozen", "frozen") if base.frozen else ("frozen", "non-frozen")
            raise Raised("TypeError", f"cannot inherit {one} dataclass from a {other} one", it.frame.module, line)
    for field in own:
        default = field.default
        if isinstance(default, Container) and default.type in ("list", "dict", "set"):
            message = (
                f"mutable default <class '{default.type}'> for field {field.name} is not allowed: use default_factory"
            )
            raise Raised("ValueError", message, it.frame.module, line)


def _refuse_order(it: "Interpreter", kind: Class, own: list[Field], line: int | None) -> None:
    """A field without a default cannot come after one that has one."""
    if kind.declared or kind.unknown():
        return
    fields = {**_inherited(kind), **{field.name: field for field in own}}.values()
    passed = [field for field in fields if field.in_init and not field.kw_only]
    has = [field.default is not None or field.has_factory for field in passed]
    if True in has and False in has[has.index(True) :]:
        it.fail_if(("TypeError", "non-default argument follows default argument"), line)


def _inherited(kind: Class) -> dict[str, Field]:
    """The fields of the bases, the last base first; a base that is no dataclass has those that it inherits."""
    found: dict[str, Field] = {}
    for base in reversed(kind.mro[1:]):
        if base.dataclass:
            found.update(base.fields)
    return found


def _own_fields(it: "Interpreter", kind: Class, kw_only: bool) -> list[Field]:
    fields: list[Field] = []
    for name, annotation in kind.annotations.items():
        form = it.annotation_kind(kind, annotation)
        if form == "KW_ONLY":
            kw_only = True
            continue
        if form == "ClassVar":
            continue
        fields.append(_own_field(it, kind, name, annotation, form == "InitVar", kw_only))
    return fields


def _own_field(
    it: "Interpreter", kind: Class, name: str, annotation: ast.expr, is_init_var: bool, kw_only: bool
) -> Field:
    found = kind.cells.get(name)
    value = it.resolver.actual(found.value) if found else None
    made = value if isinstance(value, FieldMade) else None
    field = Field(name, annotation, kind, None, is_init_var=is_init_var, kw_only=kw_only, line=annotation.lineno)
    if made is None:
        field.default = None if isinstance(value, Descriptor) and value.kind == "slot" else value
        return field
    field.default, field.has_factory, field.in_init = made.default, made.has_factory, made.in_init
    field.kw_only = made.kw_only if made.kw_only is not None else kw_only
    if not made.is_known:
        kind.declared = kind.declared or Doubt(f"the options of its field {name} are not known", annotation.lineno)
    return field


def _settle_defaults(it: "Interpreter", kind: Class, own: list[Field]) -> None:
    """`x: int = field(default=1)` leaves `x = 1` in the class, without a default nothing."""
    for field in own:
        found = kind.cells.get(field.name)
        if found and isinstance(it.resolver.actual(found.value), FieldMade):
            binding = Binding(field.default, found.line) if field.default is not None else None
            it.journal.write(kind.cells, field.name, binding)


def _methods(it: "Interpreter", kind: Class, options: dict[str, bool]) -> list[tuple[str, Made]]:
    minor = it.resolver.target.minor
    itself = MadeParameter("self")
    other = MadeParameter("other")
    made: list[tuple[str, Made]] = []
    if options["init"]:
        made.append(("__init__", Made("__init__", _init_parameters(it, kind))))
    if options["repr"]:
        made.append(("__repr__", Made("__repr__", [itself])))
    if options["eq"]:
        made.append(("__eq__", Made("__eq__", [itself, other])))
    if options["order"]:
        made += [(name, Made(name, [itself, other])) for name in ("__lt__", "__le__", "__gt__", "__ge__")]
    if options["frozen"]:
        made.append(("__setattr__", Made("__setattr__", [itself, MadeParameter("name"), MadeParameter("value")])))
        made.append(("__delattr__", Made("__delattr__", [itself, MadeParameter("name")])))
    explicit = kind.cells.get("__hash__") is not None
    if options["unsafe_hash"] or (options["eq"] and options["frozen"] and not explicit):
        made.append(("__hash__", Made("__hash__", [itself])))
    if minor >= (3, 13):
        made.append(("__replace__", Made("_replace", [MadeParameter("self", 0), MadeParameter("changes", 4)])))
    return made


def _init_parameters(it: "Interpreter", kind: Class) -> list[MadeParameter]:
    """The parameters of `__init__`: fields in their order, those by keyword only at the end."""
    itself = "self" if "self" not in kind.fields else "__dataclass_self__"
    parameters = [MadeParameter(itself)]
    passed = [field for field in kind.fields.values() if field.in_init]
    for field in sorted(passed, key=lambda field: field.kw_only):
        default = FACTORY if field.has_factory else field.default
        parameters.append(MadeParameter(field.name, 3 if field.kw_only else 1, field, default))
    return parameters


def _add_slots(
    it: "Interpreter", kind: Class, own: list[Field], inherited: dict[str, Field], options: dict[str, bool]
) -> None:
    """`slots=True`: the fields are slots, and no longer attributes of the class."""
    for field in own:
        if not field.is_init_var:
            it.journal.write(kind.cells, field.name, Binding(Descriptor("slot"), field.line))
    if options["frozen"]:
        for name, more in (("__getstate__", []), ("__setstate__", [MadeParameter("state")])):
            if kind.cells.get(name) is None:
                made = Made(f"_dataclass_{name.strip('_')}", [MadeParameter("self"), *more], "dataclasses")
                it.journal.write(kind.cells, name, Binding(made))
