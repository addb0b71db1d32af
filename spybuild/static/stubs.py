"""Stubs: the `.pyi` beside a compiled module declares what it offers.

That a name is there, and whether it is a function, a class or a variable, is taken at its word. Parameters and bases
are not: C functions call parameters otherwise or take them by position only, and classes in C have other bases.
"""

import ast
from typing import TYPE_CHECKING

from spybuild.errors import ImageInvalid
from spybuild.static import nodes, parsing
from spybuild.static.effects import Effects
from spybuild.static.modules import Module

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver


def read_stub(resolver: "Resolver", module: Module) -> None:
    """Read a compiled module's stub as if it were its source; what it does not declare is not known."""
    from spybuild.static.interpreter import Interpreter

    path = module.found.stub or ""
    try:
        source = resolver.search.files.read(path)
    except (FileNotFoundError, ImageInvalid) as error:
        resolver.close(module, f"{path} cannot be read: {error}")
        return
    tree = parsing.parse(source, path, resolver.target)
    if isinstance(tree, parsing.Unparsed):
        resolver.close(module, tree.error.message)
        return
    module.tree, module.lines = tree, source.decode("utf-8", "replace").split("\n")
    module.effects = Effects(tree)
    module.has_text_annotations = module.has_lazy_annotations = True
    Interpreter(resolver, module).run(_declared(tree))
    resolver.close(module, f"{module.name} is compiled, and its stub says nothing of it")


def _declared(tree: ast.Module) -> ast.Module:
    """A stub declares variables without a value: those of the module are there all the same, a class's may not be."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AnnAssign) and node.value is None:
            node.value = ast.copy_location(ast.Constant(value=...), node)
        elif not isinstance(node, ast.ClassDef):
            waiting += nodes.children(node)
    return tree
