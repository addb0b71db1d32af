"""Names whose value code that runs later may change: functions that nobody called here may be called by others.

A list that only this module could change keeps its text; one that some function appends to, returns or passes on does
not. The same goes for what a function declares `global`.
"""

import ast
from collections.abc import Iterator

from spybuild.static import nodes

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
    """What the functions of a module may do to its values; told when first asked."""

    def __init__(self, tree: ast.Module | None) -> None:
        self._tree = tree
        self._handed: set[str] = set()
        self._rebound: set[str] = set()
        self._set: set[str] = set()

    def _settle(self) -> None:
        """Read the tree, when somebody asks first."""
        tree, self._tree = self._tree, None
        for node in _functions(tree) if tree else ():
            self._read(node)

    @property
    def handed(self) -> set[str]:
        """Names (of variables and attributes) whose content they may change or hand on."""
        self._settle()
        return self._handed

    @property
    def rebound(self) -> set[str]:
        """Names that they may bind to something else."""
        self._settle()
        return self._rebound

    @property
    def set(self) -> "set[str]":
        """Attributes that they set on classes."""
        self._settle()
        return self._set

    def may_change(self, name: str, *, is_container: bool) -> bool:
        """Whether the value of a class's attribute may be another by the time that somebody looks."""
        return name in self.set or (is_container and name in self.handed)

    def _read(self, function: ast.AST) -> None:
        safe: set[int] = set()
        every = list(nodes.walk(function))
        for node in every:
            safe.update(id(each) for each in _read_only(node))
        for node in every:
            match node:
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self._rebound.update(names)
                case ast.Attribute(attr=name, value=owner, ctx=ast.Store() | ast.Del()) if _may_be_class(owner):
                    self._set.add(name)
                case ast.Name(id=name) | ast.Attribute(attr=name) if id(node) not in safe:
                    self._handed.add(name)


def _may_be_class(node: ast.AST) -> bool:
    """Whether an attribute is set on a class, by how that is written: instances have their own."""
    match node:
        case ast.Name(id=name):
            return name in ("cls", "klass", "kls") or name.lstrip("_")[:1].isupper()
        case ast.Attribute(attr=name):
            return name == "__class__" or name.lstrip("_")[:1].isupper()
        case _:
            return True


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The outermost functions, those of classes among them."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
        else:
            waiting += nodes.children(node)


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
