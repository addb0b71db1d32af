"""What a search for a module answers."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["source", "bytecode", "extension", "builtin", "namespace", "unknown"]


@dataclass(frozen=True)
class Found:
    """What an import of a name would load.

    Attributes:
        name: its import name, as its own `__name__` says.
        path: its file, as `__file__` says it (`/app/pkg/__init__.py`); None for builtins and namespaces.
        kind: who would load it. A frozen module of the standard library is `source`, since its file is there to read.
            `unknown` is the third answer: nothing was found, but something that cannot be known may provide it.
        is_package: whether it can have submodules.
        stub: the `.pyi` beside it, or in a `<name>-stubs` package (PEP 561); None where there is none.
        places: the folders its submodules are looked for in.
        doubt: why it cannot be known; empty for every kind but `unknown`.
    """

    name: str
    path: str | None
    kind: Source
    is_package: bool = False
    stub: str | None = None
    places: tuple[str, ...] = ()
    doubt: str = ""
