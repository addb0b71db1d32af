"""Annotations compared by meaning: `Optional[int]` is `int | None`, `typing.List` is `list`, quotes do not count.

Annotations are read as text with `ast` and never evaluated. A name is equal to any dotted name that ends in it, since
the contract's author writes `Device` or `base.Device` where the interpreter says `smarthome.base.Device`.
"""

import ast
import builtins
import typing
from functools import lru_cache

from spybuild.model.facts import Annotation

# a type is its name, or its name and what it is subscripted with; "|" heads a union, "[]" a list ([int] in Callable)
Form = str | tuple[str, tuple["Form", ...]]

_HOMES = ("typing.", "typing_extensions.", "builtins.", "collections.abc.", "types.", "t.")
_ALIASES = {
    "List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "FrozenSet": "frozenset", "Type": "type",
    "NoneType": "None", "Text": "str", "DefaultDict": "defaultdict", "Deque": "deque",
}  # fmt: skip
_TEXT = "Text"  # typing's is `str`; many a class of an author's own is called so, too
_UNION, _LIST = "|", "[]"
_DEEPEST = 50


def same_annotation(wanted: str, seen: Annotation | None) -> bool:
    """Whether `wanted`, as the contract writes it, means what was seen.

    What an annotation resolves to decides. As it is written in the source it counts where it resolves to nothing, and
    for names of the author's own (an alias `Settings` resolves to what it stands for).
    """
    if seen is None:
        return False
    form = _form(wanted)
    if seen.resolved is not None and _equal(form, _form(seen.resolved)):
        return True
    if seen.written is None:
        return False
    written = _form(seen.written)
    if seen.resolved is not None and not _has_own_name(form):
        # `np.ndarray` resolves to `numpy.ndarray`, and `Annotated[int, Ge(0)]` to `int`
        return form == written and (_has_dotted_name(form) or _mentions(form, "Annotated"))
    return _equal(form, written)


def same_meaning(one: str, other: str) -> bool:
    """Whether two annotations, as texts, mean the same."""
    return _equal(_form(one), _form(other))


def admits(wanted: str, type_name: str) -> bool:
    """Whether a value of the type named `type_name` is what the annotation `wanted` speaks of, itself or in a union."""
    form = _form(wanted)
    members = form[1] if isinstance(form, tuple) and form[0] == _UNION else (form,)
    return any(_equal(member, _form(type_name)) for member in members)


@lru_cache(maxsize=4096)
def _form(text: str) -> Form:
    try:
        return _read(ast.parse(text.strip(), mode="eval").body, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text.strip()  # not an expression this Python reads: compared to the letter


def _read(node: ast.expr, depth: int) -> Form:
    if depth > _DEEPEST:
        raise RecursionError
    match node:
        case ast.Name() | ast.Attribute():
            return _plain_name(ast.unparse(node))
        case ast.Constant(value=str(text)):
            return _read(ast.parse(text.strip(), mode="eval").body, depth + 1)
        case ast.BinOp(op=ast.BitOr()):
            return _union([_read(node.left, depth + 1), _read(node.right, depth + 1)])
        case ast.List():
            return (_LIST, tuple(_read(item, depth + 1) for item in node.elts))
        case ast.Subscript():
            return _subscript(_read(node.value, depth + 1), node.slice, depth + 1)
        case _:
            return ast.unparse(node)


def _plain_name(dotted: str) -> str:
    if dotted == _TEXT:
        return dotted
    for home in _HOMES:
        dotted = dotted.removeprefix(home)
    return _ALIASES.get(dotted, dotted)


def _subscript(base: Form, index: ast.expr, depth: int) -> Form:
    items = index.elts if isinstance(index, ast.Tuple) else [index]
    if base == "Literal":  # its strings are values, not forward references
        return (_LIST, tuple(ast.unparse(item) for item in items))
    arguments = [_read(item, depth) for item in items]
    if base == "Union":
        return _union(arguments)
    if base == "Optional":
        return _union([*arguments, "None"])
    return (str(base), tuple(arguments))


def _union(members: list[Form]) -> Form:
    flat: list[Form] = []
    for member in members:
        parts = member[1] if isinstance(member, tuple) and member[0] == _UNION else (member,)
        flat.extend(part for part in parts if part not in flat)
    return flat[0] if len(flat) == 1 else (_UNION, tuple(flat))


def _equal(one: Form, other: Form) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other or {one, other} == {_TEXT, "str"} or _ends_in(one, other) or _ends_in(other, one)
    if isinstance(one, str) or isinstance(other, str):
        return False
    if len(one[1]) != len(other[1]) or not _equal(one[0], other[0]):
        return False
    if one[0] == _UNION:
        return all(any(_equal(member, candidate) for candidate in other[1]) for member in one[1])
    return all(map(_equal, one[1], other[1]))


def _has_own_name(form: Form) -> bool:
    """Whether a bare name in it is neither a builtin nor typing's, so that it may be an alias."""
    if isinstance(form, str):
        return form.isidentifier() and not hasattr(builtins, form) and form not in typing.__all__ and form != "None"
    return _has_own_name(form[0]) or any(map(_has_own_name, form[1]))


def _has_dotted_name(form: Form) -> bool:
    if isinstance(form, str):
        return "." in form
    return _has_dotted_name(form[0]) or any(map(_has_dotted_name, form[1]))


def _mentions(form: Form, name: str) -> bool:
    if isinstance(form, str):
        return form == name
    return _mentions(form[0], name) or any(_mentions(each, name) for each in form[1])


def _ends_in(dotted: str, bare: str) -> bool:
    return dotted.endswith(f".{bare}")
