"""Source text parsed with the grammar of the target, or the reason why that cannot be done.

A tree is only given where the target would read the same tree. What this Python is too old or too new to tell is
`UNREADABLE`, never a guess (`ast.parse`, `feature_version`; the grammar's history in "What's New in Python").
"""

import ast
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from spybuild.model.facts import ErrorFacts, Frame, Outcome
from spybuild.model.target import Target

MOST_BYTES = 4 << 20
MOST_TOKENS = 200_000  # a tree takes up to 900 bytes for each
_TOKEN = re.compile(rb"\w+|[^\w\s]")
_IMPORT = re.compile(rb"^import[ \t]+([\w. \t,]+)|^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)", re.M)
_QUOTE = re.compile(r"""[A-Za-z]*("{3}|'{3}|"|')""")
_WARNINGS = threading.RLock()  # what warns is decided for the whole process
_OLDEST = (3, 7)  # before it, `async` was a name, which newer grammars have forgotten


@dataclass(frozen=True)
class Unparsed:
    """Why there is no tree: FAILED where the target's import fails for sure, UNREADABLE where that cannot be told."""

    outcome: Outcome
    error: ErrorFacts


def parse(source: bytes, path: str, target: Target, *, checked: bool = False) -> ast.Module | Unparsed:
    """The tree of a module, as the target would read it.

    Args:
        checked: also find what only the compiler refuses, `return` outside of a function and its like.
        source: the file's bytes; coding cookies (PEP 263) and byte order marks count.
        path: what the file is called in messages.
        target: whose grammar it is.
    """
    if len(source) > MOST_BYTES or (len(source) > MOST_TOKENS and tokens_of(source) > MOST_TOKENS):
        return unreadable(f"{path} is too large to be read: {MOST_BYTES >> 20} MiB or {MOST_TOKENS} tokens at most")
    try:
        tree = _parsed(source, path, min(target.minor, sys.version_info[:2]), checked)
    except (SyntaxError, ValueError) as error:
        return _refused(error, path, source, target)
    except (RecursionError, MemoryError, OverflowError) as error:
        return unreadable(f"{path} is nested too deeply or too large to be read ({type(error).__name__})")
    newer = next(_too_new(tree, source, target.minor), None)
    if newer:
        version = ".".join(map(str, target.minor))
        return unreadable(f"{path}:{newer[0]}: {newer[1]}, which Python {version} may not know")
    return tree


def tokens_of(source: bytes) -> int:
    """About how many tokens a source has; the words of its texts and comments count, too."""
    return _TOKEN.subn(b"", source)[1]


def imports_in(source: bytes) -> tuple[tuple[bytes, bytes, bytes], ...]:
    """The import statements at the left margin, by a pattern (texts may look like one): modules, or dots and module."""
    return tuple(found[:3] for found in _IMPORT.findall(source))


def unreadable(reason: str) -> Unparsed:
    """Nothing can be said of the file."""
    return Unparsed(Outcome.UNREADABLE, ErrorFacts(type="StaticError", message=reason))


@contextmanager
def quietly() -> Iterator[None]:
    """Without warnings: what the image has written is no business of whoever runs SpyBuild."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _parsed(source: bytes, path: str, version: tuple[int, int], checked: bool) -> ast.Module:
    with quietly():
        tree = ast.parse(source, path, feature_version=version)
        if checked:
            compile(tree, path, "exec", dont_inherit=True)  # which runs nothing
    return tree


def _refused(error: SyntaxError | ValueError, path: str, source: bytes, target: Target) -> Unparsed:
    """A syntax error is the target's own only where this Python's grammar has all that the target's has."""
    here = sys.version_info[:2]
    if here < target.minor or target.minor < _OLDEST:
        version = ".".join(map(str, target.minor))
        return unreadable(f"{path} cannot be read by Python {here[0]}.{here[1]}, and is meant for {version}: {error}")
    if isinstance(error, SyntaxError) and error.msg.startswith("unknown encoding"):
        return unreadable(f"{path} is in an encoding that is not known here, and may be known there: {error.msg}")
    kind = type(error).__name__ if target.minor >= (3, 12) or b"\0" not in source else "ValueError"
    line = error.lineno if isinstance(error, SyntaxError) else None
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    lines = source.split(b"\n")
    shown = lines[line - 1].decode("utf-8", "replace").strip()[:200] if line and 0 < line <= len(lines) else ""
    frame = Frame(path=path, line=line, function="<module>", source=shown)
    return Unparsed(Outcome.FAILED, ErrorFacts(type=kind, message=message, traceback=(frame,)))


def _too_new(tree: ast.Module, source: bytes, version: tuple[int, int]) -> Iterator[tuple[int, str]]:
    """Syntax that `feature_version` lets pass although the target does not have it: (line, what it is)."""
    if version >= (3, 12) or (version >= (3, 11) and sys.version_info < (3, 12)):
        return
    text = _Text(source)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.JoinedStr):
            if sys.version_info >= (3, 12) and any(_is_nested(node, text)):
                yield line, "an f-string with quotes, backslashes or comments within"
            if version < (3, 8) and re.search(r"=\s*(![rsa])?(:[^}]*)?\}", text.of(node)):
                yield line, "an f-string that names its values"
        elif version < (3, 11) and isinstance(node, ast.Subscript) and _has_starred(node.slice):
            yield line, "a starred index"
        elif version < (3, 9) and isinstance(node, ast.With | ast.AsyncWith) and _is_parenthesised(node, text):
            yield line, "a parenthesised with"
        elif version < (3, 9) and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if any(not _is_plain(decorator) for decorator in node.decorator_list):
                yield line, "a decorator of any expression"
        elif version < (3, 8) and isinstance(node, ast.Return | ast.Yield) and _has_starred(node.value):
            yield line, "a starred result"


class _Text:
    """The source by the positions that nodes have: lines from 1, columns in UTF-8 bytes."""

    def __init__(self, source: bytes) -> None:
        self.lines = source.splitlines(keepends=True)

    def of(self, node: ast.expr) -> str:
        return self.between(node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)

    def between(self, line: int, column: int, end_line: int, end_column: int) -> str:
        lines = self.lines[line - 1 : end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        return b"".join(lines).decode("utf-8", "replace")


def _is_nested(node: ast.JoinedStr, text: _Text) -> Iterator[bool]:
    quote = _QUOTE.match(text.of(node))
    for part in node.values:
        if quote and isinstance(part, ast.FormattedValue):
            inner = text.of(part.value)
            yield any(mark in inner for mark in (quote[1], "\\", "#")) or (len(quote[1]) == 1 and "\n" in inner)


def _is_parenthesised(node: ast.With | ast.AsyncWith, text: _Text) -> bool:
    first, last = node.items[0].context_expr, node.items[-1].optional_vars or node.items[-1].context_expr
    before = text.between(node.lineno, node.col_offset, first.lineno, first.col_offset)
    after = text.between(last.end_lineno or 0, last.end_col_offset or 0, node.body[0].lineno, node.body[0].col_offset)
    return "(" in before and ")" in after.partition(":")[0] and (len(node.items) > 1 or last is not first)


def _is_plain(decorator: ast.expr) -> bool:
    inner = decorator.func if isinstance(decorator, ast.Call) else decorator
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Name)


def _has_starred(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Tuple) and any(isinstance(item, ast.Starred) for item in node.elts)
