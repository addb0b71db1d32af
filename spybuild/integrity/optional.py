"""Whether a package can do without one of its extension modules: all it says about it is guarded."""

import ast
import posixpath
import re
import threading
import warnings
from collections.abc import Iterator

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files
from spybuild.integrity.survey import Survey

_MOST_SOURCE = 256 << 10  # a tree takes some hundred times as much
_MOST_SOURCES = 3000
_WARNINGS = threading.Lock()  # what warns is decided for the whole process
_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "OSError", "Exception", "BaseException"})


def is_optional(files: Files, survey: Survey, root: str, path: str) -> bool:
    """Whether every import of an extension module, in the sources of its own package, may fail.

    An import may fail inside of a `try` that catches it, and inside of a function, which may never be called. A module
    that nothing in its package imports is there for others, so it is needed.

    Args:
        files: the tree.
        survey: the walk over it.
        root: the folder of `sys.path` that the module is in.
        path: the module's file.
    """
    top = path.removeprefix(f"{root}/").split("/")[0]
    stem = posixpath.basename(path).split(".")[0]
    sources = [each for each in survey.below(f"{root}/{top}") if each.endswith(".py")]
    imports = [guarded for each in sources[:_MOST_SOURCES] for guarded in _imports(files, each, stem)]
    return bool(imports) and all(imports)


def _imports(files: Files, path: str, stem: str) -> Iterator[bool]:
    """Of each import of a module named `stem`, whether it is guarded."""
    try:
        source = files.read(path)
    except (FileNotFoundError, ImageInvalid):
        return
    if stem.encode() not in source or not re.search(rb"\b" + re.escape(stem.encode()) + rb"\b", source):
        return
    tree = _tree(source)
    if tree is None:
        yield False
        return
    left: list[tuple[ast.AST, bool]] = [(tree, False)]
    while left:
        node, guarded = left.pop()
        if _names(node, stem):
            yield guarded
        left += _children(node, guarded)


def _tree(source: bytes) -> ast.AST | None:
    if len(source) > _MOST_SOURCE:
        return None
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names(node: ast.AST, stem: str) -> bool:
    if isinstance(node, ast.Import):
        return any(stem in alias.name.split(".") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return stem in (node.module or "").split(".") or any(alias.name == stem for alias in node.names)
    return False


def _children(node: ast.AST, guarded: bool) -> list[tuple[ast.AST, bool]]:
    inside = guarded or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    if isinstance(node, ast.Try) and any(_catches(handler) for handler in node.handlers):
        body = {id(each) for each in node.body}
        return [(child, inside or id(child) in body) for child in ast.iter_child_nodes(node)]
    return [(child, inside) for child in ast.iter_child_nodes(node)]


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a failed import ends in this handler, which does not raise again."""
    if any(isinstance(each, ast.Raise) for node in handler.body for each in ast.walk(node)):
        return False
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in _CATCHING for each in types)
