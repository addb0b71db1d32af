"""Named tuples and typed dicts: the classes that `namedtuple`, `NamedTuple` and `TypedDict` make."""

from typing import TYPE_CHECKING

from spybuild.static import making, refusals
from spybuild.static.core import Arguments
from spybuild.static.knowledge import Call, knows
from spybuild.static.made import Made, MadeParameter
from spybuild.static.objects import Class, Descriptor, Field, Form, Special
from spybuild.static.values import Binding, Known, Some, Tuple, Value, container

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

_TUPLE_MAKERS = ("typing.NamedTuple", "typing_extensions.NamedTuple")
_DICT_MAKERS = ("typing.TypedDict", "typing_extensions.TypedDict")


def maker_of(bases: list[Value]) -> str | None:
    """Which of these makes a class with such bases: `tuple`, `dict`, or None."""
    for base in bases:
        key = base.key if isinstance(base, Special) else ""
        if key in _TUPLE_MAKERS:
            return "tuple"
        if key in _DICT_MAKERS or (isinstance(base, Class) and base.metaclass == _TYPED_DICT):
            return "dict"
    return None


_TYPED_DICT = Some("_TypedDictMeta")


def make(it: "Interpreter", maker: str, kind: Class, bases: list[Value], keywords: dict[str, Value]) -> Value:
    """Make the class of a `class X(NamedTuple)` or `class X(TypedDict)` whose body has run."""
    if maker == "dict":
        return _typed_dict(it, kind, bases)
    others = [making.base_of(it.resolver, base) for base in bases if not _is_maker(base)]
    fields = []
    for name, annotation in kind.annotations.items():
        found = kind.cells.get(name)
        fields.append(Field(name, annotation, kind, found.value if found else None, line=annotation.lineno))
    it.fail_if(refusals.of_field_order(fields), kind.line)
    fill(it, kind, fields, [base for base in others if isinstance(base, Class)])
    return kind


def _is_maker(base: Value) -> bool:
    return isinstance(base, Special) and base.key in (*_TUPLE_MAKERS, *_DICT_MAKERS)


def _typed_dict(it: "Interpreter", kind: Class, bases: list[Value]) -> Value:
    """A typed dict derives from dict (and Generic), and has nothing of its own at run time."""
    for base in bases:
        if isinstance(base, Class):
            kind.annotations = {**base.annotations, **kind.annotations}
    parent = it.resolver.natives.builtin("dict")
    parametric = any(isinstance(base, Form) for base in bases) or bool(getattr(kind.node, "type_params", ()))
    generic = it.resolver.class_at("typing.Generic") if parametric else None
    both = [base for base in (generic, parent) if isinstance(base, Class)]
    making.set_bases(kind, both)
    kind.metaclass = _TYPED_DICT
    return kind


def fill(it: "Interpreter", kind: Class, fields: list[Field], others: list[Class]) -> None:
    """Give a class what a named tuple has."""
    parent = it.resolver.natives.builtin("tuple")
    making.set_bases(kind, ([parent] if parent else []) + others)
    kind.tuple_fields, kind.maker = tuple(fields), it.module
    own = {name: binding for name, binding in kind.cells.told() if name not in {field.name for field in fields}}
    for name in list(kind.cells.names):
        it.journal.write(kind.cells, name, None)
    for name, value in _names(it, kind, fields):
        it.journal.write(kind.cells, name, Binding(value, kind.line))
    for name, binding in own.items():
        it.journal.write(kind.cells, name, binding)
    making.finish(it, kind)


