"""What the import of a module changes that is not its own: other modules and their classes, `sys.path`, `sys.modules`.

Such a change holds for everybody who comes after, and who comes after depends on the order of all imports. So it is
taken for a doubt: a second reading knows nothing of what the first has seen to be changed (`Resolver.patched`).
"""

from collections.abc import Iterable, Mapping

from spybuild.static.modules import Module
from spybuild.static.objects import Class
from spybuild.static.values import OPEN, Doubt

Key = tuple[str, str]  # of a module, and of a name in it (of a class's member: `Class.member`)
Patches = Mapping[Key, Doubt]
EVERYTHING: Key = (OPEN, OPEN)
SEARCH_PATH, LOADED = "sys.path", "sys.modules"  # of the former, each folder that is added; of the latter, each entry


def key_of(owner: Module | Class, name: str) -> Key | None:
    """How a change of a namespace is remembered; None where it is of a class that no module of the image has."""
    if isinstance(owner, Module):
        return owner.name, name
    return (owner.home.name, f"{owner.qualname}.{name}") if owner.home else None


def note(module: Module, key: Key | None, doubt: Doubt) -> None:
    """Remember what a module changes; what the standard library does to itself, its tables and source tell."""
    if key is not None and (not module.is_stdlib or key[1].endswith(f".{OPEN}")):
        module.patches.setdefault(key, doubt)


def doubt_of(patches: Patches, module: str, name: str) -> Doubt | None:
    """Why a name of a module may be another than its own text says."""
    return patches.get((module, name)) or patches.get((module, OPEN)) or patches.get(EVERYTHING)


def replaced(patches: Patches, module: str) -> Doubt | None:
    """Why a module's entry in `sys.modules` may be another; of some entries only the beginning of the name is known."""
    for place, name in patches:
        if place == LOADED and name.endswith(OPEN) and module.startswith(name.removesuffix(OPEN)):
            return patches[place, name]
    return doubt_of(patches, LOADED, module)


def members_of(patches: Patches, kind: Class) -> dict[str, Doubt]:
    """The members of a class that somebody else changes."""
    if not patches or kind.home is None:
        return {}
    start = f"{kind.qualname}."
    told = ((key[1], doubt) for key, doubt in patches.items() if key[0] == kind.home.name)
    return {name.removeprefix(start): doubt for name, doubt in told if name.startswith(start)}


def folders_of(patches: Patches) -> list[str]:
    """The folders that are added to `sys.path`; `*` is one that is not known."""
    return [name for module, name in patches if module == SEARCH_PATH]


def gathered(modules: Iterable[Module], known: Mapping[str, Module | None]) -> dict[Key, Doubt]:
    """What modules, and all that they import, change."""
    found: dict[Key, Doubt] = {}
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module.name in seen:
            continue
        seen.add(module.name)
        for key, doubt in module.patches.items():
            found.setdefault(key, Doubt(f"{doubt.reason} (while {module.name} is imported)", None))
        waiting += [each for name in module.imports if (each := known.get(name))]
    return found
