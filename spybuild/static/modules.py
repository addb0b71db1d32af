"""A module of the image while it is read, and after: its namespace, and how its import ends."""

import ast
from dataclasses import dataclass, field
from enum import Enum

from spybuild.interpreters.search import Found
from spybuild.model.facts import ErrorFacts, Outcome
from spybuild.static.effects import Effects
from spybuild.static.values import Doubt, Object


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
        lines: of its source.
        is_stdlib: whether it belongs to the target itself; only then do its names mean what they usually mean.
        outcome: how its import ends. `error` and `exit_status` belong to it.
        may_fail: why its import may end otherwise; None where nothing of the kind was seen.
        annotations: of its own names, the last ones.
        rebound: names that are bound more than once.
        submodules: those that anybody imported, by their last name.
        imports: the modules that it imports while it runs, and whether it does so for sure.
    """

    name: str = field(kw_only=True)
    found: Found = field(kw_only=True)
    is_stdlib: bool = False
    state: State = State.FRESH
    lines: list[str] = field(default_factory=list)
    tree: ast.Module | None = None
    effects: Effects | None = None
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

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.found.is_package else self.name.rpartition(".")[0]

    def line(self, number: int | None) -> str:
        """A line of its source, stripped and capped."""
        return self.lines[number - 1].strip()[:200] if number and 0 < number <= len(self.lines) else ""
