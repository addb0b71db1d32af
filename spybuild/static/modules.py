"""A module of the image while it is read, and after: its namespace, and how its import ends."""

import ast
from dataclasses import dataclass, field
from enum import Enum

from spybuild.interpreters.search import Found
from spybuild.model.facts import ErrorFacts, Outcome
from spybuild.static.effects import Effects
from spybuild.static.exposure import Exposure
from spybuild.static.values import Binding, Doubt, Known, Object, Some, Value

SITE = ("/site-packages/", "/dist-packages/")
PROGRAM = "__main__"  # what runs: in `sys.modules` from the start


class State(Enum):
    """How far the reading of a module has come."""

    FRESH = "fresh"
    RUNNING = "running"
    DONE = "done"


def parents_of(name: str) -> list[str]:
    """The packages that a module is in, the outermost first."""
    return [name[:index] for index, letter in enumerate(name) if letter == "."]


@dataclass(slots=True, eq=False)
class Module(Object):
    """A module; its cells are its namespace.

    Attributes:
        book: what the library has of its source, kept there while a module is read from it.
        lines: of its source.
        is_stdlib: whether it belongs to the target itself; only then do its names mean what they usually mean.
        outcome: how its import ends. `error` and `exit_status` belong to it.
        may_fail: why its import may end otherwise; None where nothing of the kind was seen.
        annotations: of its own names, the last ones.
        rebound: names that are bound more than once.
        submodules: those that anybody imported, by their last name.
        imports: the modules that it imports while it runs, and whether it does so for sure.
        patches: what its import changes that is not its own (`patches`), and why that is known.
        error_bases: the names of all classes that `error` is an instance of.
    """

    name: str = field(kw_only=True)
    found: Found = field(kw_only=True)
    is_stdlib: bool = False
    state: State = State.FRESH
    book: object = None
    lines: list[str] = field(default_factory=list)
    tree: ast.Module | None = None
    effects: Effects | None = None
    exposure: Exposure | None = None
    has_lazy_annotations: bool = False
    has_text_annotations: bool = False
    outcome: Outcome = Outcome.IMPORTED
    error: ErrorFacts | None = None
    exit_status: int | None = None
    may_fail: Doubt | None = None
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    rebound: set[str] = field(default_factory=set)
    submodules: "dict[str, Module]" = field(default_factory=dict)
    imports: dict[str, bool] = field(default_factory=dict)
    patches: dict[tuple[str, str], Doubt] = field(default_factory=dict)
    error_bases: frozenset[str] = frozenset()

    @property
    def is_installed(self) -> bool:
        """Whether it belongs to an installed distribution."""
        return any(site in (self.found.path or "") for site in SITE)

    @property
    def is_program(self) -> bool:
        """Whether it is what `python -m` runs, so that importing it may start a program."""
        return self.name.endswith(f".{PROGRAM}")

    @property
    def is_own(self) -> bool:
        """Whether it is the image's own: neither of the standard library nor of an installed distribution."""
        return not self.is_stdlib and not self.is_installed

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.found.is_package else self.name.rpartition(".")[0]

    def line(self, number: int | None) -> str:
        """A line of its source, stripped and capped."""
        return self.lines[number - 1].strip()[:200] if number and 0 < number <= len(self.lines) else ""


def import_names(module: Module) -> dict[str, Binding]:
    """What the import system binds in a module before it runs."""
    names: dict[str, Value] = {
        "__name__": Known(module.name), "__doc__": Some("str"), "__package__": Known(module.package),
        "__loader__": Some("SourceFileLoader"), "__spec__": Some("ModuleSpec"),
    }  # fmt: skip
    if module.found.path:
        names["__file__"] = Known(module.found.path)
    if module.found.is_package:
        names["__path__"] = Some("list")
    return {name: Binding(value) for name, value in names.items()}


def imports_annotations(tree: ast.Module) -> bool:
    """Whether annotations are texts (PEP 563)."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(a.name == "annotations" for a in node.names)
        for node in tree.body[:20]
    )
