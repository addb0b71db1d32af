"""Enum classes: their bodies' constants become members (`enum.EnumType`)."""

from typing import TYPE_CHECKING

from spybuild.static import failing
from spybuild.static.core import Arguments
from spybuild.static.knowledge import Call, knows
from spybuild.static.objects import Class, Descriptor, Function, Instance, Native, Special
from spybuild.static.values import Binding, Container, Known, Tuple, Value

if TYPE_CHECKING:
    from spybuild.static.core import Core


_SUNDERS = (
    "_order_", "_create_pseudo_member_", "_generate_next_value_", "_missing_", "_ignore_", "_value_", "_name_",
    "_numeric_repr_", "_add_alias_", "_add_value_alias_", "_iter_member_", "_iter_member_by_value_",
    "_iter_member_by_def_", "_boundary_", "_flag_mask_", "_singles_mask_", "_all_bits_", "_inverted_", "_sort_order_",
    "_new_member_", "_use_args_", "_member_names_", "_member_map_", "_value2member_map_", "_member_type_",
    "_unhashable_values_", "_value_repr_", "_dynamic_class_attribute_", "_hashable_values_", "_unhashable_values_map_",
)  # fmt: skip
_STANDARD = (
    "enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum", "builtins.object",
)  # fmt: skip
_FLAG_METHODS = ("__or__", "__and__", "__xor__", "__ror__", "__rand__", "__rxor__", "__invert__")


def is_enum(kind: Class) -> bool:
    """Whether a class is an Enum with a body of members."""
    return kind.is_enum


def finish(interpreter: "Core", kind: Class, own: frozenset[str] | None = None) -> None:
    """Do what `EnumType.__new__` does with a body.

    Args:
        interpreter: writes what changes.
        kind: the class, its bases settled.
        own: the names of its body; None for those that it has now.
    """
    if not is_enum(kind):
        return
    own = frozenset(name for name, _ in kind.cells.told()) if own is None else own
    ignored = _ignored(kind)
    interpreter.as_interpreter().doubt_if(_refused(kind, own), kind.line)
    for name in ignored | ({"_ignore_"} if kind.cells.get("_ignore_") else set()):
        interpreter.journal.write(kind.cells, name, None)
    for name, binding in list(kind.cells.told()):
        if isinstance(binding.value, Instance) and binding.value.kind.path == "enum.nonmember":
            plain = Binding(interpreter.unknown("what it is without nonmember() is not known", binding.line))
            interpreter.journal.write(kind.cells, name, plain)
        elif _is_member(name, binding.value, kind.name):
            interpreter.journal.write(
                kind.cells, name, Binding(_member(kind, name, binding), binding.line, binding.doubt)
            )
    for name, value in _methods(interpreter, kind, own).items():
        interpreter.journal.write(kind.cells, name, Binding(value))


def _refused(kind: Class, own: frozenset[str]) -> str | None:
    """Why Python seems to refuse the members of a body."""
    told = [(name, found.value) for name, found in kind.cells.told() if name in own and not found.doubt]
    odd = next((name for name, _ in told if name == "mro" or (_is_sunder(name) and name not in _SUNDERS)), None)
    if odd:
        return f"{odd!r} is no name for a member"
    members = [value for name, value in told if _is_member(name, value, kind.name)]
    return _refused_by_type(kind, members) or _refused_by_constructor(kind, members)


def _is_sunder(name: str) -> bool:
    return len(name) > 2 and name[0] == name[-1] == "_" and "_" not in (name[1], name[-2])


def _refused_by_type(kind: Class, members: list[Value]) -> str | None:
    """Values that the data type of the members does not take, or that are no flags."""
    if any(owner.cells.get("__new__") and owner.path not in _STANDARD for owner in kind.mro if not owner.native):
        return None
    data = next((owner.name for owner in kind.mro if owner.path in ("builtins.int", "builtins.str")), None)
    if any(owner.path == "enum.StrEnum" for owner in kind.mro):
        refused = any(isinstance(each, Known) and not isinstance(each.value, str) for each in members)
        return "a member of a StrEnum is no string" if refused else None
    is_flag = any(owner.path == "enum.Flag" for owner in kind.mro)
    if (is_flag or data == "int") and not all(_is_number(each, parses=not is_flag) for each in members):
        return "a member's value is no number"
    return None


def _is_number(value: Value, *, parses: bool) -> bool:
    if not isinstance(value, Known) or isinstance(value.value, int):
        return True
    if not parses or not isinstance(value.value, str | bytes | float):
        return False
    try:
        int(value.value)
    except (ValueError, OverflowError):
        return False
    return True


