"""Is a Python image sound? Everything that can be told of it from its files and its config, with no contract.

The names below are loaded when they are first used: several threads load parts of this package, and one that loads the
package, which loads a part, would wait for one that loads that part, which waits for the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.integrity.gathering import gather as gather

__all__ = ["gather"]

_HOMES = {"gather": "gathering"}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
