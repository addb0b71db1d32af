"""Trees gone through quickly: as `ast.walk`, without the nodes that say nothing by themselves."""

import ast
from collections.abc import Iterator

_SILENT = frozenset(("ctx", "op", "ops", "type_comment", "type_ignores"))  # operators and contexts: one object each
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {ast.Name: (), ast.Constant: ()}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, in their order; operators and contexts are left out."""
    kind = type(node)
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(name for name in kind._fields if name not in _SILENT)
    found: list[ast.AST] = []
    for name in _FIELDS[kind]:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif type(value) is list:
            found += [each for each in value if isinstance(each, ast.AST)]
    return found


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, in no order that matters; operators and contexts are left out."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting += children(inner)
