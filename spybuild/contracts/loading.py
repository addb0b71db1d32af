"""The two doors: a contract from a file, and from bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spybuild.contracts.events import Node, compose
from spybuild.contracts.problems import located
from spybuild.contracts.reading import decode, printable, read_bytes
from spybuild.contracts.tree import Tree
from spybuild.errors import ContractError
from spybuild.model.base import LocatedMapping, Location, Place
from spybuild.model.contract import Contract
from spybuild.model.digests import Digest
from spybuild.model.scalars import Reading


@dataclass(frozen=True)
class Notice:
    """Something the lenient reading let pass, and where."""

    location: Location
    message: str

    def __str__(self) -> str:
        path = f"{self.location.path}: " if self.location.path else ""
        return f"{self.location}: {path}{self.message}"


@dataclass(frozen=True)
class LoadedContract:
    """A contract, and what was let pass to read it."""

    contract: Contract
    warnings: tuple[Notice, ...] = ()


def load_contract(path: Path | str, *, strict: bool = False) -> LoadedContract:
    """Read the contract in the file at `path`; `strict` refuses what ImportSpy's own model refuses.

    Raises:
        ContractError: it cannot be read or used; `problems` holds all reasons, by line.
    """
    return parse_contract(read_bytes(path), str(path), strict=strict)


def parse_contract(text: bytes, name: str, *, strict: bool = False) -> LoadedContract:
    """Read the contract in `text`; `name` is what messages and reports call it.

    Raises:
        ContractError: it cannot be used; `problems` holds all reasons, by line.
    """
    file = printable(name)
    tree = Tree(file)
    root = _root(compose(decode(text, file), file), tree, file)
    reading = Reading(strict=strict)
    contract, problems = _validated(root, reading)
    if found := [*tree.problems, *reading.problems, *problems]:
        raise ContractError([str(notice) for notice in _in_order(found)])
    assert contract is not None
    contract._path, contract._digest = name, Digest.of(text)
    return LoadedContract(contract, tuple(_in_order(reading.notices)))


def _root(node: Node | None, tree: Tree, file: str) -> LocatedMapping:
    if node is None:
        raise ContractError([f"{file}: is empty; a contract is a mapping, for example `filename: plugin.py`"])
    root: Any = tree.build(node)[0]
    if not isinstance(root, LocatedMapping):
        place = f"{file}:{node.line}:{node.column}"
        raise ContractError(
            [f"{place}: a contract is a mapping at its root (`filename: plugin.py`), not {_kind(root)}"]
        )
    return root


def _kind(root: Any) -> str:
    return "a list" if isinstance(root, list) else "a single value"


def _validated(root: LocatedMapping, reading: Reading) -> tuple[Contract | None, list[tuple[Place, str]]]:
    try:
        return Contract.model_validate(root, context=reading), []
    except ValidationError as error:
        return None, located(error, root)


def _in_order(sayings: Iterable[tuple[Place, str]]) -> list[Notice]:
    """By line, column and path; each once."""
    return [Notice(Location.of(place), what) for place, what in sorted(set(sayings), key=_by_place)]


def _by_place(saying: tuple[Place, str]) -> tuple[int, int, str, str]:
    (_, line, column, path), what = saying
    return line, column, path, what
