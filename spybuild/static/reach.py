"""What the import of a module brings with it: whether a module it needs is missing, which submodules get loaded.

Looking into every module of an import's closure would cost seconds. Their import statements are picked from the text by
a pattern first; only what seems to go wrong is then read in full.
"""

from typing import TYPE_CHECKING

from spybuild.model.facts import Outcome
from spybuild.static.modules import Module, State

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_MOST_DEEP = 60


class Reach:
    """Remembers for each module whether its import can work."""

    def __init__(self, resolver: "Resolver") -> None:
        self._resolver = resolver
        self._broken: dict[str, bool] = {}
        self._depth = 0

    def is_broken(self, module: Module) -> bool:
        """Whether the import of a module fails for sure. Reads it in full where there is reason to think so."""
        if module.state is State.DONE:
            return module.outcome is Outcome.FAILED
        if module.name not in self._broken:
            self._broken[module.name] = (
                False  # while it is looked at: who imports what imports it does not fail for that
            )
            self._broken[module.name] = self._look(module)
        return self._broken[module.name]

    def _look(self, module: Module) -> bool:
        if module.found.kind != "source" or module.state is not State.FRESH or self._depth > _MOST_DEEP:
            return False
        self._depth += 1
        try:
            if not any(self._seems_missing(name) for name in self._needed(module)):
                return False
            self._resolver.load(module)
            return module.outcome is Outcome.FAILED
        finally:
            self._depth -= 1

    def _seems_missing(self, name: str) -> bool:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            found = self._resolver.module(".".join(parts[:length]))
            if found is None or found.found.kind == "unknown" or self.is_broken(found) or found.may_fail:
                return True
        return False

    def _needed(self, module: Module) -> list[str]:
        """The modules that it imports at its left margin."""
        names: list[str] = []
        for plain, dots, base in self._resolver.library.imports(module.found.path or ""):
            if plain:
                names += [part.split(b" as ")[0].strip().decode() for part in plain.split(b",")]
            else:
                names.append(absolute(module, len(dots), base.decode()) or "")
        return [name for name in names if name and name.replace(".", "").isidentifier()]


def absolute(module: Module, level: int, base: str) -> str | None:
    """The module that a relative import names; None where it goes beyond the top."""
    if not level:
        return base
    parts = module.package.split(".") if module.package else []
    if level > len(parts):
        return None
    start = parts[: len(parts) - level + 1]
    return ".".join([*start, base] if base else start)
