"""Which functions of a module could change more than their own names, told from their text alone.

Most could not: then a call of them need not be followed to know what it does to the module.
"""

import ast

_DANGEROUS = frozenset(
    ("globals", "locals", "vars", "exec", "eval", "setattr", "delattr", "compile", "__import__", "__builtins__", "sys")
    + ("builtins", "importlib", "inspect", "__dict__", "__setattr__", "__delattr__", "modules", "f_globals")
    + ("import_module", "_sys", "_getframe")
)
_MUTATORS = frozenset(
    ("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "add", "discard", "update")
    + ("setdefault", "popitem", "__setitem__", "__delitem__", "register", "appendleft")
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Effects:
    """What the functions of one module may do beyond their own names, told once for all of them, when first asked."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree: ast.Module | None = tree
        self._doing: set[str] = set()
        self._mentions: dict[str, set[str]] = {}
        self._of: dict[ast.AST, tuple[bool, set[str]]] = {}

    def may_happen(self, node: ast.AST) -> bool:
        """Whether a call of this function may change a namespace or an object that is not its own."""
        if self._tree is not None:
            self._read(self._tree)
            self._tree = None
            self._spread()
        does, mentions = self._of.get(node, (True, set()))
        return does or not self._doing.isdisjoint(mentions)

    def _read(self, tree: ast.AST) -> None:
        """Go through the tree once; what stands in a definition counts for all definitions around it."""
        waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
        while waiting:
            node, around = waiting.pop()
            for definition in around:
                self._note(definition, node)
            if isinstance(node, _DEFINITIONS):
                around = (*around[-8:], node)
                self._of[node] = (False, set())
            waiting += [(inner, around) for inner in ast.iter_child_nodes(node)]
        for node, (does, mentions) in self._of.items():
            name = getattr(node, "name", "<lambda>")
            self._mentions.setdefault(name, set()).update(mentions)
            if does:
                self._doing.add(name)

    def _note(self, definition: ast.AST, node: ast.AST) -> None:
        does, mentions = self._of[definition]
        if isinstance(node, ast.Name):
            mentions.add(node.id)
        elif isinstance(node, ast.Attribute):
            mentions.add(node.attr)
        elif isinstance(node, ast.Lambda):
            mentions.add("<lambda>")
        if not does and _is_effect(node):
            self._of[definition] = True, mentions

    def _spread(self) -> None:
        """Who mentions a function that does something may do it, too."""
        callers: dict[str, list[str]] = {}
        for name, mentions in self._mentions.items():
            for mentioned in mentions & self._mentions.keys():
                callers.setdefault(mentioned, []).append(name)
        waiting = list(self._doing)
        while waiting:
            for caller in callers.get(waiting.pop(), ()):
                if caller not in self._doing:
                    self._doing.add(caller)
                    waiting.append(caller)


def _is_of_self(node: ast.AST) -> bool:
    """Whether it is an attribute of the object itself."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _is_effect(node: ast.AST) -> bool:
    match node:
        case ast.Global() | ast.Nonlocal():
            return True
        case ast.Name(id=name):
            return name in _DANGEROUS
        case ast.Attribute(ctx=ast.Store() | ast.Del(), value=root):
            return not (isinstance(root, ast.Name) and root.id in ("self", "cls"))
        case ast.Attribute(attr=name, value=root):
            return name in _DANGEROUS or (name in _MUTATORS and not _is_of_self(root))
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=root):
            return not _is_of_self(root)
        case _:
            return False
