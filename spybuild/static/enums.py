"""Enum classes: their bodies' constants become members (`enum.EnumType`)."""

from typing import TYPE_CHECKING

from spybuild.static.values import (
    Binding,
    Class,
    Container,
    Descriptor,
    Function,
    Instance,
    Known,
    Native,
    Special,
    Tuple,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from spybuild.static.core import Core


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
