"""The forms of `typing`, and the one text for every spelling of an annotation, as the probe writes it (`canonical`)."""

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from spybuild.static.objects import Class, Descriptor, Form, Instance, Special
from spybuild.static.values import Binding, Container, Doubt, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.scopes import Frame

TYPING = ("typing", "typing_extensions")
TYPING_HOMES = (*TYPING, "types", "collections.abc", "_collections_abc", "_pypy_generic_alias")
_ABSTRACT = ("collections.abc", "_collections_abc")
_NAMES = {
    "List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset", "Tuple": "tuple", "Type": "type",
    "Deque": "collections.deque", "DefaultDict": "collections.defaultdict", "Counter": "collections.Counter",
    "OrderedDict": "collections.OrderedDict", "ChainMap": "collections.ChainMap",
    "Pattern": "re.Pattern", "Match": "re.Match",
}  # fmt: skip
_CLASS_NAMES = {
    "contextlib.AbstractContextManager": "ContextManager",
    "contextlib.AbstractAsyncContextManager": "AsyncContextManager",
}
# typing's aliases of classes, by the class behind them (which is what a class derives from that names them as a base)
ALIASES = {
    "List": "builtins.list", "Dict": "builtins.dict", "Set": "builtins.set", "FrozenSet": "builtins.frozenset",
    "Tuple": "builtins.tuple", "Type": "builtins.type", "Deque": "collections.deque",
    "DefaultDict": "collections.defaultdict", "Counter": "collections.Counter",
    "OrderedDict": "collections.OrderedDict", "ChainMap": "collections.ChainMap", "Pattern": "re.Pattern",
    "Match": "re.Match", "ContextManager": "contextlib.AbstractContextManager",
    "AsyncContextManager": "contextlib.AbstractAsyncContextManager", "AbstractSet": "collections.abc.Set",
    **{
        name: f"collections.abc.{name}"
        for name in (
            "Awaitable", "Coroutine", "AsyncIterable", "AsyncIterator", "Iterable", "Iterator", "Reversible",
            "Container", "Collection", "Callable", "MutableSet", "Mapping", "MutableMapping", "Sequence",
            "MutableSequence", "ByteString", "MappingView", "KeysView", "ItemsView", "ValuesView", "Generator",
            "AsyncGenerator", "Hashable", "Sized", "Buffer",
        )
    },
}  # fmt: skip
_PLAIN = frozenset(
    (
        "Any",
        "Union",
        "Optional",
        "Literal",
        "ClassVar",
        "Final",
        "NoReturn",
        "Never",
        "Self",
        "LiteralString",
        "Annotated",
        "Concatenate",
        "TypeGuard",
        "TypeIs",
        "TypeAlias",
        "Required",
        "NotRequired",
        "ReadOnly",
        "Unpack",
        "AnyStr",
        "Text",
    )
)
FORMS = frozenset(ALIASES) | _PLAIN
_DEEPEST = 20
_MOST_TEXT = 1000


HOOKS = ("__class_getitem__", "__getitem__", "__or__", "__ror__")  # what annotations call


class Unresolved(Exception):  # noqa: N818  # an answer, not an error
    """An annotation that has no one meaning here."""


class Forms:
    """Makes forms, and writes them."""

    def subscripted(self, value: Value, index: Value) -> Value | None:
        """`value[index]` of a class or a form; None where it is something else."""
        arguments = index.items if isinstance(index, Tuple) and not index.names else (index,)
        match value:
            case Class(mro=mro) if any(owner.path == "enum.Enum" for owner in mro):
                found = value.cells.get(str(index.value)) if isinstance(index, Known) else None
                return found.value if found and not found.doubt else None
            case Class() if not takes_parameters(value):
                return None
            case Class():
                return alias(value, index)
            case Form(arguments=None):
                return Form(value.name, arguments, value.type, value.origin)
            case Form() if value.origin is not None or value.name in FORMS:
                return Form(value.name, _substituted(value.arguments or (), arguments), value.type, value.origin)
            case Special(key=key) if key.rpartition(".")[0] in (*TYPING, *_ABSTRACT):
                return Form(key.rpartition(".")[2], arguments, "_GenericAlias", value)
            case _:
                return None

    def alias(self, node: Any, frame: "Frame") -> Value:
        """What `type X = ...` binds."""
        return Form(node.name.id, None, "TypeAliasType", AliasedLater(node.value, frame))


class AliasedLater(Value):
    """The right side of a `type` statement, which is computed when somebody asks."""

    __slots__ = ("frame", "node")

    def __init__(self, node: ast.expr, frame: "Frame") -> None:
        self.node, self.frame = node, frame


def alias(kind: Class, index: Value) -> Form:
    """`kind[index]`, as C and `typing` make it."""
    arguments = index.items if isinstance(index, Tuple) and not index.names else (index,)
    plain = kind.native or not any(owner.path == "typing.Generic" for owner in kind.mro)
    return Form(kind.path, arguments, "GenericAlias" if plain else "_GenericAlias", kind)


def takes_parameters(kind: Class) -> bool:
    """Whether `kind[x]` is an alias of the class, as `typing` and C make it: elsewhere it may be anything."""
    return hook_of(kind, "__getitem__") is hook_of(kind, "__class_getitem__") is None and not kind.unknown()


def hook_of(kind: Class, name: str) -> Binding | None:
    """What the image's own code has given a class to answer `kind[x]`, or its metaclass to answer an operator with."""
    owner = kind if name == "__class_getitem__" else kind.metaclass
    if owner is None or isinstance(owner, Special):
        return None
    if not isinstance(owner, Class) or (owner is not kind and owner.unknown()):
        return Binding(Unknown(Doubt("its metaclass is not known")))
    found = owner.find(name)
    if found is None or found[0].native or (found[0].home and found[0].home.is_stdlib) or _makes_aliases(found[1]):
        return None
    return found[1]


