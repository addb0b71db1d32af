"""Which functions of a module could change more than their own names, told from their text alone.

Most could not: then a call of them need not be followed to know what it does to the module.
"""

import ast
from dataclasses import dataclass, field
from typing import Final

from spybuild.static import nodes

_DANGEROUS = frozenset(
    (
        "globals",
        "locals",
        "vars",
        "exec",
        "eval",
        "setattr",
        "delattr",
        "compile",
        "__import__",
        "__builtins__",
        "sys",
        "builtins",
        "importlib",
        "inspect",
        "__dict__",
        "__setattr__",
        "__delattr__",
        "modules",
        "f_globals",
        "import_module",
        "_sys",
        "_getframe",
        "currentframe",
        "tb_frame",
        "gi_frame",
        "cr_frame",
        "__subclasses__",
        "__globals__",
        "gc",
        "ctypes",
        "pickle",
        "runpy",
    )
)
_ASKED = frozenset(  # of `sys`
    (
        "platform", "version_info", "version", "exc_info", "audit", "argv", "stdin", "stdout", "stderr", "maxsize",
        "byteorder", "executable", "exit", "flags", "getrefcount", "getsizeof", "getrecursionlimit", "implementation",
        "intern", "is_finalizing", "maxunicode", "prefix", "base_prefix", "getfilesystemencoding", "hexversion",
        "getdefaultencoding", "displayhook", "excepthook", "warnoptions", "float_info", "hash_info",
        "getfilesystemencodeerrors", "exec_prefix", "base_exec_prefix", "float_repr_style", "getswitchinterval",
    )
)  # fmt: skip
_MUTATORS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "remove",
        "pop",
        "clear",
        "sort",
        "reverse",
        "add",
        "discard",
        "update",
        "setdefault",
        "popitem",
        "__setitem__",
        "__delitem__",
        "register",
        "appendleft",
    )
)
_TELLING = (ast.Global, ast.Nonlocal, ast.Name, ast.Attribute, ast.Subscript)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Effect:
    """What a function may change that is not its own: bits, plain numbers because there are many of them."""

    NONE: Final = 0
    NAMES: Final = 1  # a namespace, or anything else by means that text does not show
    ATTRIBUTES: Final = 2  # attributes of objects that it is given
    CONTENT: Final = 4  # what is in lists, dicts and sets
    ALL: Final = 7


@dataclass(slots=True)
class _Text:
    """What the text of one definition does, with all definitions within it."""

    does: int = Effect.NONE
    mentions: set[str] = field(default_factory=set)


class Effects:
    """What the functions of one module may do beyond their own names, told once for all of them, when first asked."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree: ast.Module | None = tree
        self._by_name: dict[str, int] = {}
        self._mentions: dict[str, set[str]] = {}
        self._of: dict[ast.AST, _Text] = {}

    def may_happen(self, node: ast.AST) -> bool:
        """Whether a call of this function may change a namespace or an object that is not its own."""
        return bool(self.of(node))

    def of(self, node: ast.AST) -> int:
        """What a call of this function may change, by itself or through the functions that it mentions."""
        if self._tree is not None:
            self._read(self._tree)
            self._tree = None
            self._spread()
        text = self._of.get(node)
        if text is None:
            return Effect.ALL
        found = text.does
        for name in text.mentions & self._by_name.keys():
            found |= self._by_name[name]
        return found

    def _read(self, tree: ast.AST) -> None:
        """Go through the tree once; what stands in a definition counts for all definitions around it."""
        inner: list[tuple[_Text, _Text]] = []
        waiting: list[tuple[ast.AST, _Text]] = [(tree, _Text())]
        while waiting:
            node, around = waiting.pop()
            _note(around, node)
            if isinstance(node, _DEFINITIONS):
                inner.append((text := self._of.setdefault(node, _Text()), around))
                around = text
            if not _only_asks(node):
                waiting += [(each, around) for each in nodes.children(node)]
        for text, around in reversed(inner):
            around.does |= text.does
            around.mentions |= text.mentions
        for node, text in self._of.items():
            name = getattr(node, "name", "<lambda>")
            self._mentions.setdefault(name, set()).update(text.mentions)
            if text.does:
                self._by_name[name] = self._by_name.get(name, Effect.NONE) | text.does

    def _spread(self) -> None:
        """Who mentions a function that does something may do it, too."""
        callers: dict[str, list[str]] = {}
        for name, mentions in self._mentions.items():
            for mentioned in mentions & self._mentions.keys():
                callers.setdefault(mentioned, []).append(name)
        waiting = list(self._by_name)
        while waiting:
            name = waiting.pop()
            for caller in callers.get(name, ()):
                joined = self._by_name.get(caller, Effect.NONE) | self._by_name[name]
                if joined != self._by_name.get(caller):
                    self._by_name[caller] = joined
                    waiting.append(caller)


def _note(around: _Text, node: ast.AST) -> None:
    mentioned = _mentioned(node)
    if mentioned is not None:
        around.mentions.add(mentioned)
    if isinstance(node, _TELLING):
        around.does |= _effect(node)


def _mentioned(node: ast.AST) -> str | None:
    """The function that a node may stand for, by name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return "<lambda>" if isinstance(node, ast.Lambda) else None


def _only_asks(node: ast.AST) -> bool:
    """`sys.platform` and its like: what does not lead to a namespace."""
    match node:
        case ast.Attribute(value=ast.Name(id="sys" | "_sys"), attr=name, ctx=ast.Load()):
            return name in _ASKED
        case _:
            return False


def _is_of_self(node: ast.AST) -> bool:
    """Whether it is an attribute of the object itself."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _effect(node: ast.AST) -> int:
    match node:
        case ast.Global() | ast.Nonlocal():
            return Effect.NAMES
        case ast.Name(id=name) if name in _DANGEROUS:
            return Effect.NAMES
        case ast.Attribute(ctx=ast.Store() | ast.Del(), value=root):
            return Effect.NONE if isinstance(root, ast.Name) and root.id == "self" else Effect.ATTRIBUTES
        case ast.Attribute(attr=name) if name in _DANGEROUS:
            return Effect.NAMES
        case ast.Attribute(attr=name, value=root) if name in _MUTATORS:
            return Effect.NONE if _is_of_self(root) else Effect.CONTENT
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=root):
            return Effect.NONE if _is_of_self(root) else Effect.CONTENT
        case _:
            return Effect.NONE