def _refused_by_constructor(kind: Class, members: list[Value]) -> str | None:
    """Values that do not fit the `__init__` or the `__new__` that the enum's author wrote."""
    for slot in ("__init__", "__new__"):
        found = next((each for each in kind.mro if each.cells.get(slot)), None)
        binding = found.cells.get(slot) if found and found.path not in _STANDARD and not found.native else None
        value = binding.value if binding and not binding.doubt else None
        function = value.function if isinstance(value, Descriptor) else value
        for member in members if isinstance(function, Function) else ():
            if isinstance(member, Known | Tuple) and isinstance(function, Function):
                passed = member.items if isinstance(member, Tuple) else (member,)
                failure = failing.of_arguments(function.node, Arguments((kind, *passed)), f"{kind.name}.{slot}")
                if failure:
                    return failure[1]
    return None


def aliases(kind: Class) -> str | None:
    """Two members of one value, for `enum.unique`."""
    members = [told.value for _, told in kind.cells.told() if isinstance(told.value, Instance) and not told.doubt]
    values = [found.value for each in members if each.kind is kind and (found := each.cells.get("value"))]
    known = [each.value for each in values if isinstance(each, Known)]
    twice = next((each for index, each in enumerate(known) if any(each == other for other in known[:index])), None)
    return None if twice is None else f"{kind.name} has two members of the value {twice!r}"[:200]


def _member(kind: Class, name: str, binding: Binding) -> Instance:
    member = Instance(kind=kind)
    member.cells.names.update({"name": Binding(Known(name)), "value": Binding(binding.value)})
    return member


def _methods(interpreter: "Core", kind: Class, own: frozenset[str]) -> dict[str, Value]:
    """The methods that are put into the class itself, so that a mixed-in data type does not hide the enum's."""
    base = next(owner for owner in kind.mro if owner.path == "enum.Enum")
    made: dict[str, Value] = {}
    keeps = any(owner.path == "enum.ReprEnum" for owner in kind.bases)  # then str() and format() are the data type's
    for name in ("__repr__", "__reduce_ex__") if keeps else ("__repr__", "__str__", "__format__", "__reduce_ex__"):
        if name not in own and (value := _replaced(kind, name)):
            made[name] = value
    flag = next((owner for owner in kind.mro[1:] if owner.path == "enum.Flag"), None)
    if flag and interpreter.resolver.target.minor >= (3, 11):
        made |= {name: found.value for name in _FLAG_METHODS if name not in own and (found := flag.cells.get(name))}
    if keeps and (data := next((owner for owner in kind.mro if owner.native), None)):
        made |= {name: Native(key=f"{data.path}.{name}") for name in ("__str__", "__format__") if name not in own}
    first = kind.cells.get("__new__")
    if first and "__new__" in own:
        made["__new_member__"] = (
            first.value.function or first.value if isinstance(first.value, Descriptor) else first.value
        )
    new = base.cells.get("__new__")
    if new:
        made["__new__"] = new.value.function or new.value if isinstance(new.value, Descriptor) else new.value
    return made


def _replaced(kind: Class, name: str) -> Value | None:
    """The enum's method, where look-up finds the data type's."""
    data_type = next((owner for owner in kind.mro if owner.native), None)
    first = next((owner for owner in kind.mro if owner.cells.get(name) or name in owner.hidden), None)
    if data_type is None or first is None or not (first is data_type or first.native or _is_mixin(kind, first)):
        return None
    found = kind.bases[-1].find(name) if kind.bases else None
    return found[1].value if found and not found[0].native else None


def _is_mixin(kind: Class, owner: Class) -> bool:
    """A class of Python that brings the data type along."""
    return (
        owner is not kind
        and not is_enum(owner)
        and owner.path != "enum.Enum"
        and any(each.native for each in owner.mro)
    )


def _ignored(kind: Class) -> set[str]:
    found = kind.cells.get("_ignore_")
    value = found.value if found else None
    if isinstance(value, Known):
        return set(str(value.value).replace(",", " ").split())
    items = value.items if isinstance(value, Tuple) else value.content if isinstance(value, Container) else None
    return {str(item.value) for item in items or () if isinstance(item, Known)}


def _is_member(name: str, value: Value, owner: str) -> bool:
    """Neither `_sunder_`, `__dunder__` nor private, and nothing that is a descriptor."""
    if name.startswith("_") and (name.endswith("_") or name.startswith(f"_{owner.lstrip('_')}__")):
        return False
    if isinstance(value, Special):
        return value.key == "enum.auto"
    return not isinstance(value, Function | Descriptor | Class) and not _has_get(value)


def _has_get(value: Value) -> bool:
    return isinstance(value, Instance) and any(value.kind.find(name) for name in ("__get__", "__set__", "__delete__"))


@knows("enum.unique")
def _unique(call: Call) -> Value | None:
    """It raises where two members have one value."""
    kind = call.arguments.get(0)
    call.it.doubt_if(aliases(kind) if isinstance(kind, Class) and kind.is_enum else None, call.line)
    return kind


@knows("enum.verify")
def _verify(call: Call) -> Value | None:
    """What it is told to check is not looked into: where there are aliases, it may refuse them."""
    return Special("enum.unique") if call.arguments.every else None
