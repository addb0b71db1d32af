"""Reads modules as the resolver does, from a folder on this machine, for the Python that runs the tests."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.facts import ModuleFacts, Outcome
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.model.target import Target
from spybuild.static.resolve import INTERNAL, resolve
from tests.probe.running import one
from tests.static.comparing import Tally, compare


@cache
def here() -> tuple[FolderFiles, Target]:
    """This machine's files, and the Python that runs the tests as a target (its own, not the virtual environment's)."""
    files = FolderFiles(Path("/"), with_mounts=True)
    python = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    return files, read_target(files, ImageConfig(), Platform.of("linux", "amd64"), python=python)


def target_of(minor: int) -> Target:
    """The same target as if it were another minor version; its standard library stays this one's."""
    return replace(here()[1], version=(3, minor, 0))


def read(folder: Path, source: str | bytes, name: str = "plugin", target: Target | None = None) -> ModuleFacts:
    """What the resolver says of a module of that source, in a folder that comes first on the path."""
    path = folder / f"{name.replace('.', '/')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.encode() if isinstance(source, str) else source)
    files, own = here()
    chosen = target or own
    search = Search(files, replace(chosen, search_path=(str(folder), *chosen.search_path)))
    found = search.module(name)
    assert found is not None
    facts = resolve(search, search.target, found, name)
    assert facts.error is None or INTERNAL not in facts.error.message, facts.error
    return facts


def assert_fails_as_here(folder: Path, source: str) -> None:
    """The import of such a source is said to fail, with the exception that Python itself raises."""
    facts = read(folder, source + "\nlast = 1\n")
    assert facts.outcome is Outcome.FAILED
    assert facts.error is not None
    with pytest.raises(Exception) as raised:  # noqa: PT011  # whichever Python itself raises
        exec(source, {"__name__": "plugin"})
    assert facts.error.type == type(raised.value).__name__


def against_probe(folder: Path, source: str) -> Tally:
    """What the resolver says, held against what the probe says of the same file."""
    static = read(folder, source)
    probe = ModuleFacts.model_validate(one(sys.executable, folder, source))
    return compare(static, probe)


def doubted(facts: ModuleFacts, name: str) -> bool:
    """Whether a name is not decided."""
    told = name in names_of(facts)
    return any(each.name == name or (each.name == "*" and not told) for each in facts.undecided)


def names_of(facts: ModuleFacts) -> set[str]:
    """The names that the facts tell of."""
    functions, classes = (each.name for each in facts.functions), (each.name for each in facts.classes)
    return {*(each.name for each in facts.variables), *functions, *classes}


def has(facts: ModuleFacts, name: str) -> bool:
    """Whether a name is there for sure."""
    return name in names_of(facts) and not doubted(facts, name)


def member_is_sure(facts: ModuleFacts, owner: str, name: str) -> bool:
    """Whether a class has a member for sure."""
    found = next((each for each in facts.classes if each.name == owner), None)
    if found is None or doubted(facts, owner):
        return False
    told = any(each.name == name for each in found.members)
    return told and not any(each.name == name for each in found.undecided)
