"""What is told of values and of text alone: context managers, functions, and what these may do later."""

import ast

from spybuild.static.exposure import Exposure
from spybuild.static.modules import Module
from spybuild.static.objects import Instance
from spybuild.static.traits import Traits, calls_in, noted, traits_of
from spybuild.static.values import FunctionNode, Some, Value


class Telling:
    """Answers that no module has to be read for."""

    def swallows(self, manager: Value) -> bool:
        """Whether a context manager may swallow exceptions."""
        return not isinstance(manager, Some) and not (isinstance(manager, Instance) and manager.kind.native)

    def entered(self, manager: Value) -> Value | None:
        """What `with ... as x` binds; None where that is not known."""
        if isinstance(manager, Instance) and manager.kind.native:
            return manager if manager.kind.module in ("_io", "io") else None
        return manager if isinstance(manager, Some) and manager.type == "TextIOWrapper" else None

    def exposure(self, module: Module) -> Exposure:
        """What the functions of a module may do to its values later."""
        if module.exposure is None:
            module.exposure = Exposure(module.tree)
        return module.exposure

    def calls_in(self, node: ast.AST) -> list[ast.Call]:
        """The calls in a statement, not those in functions within it."""
        return noted(node, "_spybuild_calls", calls_in)

    def traits(self, node: FunctionNode) -> Traits:
        """What a function's text says of it."""
        return noted(node, "_spybuild_traits", traits_of)
