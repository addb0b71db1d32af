"""What the compiler puts into the namespace of a class's body, besides what is written there."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spybuild.static import nodes
from spybuild.static.objects import Class
from spybuild.static.traits import noted
from spybuild.static.values import Binding, Doubt, Known, Some, Tuple, Unknown, Value, container

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

ANNOTATIONS = "__annotations__"
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def implicit(it: "Interpreter", kind: Class, bases: Sequence[Value]) -> tuple[dict[str, Binding], dict[str, Binding]]:
    """What the compiler binds in a body: before all that is written there, and after it."""
    node, version = kind.node, it.resolver.target.minor
    if node is None:
        return {}, {}
    known: dict[str, Value] = {"__module__": Known(kind.module), "__qualname__": Known(kind.qualname)}
    later: dict[str, Value] = {}
    perhaps: list[str] = []
    if version >= (3, 13):
        known["__firstlineno__"] = Some("int")
        later["__static_attributes__"] = Some("tuple")
    if version >= (3, 12) and getattr(node, "type_params", None):
        known["__type_params__"] = Some("tuple")
        perhaps.append("__classdictcell__")
    if noted(node, "_spybuild_annotated", _has_annotations):
        if version < (3, 14):
            known[ANNOTATIONS] = container("dict", tuple(Tuple((Known(name), Some("?"))) for name in kind.annotations))
        else:
            perhaps += ["__annotate__", "__annotate_func__", "__conditional_annotations__", "__classdictcell__"]
    text = ast.get_docstring(node, clean=False)
    if text is not None:
        known["__doc__"] = Known(text)
    cell = noted(node, "_spybuild_cell", _has_cell)
    if cell:
        later["__classcell__"] = Some("cell")
    elif cell is None:
        perhaps.append("__classcell__")
    if not all(isinstance(base, Class) for base in bases) or getattr(node, "type_params", None):
        later["__orig_bases__"] = Some("tuple")
    why = Doubt("what the compiler adds to a class's body", kind.line)
    doubtful = {name: Binding(Unknown(why), kind.line, why) for name in perhaps}
    return _bound(known, kind.line), doubtful | _bound(later, kind.line)


def _bound(values: dict[str, Value], line: int | None) -> dict[str, Binding]:
    return {name: Binding(value, line) for name, value in values.items()}


def _has_annotations(node: ast.ClassDef) -> bool:
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.AnnAssign):
            return True
        if not isinstance(inner, (*_SCOPES, ast.ClassDef)):
            waiting += nodes.children(inner)
    return False


def _has_cell(node: ast.ClassDef) -> bool | None:
    """Whether a method speaks of its class: then there is a `__classcell__`. None where it is not plain to see."""
    waiting: list[tuple[ast.AST, bool]] = [(each, False) for each in node.body]
    perhaps = False
    while waiting:
        inner, is_sure = waiting.pop()
        if isinstance(inner, ast.Name) and inner.id in ("super", "__class__"):
            if is_sure:
                return True
            perhaps = True
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not perhaps and not is_sure:
            body = set(map(id, inner.body))
            waiting += [(each, id(each) in body) for each in nodes.children(inner)]
        else:
            is_sure = is_sure and not isinstance(inner, ast.ClassDef | ast.Lambda | ast.comprehension)
            waiting += [(each, is_sure) for each in nodes.children(inner)]
    return None if perhaps else False
