"""Names whose value code that runs later may change: functions that nobody called here may be called by others.

A list that only this module could change keeps its text; one that some function appends to, returns or passes on does
not. The same goes for what a function declares `global`.
"""

import ast
from collections.abc import Iterator

_READING = frozenset(
    (
        "get",
        "items",
        "keys",
        "values",
        "copy",
        "index",
        "count",
        "union",
        "intersection",
        "difference",
        "issubset",
        "issuperset",
        "isdisjoint",
        "join",
        "format",
        "startswith",
        "endswith",
        "split",
        "encode",
        "decode",
    )
)
_LOOKING = frozenset(
    (
        "len",
        "sorted",
        "isinstance",
        "set",
        "tuple",
        "list",
        "dict",
        "frozenset",
        "str",
        "repr",
        "print",
        "any",
        "all",
        "min",
        "max",
        "sum",
        "enumerate",
        "zip",
        "iter",
        "bool",
        "int",
        "float",
        "reversed",
        "hash",
        "type",
        "range",
    )
)


class Exposure:
    """What the functions of a module may do to its values.

    Attributes:
        handed: names (of variables and attributes) whose content they may change or hand on.
        rebound: names that they may bind to something else.
        set: attributes that they set on other things than themselves.
    """

    def __init__(self, tree: ast.Module | None) -> None:
        self.handed: set[str] = set()
        self.rebound: set[str] = set()
        self.set: set[str] = set()
        for node in _functions(tree) if tree else ():
            self._read(node)

    def may_change(self, name: str, *, is_container: bool) -> bool:
        """Whether the value of a class's attribute may be another by the time that somebody looks."""
        return name in self.set or (is_container and name in self.handed)

    def _read(self, function: ast.AST) -> None:
        safe: set[int] = set()
        for node in ast.walk(function):
            safe.update(id(each) for each in _read_only(node))
        for node in ast.walk(function):
            match node:
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self.rebound.update(names)
                case ast.Attribute(attr=name, value=owner, ctx=ast.Store() | ast.Del()) if not _is_self(owner):
                    self.set.add(name)
                case ast.Name(id=name) | ast.Attribute(attr=name) if id(node) not in safe:
                    self.handed.add(name)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The outermost functions, those of classes among them."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
        else:
            waiting += ast.iter_child_nodes(node)


def _read_only(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that it only looks at."""
    match node:
        case ast.Subscript(value=value, ctx=ast.Load()):
            yield value
        case ast.Attribute(value=value, attr=attr) if attr in _READING:
            yield value
        case ast.Compare(left=left, comparators=others):
            yield from (left, *others)
        case ast.For(iter=value) | ast.comprehension(iter=value) | ast.FormattedValue(value=value):
            yield value
        case ast.If(test=value) | ast.IfExp(test=value) | ast.While(test=value) | ast.UnaryOp(operand=value):
            yield value
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _LOOKING:
            yield from arguments
