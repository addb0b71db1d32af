"""How classes are made: bases and the order of look-up (C3), and what `type.__new__` does with a body."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from spybuild.static import enums, refusals
from spybuild.static.forms import ALIASES, TYPING
from spybuild.static.made import Made, MadeParameter
from spybuild.static.objects import Class, Descriptor, Form, Function, Special
from spybuild.static.values import Binding, Container, Doubt, Either, Imported, Known, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.core import Core
    from spybuild.static.resolve import Resolver

_IMPLICIT = {"__new__": "staticmethod", "__init_subclass__": "classmethod", "__class_getitem__": "classmethod"}
_MOST_BASES = 200
_GENERICS = tuple(f"{home}.Generic" for home in TYPING)
_PROTOCOLS = tuple(f"{home}.Protocol" for home in TYPING)
_PLAIN = ("builtins.type", "type", "abc.ABCMeta", "_py_abc.ABCMeta", "enum.EnumMeta", "enum.EnumType")


def base_of(resolver: "Resolver", value: Value) -> "Class | Doubt | None":
    """The class that a base in a `class` statement comes to (`__mro_entries__`); None where it adds nothing."""
    match value:
        case Class():
            return value
        case Special(key=key):
            return resolver.class_at(ALIASES.get(key.rpartition(".")[2], key) if key.startswith(TYPING) else key)
        case Form(origin=Class() as origin):
            return origin
        case Form(name=name, origin=Special(key=key)):
            return resolver.class_at(ALIASES.get(name, key))
        case Imported():
            return base_of(resolver, resolver.actual(value))
        case Unknown(doubt=doubt):
            return doubt
        case Either():
            return Doubt("a base differs from one way through the code to another")
        case _:
            return Doubt("a base is no class that is known")


def entries(resolver: "Resolver", kind: Class, bases: Sequence[Value]) -> list[Class]:
    """The `__bases__` that the bases of a `class` statement come to; what is not known makes the class unsure.

    Forms of typing bring `Generic` along, and `Generic[T]` gives way to what brings it (`typing.__mro_entries__`).
    """
    known: list[Class] = []
    for index, base in enumerate(bases):
        later = bases[index + 1 :]
        if _is_generic(base) and (any(map(_is_protocol, bases)) or any(map(_is_alias, later))):
            continue
        resolved = base_of(resolver, base)
        if isinstance(resolved, Doubt):
            kind.unsure = kind.unsure or resolved
        elif resolved is not None and resolved.path != "builtins.object":
            known.append(resolved)
        if _is_typing_alias(base) and not any(_is_alias(each) or _derives(each) for each in later):
            generic = resolver.class_at("typing.Generic")
            known += [generic] if isinstance(generic, Class) else []
    return known


def _is_generic(base: Value) -> bool:
    """`Generic[T]`."""
    return isinstance(base, Form) and isinstance(base.origin, Class | Special) and _path(base.origin) in _GENERICS


def _is_protocol(base: Value) -> bool:
    return isinstance(base, Class | Special) and _path(base) in _PROTOCOLS


def _is_alias(base: Value) -> bool:
    """A form that typing made."""
    return (isinstance(base, Form) and base.type == "_GenericAlias") or _is_typing_alias(base)


def _is_typing_alias(base: Value) -> bool:
    """`List`, `List[int]`: typing's names for classes that have a name of their own."""
    special = base.origin if isinstance(base, Form) else base
    return isinstance(special, Special) and special.key.startswith(TYPING) and special.key.rpartition(".")[2] in ALIASES


def _derives(base: Value) -> bool:
    return isinstance(base, Class) and any(owner.path == "typing.Generic" for owner in base.mro)


def _path(value: Class | Special) -> str:
    return value.path if isinstance(value, Class) else value.key


def add_generic(resolver: "Resolver", kind: Class) -> None:
    """PEP 695: type parameters add `Generic` as the last base."""
    generic = resolver.class_at("typing.Generic")
    if isinstance(generic, Class) and not any(base.path == "typing.Generic" for base in kind.mro):
        set_bases(kind, [*kind.bases, generic])


def set_bases(kind: Class, bases: Sequence[Class]) -> None:
    """Settle the bases of a class, and the order in which names are looked up; a conflict leaves both unsure."""
    kind.bases = tuple(bases)[:_MOST_BASES]
    kind.is_enum = any(base.is_enum or base.path == "enum.Enum" for base in kind.bases)
    order: Sequence[Class] | None = kind.bases[0].mro if len(kind.bases) == 1 else _merged_bases(kind)
    if order is not None and len(order) > _MOST_BASES:
        kind.unsure = Doubt("it has too many bases to tell of", kind.line)
        order = order[:_MOST_BASES]
    if order is None:
        kind.unsure = kind.unsure or Doubt("its bases have no consistent order", kind.line)
        order = list(dict.fromkeys(owner for base in kind.bases for owner in base.mro))
    kind.mro = (kind, *order)
    kind.unsure = kind.unsure or next((base.unsure for base in kind.mro[1:] if base.unsure), None)