def _names(it: "Interpreter", kind: Class, fields: list[Field]) -> list[tuple[str, Value]]:
    defaults = [field for field in fields if field.default is not None]
    parameters = [MadeParameter(field.name, 1, field, field.default) for field in fields]
    pairs = tuple(Tuple((Known(field.name), field.default)) for field in defaults if field.default)
    minor = it.resolver.target.minor
    first = MadeParameter("self", 0) if minor >= (3, 8) else MadeParameter("_self")
    replace = Made("_replace", [first, MadeParameter("kwds", 4)])
    made: list[tuple[str, Value]] = [
        ("_fields", Tuple(tuple(Known(field.name) for field in fields))),
        ("_field_defaults", container("dict", pairs)),
        ("__new__", Descriptor("staticmethod", Made("__new__", [MadeParameter("_cls"), *parameters]))),
        ("_make", Descriptor("classmethod", Made("_make", [MadeParameter("cls"), MadeParameter("iterable")]))),
    ]
    if minor >= (3, 13):
        made.append(("__replace__", replace))
    made += [
        ("_replace", replace),
        ("__repr__", Made("__repr__", [MadeParameter("self")])),
        ("_asdict", Made("_asdict", [MadeParameter("self")])),
        ("__getnewargs__", Made("__getnewargs__", [MadeParameter("self")])),
        *((field.name, Descriptor("tuplegetter")) for field in fields),
    ]
    return made


@knows("collections.namedtuple")
def _namedtuple(call: Call) -> Value | None:
    """`namedtuple("X", "a b")` with constant names."""
    name, names = call.arguments.get(0, "typename"), call.arguments.get(1, "field_names")
    texts = _field_names(call.it, names) if names is not None else None
    if names is not None and texts is None and call.arguments.exact and "rename" not in call.arguments.keywords:
        call.it.fail_if(refusals.of_names(_texts(call.it, names) or ()), call.line)
    if not isinstance(name, Known) or texts is None or not call.arguments.exact:
        return None
    if call.it.truth(call.arguments.keywords.get("rename", Known(False))) is not False:
        return None
    defaults = call.it.items_of(call.arguments.keywords.get("defaults", Tuple(())))
    if call.arguments.keywords.get("defaults") == Known(None):
        defaults = ()
    if defaults is None or len(defaults) > len(texts):
        return None
    padded = [None] * (len(texts) - len(defaults)) + list(defaults)
    fields = [Field(text, None, None, default) for text, default in zip(texts, padded, strict=True)]
    return _made(call.it, str(name.value), fields, call.arguments, call.line)


def _made(it: "Interpreter", name: str, fields: list[Field], arguments: Arguments, line: int | None) -> Value | None:
    module = arguments.keywords.get("module", Known(it.module_name()))
    if not isinstance(module, Known):
        return None
    kind = Class(name=name, qualname=name, module=str(module.value), home=it.frame.module)
    fill(it, kind, fields, [])
    return kind


def _field_names(it: "Interpreter", names: Value) -> list[str] | None:
    texts = _texts(it, names)
    if texts is None or refusals.of_names(texts):
        return None
    valid = [text for text in texts if isinstance(text, str)]
    return valid if len(valid) == len(texts) else None


def _texts(it: "Interpreter", names: Value) -> list[object] | None:
    """The names, as they are given; None of those that are not known."""
    if isinstance(names, Known) and isinstance(names.value, str):
        return list(names.value.replace(",", " ").split())
    items = it.items_of(names)
    return None if items is None else [item.value if isinstance(item, Known) else None for item in items]


@knows("typing.NamedTuple", "typing_extensions.NamedTuple")
def _named_tuple(call: Call) -> Value | None:
    """`NamedTuple("X", [("a", int)])` with constant names."""
    name, pairs = call.arguments.get(0), call.arguments.get(1)
    items = call.it.items_of(pairs) if pairs is not None else None
    if not isinstance(name, Known) or items is None or not call.arguments.exact:
        return None
    texts = [item.items[0] for item in items if isinstance(item, Tuple) and len(item.items) == 2]
    known = [str(text.value) for text in texts if isinstance(text, Known)]
    if len(known) != len(items):
        return None
    return _made(call.it, str(name.value), [Field(text, None, None) for text in known], call.arguments, call.line)


@knows("typing.TypedDict", "typing_extensions.TypedDict")
def _typed_dict_call(call: Call) -> Value | None:
    name = call.arguments.get(0)
    if not isinstance(name, Known):
        return None
    kind = Class(
        name=str(name.value), qualname=str(name.value), module=call.it.module_name(), home=call.it.frame.module
    )
    return _typed_dict(call.it, kind, [])
