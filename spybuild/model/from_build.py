"""The words that a build and its reader share: plain, for the build has no time to load models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONTRACT_LABEL = "org.spybuild.contract"
"""The label of an image that has the path of its contract in it."""
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
"""The predicate that says what was tested, and how it came out."""
EXTENSION = "spybuildFromBuild"
"""Our part of that predicate, as the frontend writes it: the report, what it was made with, the files that it is on."""
SCHEMA_VERSION = 2
"""Of that part."""


@dataclass(frozen=True)
class Told:
    """What a statement tells of a test, whoever made it.

    Attributes:
        subjects: digests of what it is on.
        kind: the type of its predicate.
        contracts: digests of what was tested against.
        is_pass: whether it says that everything passed.
        ours: the frontend's part; None where it has none.
    """

    subjects: tuple[str, ...]
    kind: str
    contracts: tuple[str, ...]
    is_pass: bool
    ours: Mapping[str, Any] | None


def read_statement(statement: Mapping[str, Any]) -> Told:
    """What a statement with in-toto's test-result/v0.1 tells.

    Args:
        statement: JSON of any origin; its length is bounded by whoever read it.

    Raises:
        ValueError: it is none.
    """
    try:
        predicate = statement["predicate"]
        ours = predicate.get(EXTENSION)
        return Told(
            subjects=_digests(statement["subject"]),
            kind=str(statement["predicateType"]),
            contracts=_digests(predicate["configuration"]),
            is_pass=(predicate["result"], predicate["failedTests"]) == ("PASSED", []),
            ours=ours if isinstance(ours, dict) else None,
        )
    except (KeyError, TypeError, AttributeError):
        raise ValueError("is no statement on a test") from None


def _digests(described: Any) -> tuple[str, ...]:
    return tuple(f"sha256:{each['digest']['sha256']}" for each in described)