def has_order(bases: Sequence[Class]) -> bool:
    """Whether classes can be bases together: in an order that none of them contradicts, each once."""
    if len(set(map(id, bases))) < len(bases):
        return False
    return len(bases) > _MOST_BASES or _merged([list(base.mro) for base in bases] + [list(bases)]) is not None


def ends_in_object(bases: Sequence[Value]) -> bool:
    """Whether nothing comes after `object`, where that is written."""
    return not any(isinstance(base, Class) and base.path == "builtins.object" for base in bases[:-1])


def _merged_bases(kind: Class) -> list[Class] | None:
    return _merged([list(base.mro) for base in kind.bases] + [list(kind.bases)])


def _merged(sequences: list[list[Class]]) -> list[Class] | None:
    """C3: the first head that is in nobody's tail, again and again; None where there is none."""
    result: list[Class] = []
    sequences = [sequence for sequence in sequences if sequence]
    while sequences:
        tails = {id(owner) for sequence in sequences for owner in sequence[1:]}
        head = next((sequence[0] for sequence in sequences if id(sequence[0]) not in tails), None)
        if head is None or len(result) > _MOST_BASES:
            return None
        result.append(head)
        sequences = [rest for sequence in sequences if (rest := sequence[1:] if sequence[0] is head else sequence)]
    return result


def finish(interpreter: "Core", kind: Class) -> None:
    """What `type.__new__` and the known metaclasses do with the namespace of a body."""
    journal = interpreter.journal
    for name, implicit in _IMPLICIT.items():
        found = kind.cells.get(name)
        if found and isinstance(found.value, Function):
            journal.write(kind.cells, name, Binding(Descriptor(implicit, found.value), found.line, found.doubt))
    module, qualname = kind.cells.get("__module__"), kind.cells.get("__qualname__")
    if module and isinstance(module.value, Known):
        kind.module = str(module.value.value)
    if qualname and isinstance(qualname.value, Known):
        kind.qualname = str(qualname.value.value)
    _make_slots(interpreter, kind)
    _make_protocol(interpreter, kind)
    enums.finish(interpreter, kind)


def _make_protocol(interpreter: "Core", kind: Class) -> None:
    """What `Protocol.__init_subclass__` puts into each class that derives from it."""
    if not any(base.path == "typing.Protocol" for base in kind.mro[1:]):
        return
    minor, journal = interpreter.resolver.target.minor, interpreter.journal
    if kind.cells.get("__subclasshook__") is None:
        hook: Value = (
            Imported("typing", "_proto_hook") if minor >= (3, 12) else Made("_proto_hook", [MadeParameter("other")])
        )
        journal.write(kind.cells, "__subclasshook__", Binding(hook))
    found = kind.find("__init__")
    if any(base.path == "typing.Protocol" for base in kind.bases) and (minor < (3, 11) or found is None):
        name = "_no_init" if minor < (3, 9) else "_no_init_or_replace_init"
        journal.write(kind.cells, "__init__", Binding(Imported("typing", name)))


def _make_slots(interpreter: "Core", kind: Class) -> None:
    found = kind.cells.get("__slots__")
    if not found:
        return
    told = interpreter.resolver.actual(found.value)
    names = slot_names(told)
    if not found.doubt:
        interpreter.as_interpreter().fail_if(refusals.of_slots(kind, told, names), found.line)
    if names is None or found.doubt:
        doubt = Doubt("its __slots__ are not known", found.line)
        kind.cells.names.setdefault("*", Binding(Unknown(doubt), found.line, doubt))
        return
    for name in names:
        interpreter.journal.write(kind.cells, mangled(name, kind.name), Binding(Descriptor("slot"), found.line))


def slot_names(value: Value) -> list[str] | None:
    """The names in `__slots__`; None where they are not known."""
    match value:
        case Known(value=str(name)):
            return [name]
        case Tuple(items=items):
            every: Iterable[Value] = items
        case Container(type="dict") if value.content is not None:
            every = [pair.items[0] for pair in value.content if isinstance(pair, Tuple)]
        case Container() if value.content is not None:
            every = value.content
        case _:
            return None
    names = [item.value for item in every if isinstance(item, Known) and isinstance(item.value, str)]
    return names if len(names) == len(list(every)) else None


def mangled(name: str, owner: str) -> str:
    """The name a private attribute really has: `__x` in class A is `_A__x`."""
    if not name.startswith("__") or name.endswith("__") or not owner.strip("_"):
        return name
    return f"_{owner.lstrip('_')}{name}"


def is_plain(metaclass: Value | None) -> bool:
    """Whether a metaclass makes classes as `type` does: it is `type`, or one of the standard library's."""
    return metaclass is None or _told_path(metaclass) in _PLAIN


def is_abc(metaclass: Value) -> bool:
    """Whether it is `ABCMeta`."""
    return _told_path(metaclass) in ("abc.ABCMeta", "_py_abc.ABCMeta")


def _told_path(value: Value) -> str:
    return _path(value) if isinstance(value, Class | Special) else ""
