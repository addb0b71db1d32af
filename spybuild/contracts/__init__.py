"""From YAML to a `Contract`: every problem at once, each with its file, line and column.

    >>> from spybuild.contracts import load_contract
    >>> loaded = load_contract("spymodel.yml")  # doctest: +SKIP
    >>> loaded.contract.classes[0].where("name")  # doctest: +SKIP
    Location(file='spymodel.yml', line=4, column=11, path='classes[0].name')

`reading` gets the bytes, `events` makes nodes of the YAML in them, `tree` gives each node its place and its value by
YAML 1.2's core schema (`core`), the model (`spybuild.model.contract`) reads that, and `problems` says what it disliked.

The gate reads its documents with the same machinery. That it need not load the contract's model, these names are
loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.contracts.loading import LoadedContract as LoadedContract
    from spybuild.contracts.loading import Notice as Notice
    from spybuild.contracts.loading import load_contract as load_contract
    from spybuild.contracts.loading import parse_contract as parse_contract
    from spybuild.contracts.schema import contract_schema as contract_schema

__all__ = ["LoadedContract", "Notice", "contract_schema", "load_contract", "parse_contract"]


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'spybuild.contracts' has no attribute {name!r}")
    return getattr(import_module(f"spybuild.contracts.{'schema' if name == 'contract_schema' else 'loading'}"), name)
