"""Annotations: as written in the source, and as they resolve, both in the probe's form."""

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.model.facts import Annotation
from spybuild.static.budget import TooMuch
from spybuild.static.core import Raised, Trial
from spybuild.static.forms import AliasedLater, Unresolved, Writer
from spybuild.static.modules import Module
from spybuild.static.objects import Class
from spybuild.static.scopes import Frame
from spybuild.static.values import Cells, Value

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_MOST_TEXT = 1000
_MOST_STEPS = 2000
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**", ast.FloorDiv: "//",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where an annotation stands: what its names mean."""

    module: Module
    cells: Cells | None = None
    enclosing: tuple[Cells, ...] = ()
    owner: Class | None = None


def annotation(resolver: "Resolver", node: ast.expr, place: Place) -> Annotation:
    """The facts of an annotation. Each is read once: classes tell of what they inherit again and again."""
    known = resolver.annotations.get(id(node))
    if known is None or known[0] is not node:
        text = written(node)
        resolved = resolve(resolver, node, place)
        facts = Annotation(written=text and text[:_MOST_TEXT], resolved=resolved and resolved[:_MOST_TEXT])
        resolver.annotations[id(node)] = known = (node, facts)
    return known[1]


def resolve(resolver: "Resolver", node: ast.expr, place: Place) -> str | None:
    """What an annotation means, as one text for every spelling; None where that is not known."""
    from spybuild.static.interpreter import Interpreter

    interpreter = Interpreter(resolver, place.module)
    interpreter.limit = _MOST_STEPS
    interpreter.trials.append(Trial())
    interpreter.journal.begin()
    lazy = place.module.has_text_annotations  # then class-local names are out of reach, as they are to the probe

    def evaluate(source: "str | AliasedLater") -> Value:
        if isinstance(source, AliasedLater):
            interpreter.frame = source.frame
            return interpreter.evaluate(source.node)
        interpreter.frame = Frame(place.module, place.module.cells)
        return interpreter.evaluate(ast.parse(source.strip(), mode="eval").body)

    interpreter.frame = Frame(place.module, place.module.cells)
    if not lazy:
        cells = place.cells or place.module.cells
        interpreter.frame = Frame(place.module, cells, place.enclosing, owner=place.owner)
    try:
        return Writer(evaluate).write(interpreter.evaluate(node))
    except (Unresolved, Raised, TooMuch, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    finally:
        interpreter.journal.take_back()


def written(node: ast.expr) -> str | None:
    """An annotation's source text, a quoted one's own; None for what no annotation consists of."""
    try:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return unparse(node)
    except (ValueError, KeyError, RecursionError):
        return None


def unparse(node: ast.expr) -> str:
    """Write an expression as the probe does.

    Raises:
        ValueError: annotations do not consist of such.
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{unparse(value)}.{attr}"
        case ast.Subscript(value=value, slice=index):
            inner = unparse(index)
            return f"{unparse(value)}[{inner.strip('()') if isinstance(index, ast.Tuple) else inner}]"
        case ast.Tuple(elts=items):
            return f"({', '.join(map(unparse, items))}{',' if len(items) == 1 else ''})"
        case ast.List(elts=items):
            return f"[{', '.join(map(unparse, items))}]"
        case ast.BinOp(left=left, op=operator, right=right):
            return f"{unparse(left)} {_OPERATORS[type(operator)]} {unparse(right)}"
        case ast.UnaryOp(op=operator, operand=operand):
            return _OPERATORS[type(operator)] + unparse(operand)
        case ast.Starred(value=value):
            return f"*{unparse(value)}"
        case ast.Call(func=function, args=arguments, keywords=keywords):
            every = [*map(unparse, arguments), *(f"{item.arg}={unparse(item.value)}" for item in keywords)]
            return f"{unparse(function)}({', '.join(every)})"
        case ast.Constant(value=value):
            return "..." if value is ... else repr(value)
        case _:
            raise ValueError(type(node).__name__)
