"""From YAML to a `Contract`: every problem at once, each with its file, line and column.

    >>> from spybuild.contracts import load_contract
    >>> loaded = load_contract("spymodel.yml")  # doctest: +SKIP
    >>> loaded.contract.classes[0].where("name")  # doctest: +SKIP
    Location(file='spymodel.yml', line=4, column=11, path='classes[0].name')

`reading` gets the bytes, `events` makes nodes of the YAML in them, `tree` gives each node its place and its value by
YAML 1.2's core schema (`core`), the model (`spybuild.model.contract`) reads that, and `problems` says what it disliked.
"""

from spybuild.contracts.loading import LoadedContract, Notice, load_contract, parse_contract
from spybuild.contracts.schema import contract_schema

__all__ = ["LoadedContract", "Notice", "contract_schema", "load_contract", "parse_contract"]
