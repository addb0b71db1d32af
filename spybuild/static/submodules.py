"""Which submodules a package has as attributes once it is imported: those that its own import loads."""

from typing import TYPE_CHECKING

from spybuild.model.facts import Outcome
from spybuild.static.modules import Module
from spybuild.static.values import Doubt

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_MOST = 400  # modules that are read for one package


def loaded_submodules(resolver: "Resolver", package: Module) -> dict[str, tuple[Module, Doubt | None]]:
    """The submodules of a package that its import loads, and why it may not, where that is in doubt.

    Modules of the same top-level package are read, since they import each other; others are taken not to import it.
    """
    if not package.found.is_package:
        return {}
    found: dict[str, bool] = {}
    top = package.name.partition(".")[0]
    parents = [".".join(package.name.split(".")[:length]) for length in range(1, package.name.count(".") + 2)]
    waiting = [(name, True) for name in parents]
    seen: dict[str, bool] = {}
    while waiting and len(seen) < _MOST:
        name, sure = waiting.pop()
        if seen.get(name, False) or (name in seen and not sure):
            continue
        seen[name] = sure
        module = resolver.module(name)
        if module is None or module.found.kind == "unknown":
            continue
        if resolver.load(module).outcome is Outcome.IMPORTED:  # else a `try` has gone on without it
            needs = module.may_fail is not None and "was not found" in module.may_fail.reason
            found[name] = found.get(name, False) or (sure and not needs)
        for imported, certain in module.imports.items():
            if imported.partition(".")[0] == top:
                waiting.append((imported, sure and certain))
    return _below(resolver, package, found, complete=len(seen) < _MOST)


def _below(
    resolver: "Resolver", package: Module, found: dict[str, bool], *, complete: bool
) -> dict[str, tuple[Module, Doubt | None]]:
    doubt = Doubt(f"whether it is loaded when {package.name} is imported is not known")
    answer: dict[str, tuple[Module, Doubt | None]] = {}
    for name, sure in found.items():
        parent, _, last = name.rpartition(".")
        module = resolver.module(name)
        if parent == package.name and module:
            answer[last] = module, None if sure else doubt
    if package.is_stdlib or not complete:  # what starts with the interpreter has loaded parts of its library
        for last in resolver.submodule_names(package):
            module = resolver.module(f"{package.name}.{last}")
            if last not in answer and module:
                answer[last] = module, doubt
    return answer
