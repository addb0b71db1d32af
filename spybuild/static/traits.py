"""What a function's text says of it: whether calling it runs it at once, and which names are its own."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from spybuild.static import nodes
from spybuild.static.values import FunctionNode

_SHORT = 120  # nodes of a constructor that is followed for what it puts into the object
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is seen of a function at first sight.

    Attributes:
        suspends: calling it runs nothing yet: a generator function or a coroutine function.
        yields: it is a generator function.
        local: the names that are its own, wherever in it they are bound.
        asks_environment: it looks at environment variables.
        raises: it raises somewhere.
        fills: it is short, and does no more than to set attributes, or to have its base do so.
    """

    suspends: bool
    yields: bool
    local: frozenset[str]
    asks_environment: bool
    raises: bool
    fills: bool


_Node = TypeVar("_Node", bound=ast.AST)
_Told = TypeVar("_Told")


def noted(node: _Node, slot: str, tell: Callable[[_Node], _Told]) -> _Told:
    """What a node's text tells, noted on the node: its tree may be read for many modules."""
    told: _Told | None = getattr(node, slot, None)
    if told is None:
        told = tell(node)
        setattr(node, slot, told)
    return told


def traits_of(node: FunctionNode) -> Traits:
    """Read a function's text once."""
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    inner = _own_nodes(body)
    yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inner)
    return Traits(
        yields or isinstance(node, ast.AsyncFunctionDef),
        yields,
        _locals(node, inner),
        any(map(_asks, inner)),
        any(map(_raises, inner)),
        len(inner) <= _SHORT and all(map(_fills, inner)),
    )


def _asks(node: ast.AST) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in ("environ", "getenv")


def _fills(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="super") | ast.Attribute(attr="__init__")):
            return True
        case ast.Assign() | ast.If() | ast.Expr() | ast.Pass() | ast.expr_context():
            return True
        case ast.stmt() | ast.Call() | ast.Subscript() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case _:
            return True


def _raises(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise | ast.Assert)


def _locals(node: FunctionNode, body: list[ast.AST]) -> frozenset[str]:
    every = node.args
    arguments = [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]
    found = {each.arg for each in arguments if each}
    foreign: set[str] = set()
    for inner in body:
        match inner:
            case ast.Name(ctx=ast.Store() | ast.Del(), id=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found.update(each.asname or each.name.partition(".")[0] for each in names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                foreign.update(names)
    return frozenset(found - foreign)


def _own_nodes(body: list[ast.AST]) -> list[ast.AST]:
    """All nodes of a body, without the insides of functions and classes in it."""
    found: list[ast.AST] = []
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += getattr(node, "decorator_list", [])
        else:
            waiting += nodes.children(node)
    return found


def calls_in(node: ast.AST) -> list[ast.Call]:
    """The calls in a node, without those in functions, lambdas and classes within it."""
    found: list[ast.Call] = []
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Call):
            found.append(inner)
        waiting += [each for each in nodes.children(inner) if not isinstance(each, _NESTED)][::-1]
    return found
