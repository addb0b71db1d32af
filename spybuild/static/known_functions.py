"""What is known of functions and of the aliases of classes, when code asks or makes them."""

import ast

from spybuild.static import forms
from spybuild.static.knowledge import Call, knows
from spybuild.static.objects import Class, Function
from spybuild.static.values import Known, Value


@knows("types.GenericAlias", "typing.Generic.__class_getitem__")
def _alias(call: Call) -> Value | None:
    """The alias of a class: of `__class_getitem__ = classmethod(GenericAlias)`, of `super().__class_getitem__(x)`."""
    kind, index = call.arguments.get(0), call.arguments.get(1)
    return forms.alias(kind, index) if isinstance(kind, Class) and index is not None else None


def _kind_of_function(name: str, *, is_async: bool, yields: bool) -> None:
    @knows(f"inspect.{name}")
    def tell(call: Call) -> Value | None:
        """Told by its `def`; since Python 3.12 any function can be marked as a coroutine function."""
        given = call.arguments.get(0)
        if not isinstance(given, Function) or given.cells.get("__code__"):
            return None
        traits = call.it.resolver.traits(given.node)
        found = isinstance(given.node, ast.AsyncFunctionDef) == is_async and traits.yields == yields
        may_be_marked = name == "iscoroutinefunction" and call.it.resolver.target.minor >= (3, 12)
        return Known(found) if found or not may_be_marked else None


_kind_of_function("iscoroutinefunction", is_async=True, yields=False)
_kind_of_function("isgeneratorfunction", is_async=False, yields=True)
_kind_of_function("isasyncgenfunction", is_async=True, yields=True)