def _makes_aliases(binding: Binding) -> bool:
    """`__class_getitem__ = classmethod(types.GenericAlias)`."""
    match binding:
        case Binding(value=Descriptor(kind="classmethod", function=Special(key="types.GenericAlias")), doubt=None):
            return True
        case _:
            return False


class Writer:
    """Writes one annotation. `evaluate` reads a forward reference, or what a `type` statement stands for."""

    def __init__(self, evaluate: "Callable[[str | AliasedLater], Value]") -> None:
        self._evaluate = evaluate
        self._length = 0

    def write(self, value: Value, depth: int = 0) -> str:
        """The text of an annotation.

        Raises:
            Unresolved: it has none.
        """
        self._length += 1
        if depth > _DEEPEST or self._length > _MOST_TEXT:
            raise Unresolved
        match value:
            case Known(value=None):
                return "None"
            case Known(value=text) if text is ...:
                return "..."
            case Known(value=str(text)):
                return self.write(self._evaluate(text), depth + 1)
            case Tuple(items=items):
                return f"[{', '.join(self._all(items, depth))}]"
            case Container(type="list") if value.content is not None:
                return f"[{', '.join(self._all(value.content, depth))}]"
            case Class():
                return class_text(value)
            case Special(key=key):
                return special_text(key)
            case Form():
                return self._form(value, depth)
            case _:
                raise Unresolved

    def _all(self, values: Iterable[Value], depth: int) -> list[str]:
        return [self.write(value, depth + 1) for value in values]

    def _form(self, form: Form, depth: int) -> str:
        name = form.name
        if isinstance(form.origin, AliasedLater):
            return self.write(self._evaluate(form.origin), depth + 1)
        if form.arguments is None or form.type in ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType"):
            return special_text(f"typing.{name}") if form.type == "_GenericAlias" else name
        if name == "Annotated":
            return self.write(form.arguments[0], depth + 1)
        if name == "Literal":
            return f"Literal[{', '.join(dict.fromkeys(self._literals(form)))}]"
        if name in ("Union", "Optional"):
            return " | ".join(dict.fromkeys(self._members(form, depth)))
        base = class_text(form.origin) if isinstance(form.origin, Class) else special_text(f"typing.{name}")
        if base == "Callable":
            return self._callable(form.arguments, depth)
        if base == "tuple" and (form.arguments == (Tuple(()),) or form.arguments == ()):
            return "tuple[()]"
        if base == "tuple" and len(form.arguments) == 1 and form.arguments[0] == Tuple(()):
            return "tuple[()]"
        arguments = [each for each in form.arguments if not (isinstance(each, Tuple) and not each.items)]
        if not arguments:
            return "tuple[()]" if base == "tuple" else base
        return f"{base}[{', '.join(self._all(arguments, depth))}]"

    def _members(self, form: Form, depth: int) -> Iterable[str]:
        """A union's members, those of unions within it among them; `Optional` adds None."""
        for argument in form.arguments or ():
            if isinstance(argument, Form) and argument.name in ("Union", "Optional") and argument.arguments:
                yield from self._members(argument, depth + 1)
            else:
                yield self.write(argument, depth + 1)
        if form.name == "Optional":
            yield "None"

    def _literals(self, form: Form) -> Iterable[str]:
        for argument in form.arguments or ():
            match argument:
                case Form(name="Literal"):
                    yield from self._literals(argument)
                case Known(value=str() | int() | bytes() | None as constant):
                    yield repr(constant)
                case Instance(kind=kind) if (name := argument.cells.get("name")) and isinstance(name.value, Known):
                    yield f"{kind.path}.{name.value.value}"
                case _:
                    raise Unresolved

    def _callable(self, arguments: tuple[Value, ...], depth: int) -> str:
        if len(arguments) != 2:
            raise Unresolved
        first, result = arguments
        is_list = isinstance(first, Container)
        text = self.write(first, depth + 1)
        if (
            not is_list
            and first != Known(...)
            and getattr(first, "type", "") != "ParamSpec"
            and "Concatenate" not in text
        ):
            raise Unresolved
        return f"Callable[{text}, {self.write(result, depth + 1)}]"


def class_text(kind: Class) -> str:
    """A class's name: bare for builtins and typing, module.qualname for others."""
    if kind.module == "builtins":
        return kind.qualname
    if kind.module in _ABSTRACT:
        return "AbstractSet" if kind.qualname == "Set" else kind.qualname
    if kind.module in TYPING:
        return _NAMES.get(kind.qualname, kind.qualname)
    return _CLASS_NAMES.get(kind.path, kind.path)


def special_text(key: str) -> str:
    """The text of a form or class that is known by its key."""
    module, _, name = key.rpartition(".")
    if module in TYPING:
        return "str" if name == "Text" else _NAMES.get(name, name)
    if module in _ABSTRACT:
        return "AbstractSet" if name == "Set" else name
    return _CLASS_NAMES.get(key, key)


def _substituted(arguments: tuple[Value, ...], given: tuple[Value, ...]) -> tuple[Value, ...]:
    """`Alias[int]` of an alias with one or more type variables, in their order; nested ones are left."""
    variables = [each for each in arguments if isinstance(each, Form) and each.type == "TypeVar"]
    order = list(dict.fromkeys(each.name for each in variables))
    if len(order) != len(given):
        return (Some("?"),)
    values = dict(zip(order, given, strict=True))
    return tuple(values[each.name] if isinstance(each, Form) and each.name in values else each for each in arguments)
