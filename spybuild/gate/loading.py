"""From a policy's YAML to a `Policy`, the files it names read; every problem at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.version import Version

from spybuild.contracts.reading import printable
from spybuild.errors import ContractError, SpyBuildError
from spybuild.gate.documents import Problem, parse_document, read_document
from spybuild.gate.durations import duration_of_text
from spybuild.gate.grammar import ContractPart, KeylessPart, KeyPart, PolicyFile, SignerPart
from spybuild.gate.policy import AcceptedContract, KeyDemand, KeylessDemand, Policy
from spybuild.model.base import LocatedMapping
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly, Expression, Glob
from spybuild.model.scalars import Plain

_KINDS = {"any": (), "runtime": ("runtime",), "static": ("static",), "both": ("runtime", "static")}


@dataclass
class Held:
    """What the files hold that a policy names: contracts by digest, keys by the name they have in the policy."""

    contracts: dict[str, Digest] = field(default_factory=dict)
    keys: dict[str, KeyDemand] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def load_policy(path: Path | str) -> Policy:
    """Read the policy in the file at `path`, and the files it names.

    Raises:
        PolicyError: it cannot be read or used; `problems` holds all reasons, by line.
    """
    return parse_policy(read_document(path), str(path), Path(path).parent)


def parse_policy(content: bytes, name: str, folder: Path) -> Policy:
    """Read the policy in `content`.

    Args:
        content: its YAML.
        name: what messages call it.
        folder: what the paths in it start from.

    Raises:
        PolicyError: it cannot be used; `problems` holds all reasons, by line.
    """
    document = parse_document(content, name, PolicyFile)
    held = _read_files(document.root, folder)
    return _policy(document.sound(*held.problems), held)


def _read_files(root: LocatedMapping, folder: Path) -> Held:
    """Read what is named, also where the rest of the policy is wrong."""
    held = Held()
    for written in _named(root, "signers", "key", "file"):
        _key(held, written, folder / written)
    for written in _named(root, "signers", "key", "pem"):
        _key(held, written)
    for written in _named(root, "contracts", "file"):
        _contract(held, written, folder / written)
    return held


def _named(root: Any, *keys: str) -> Iterator[Plain]:
    """The texts at `keys`, through every item of a list on the way."""
    if isinstance(root, list):
        for item in root:
            yield from _named(item, *keys)
    elif isinstance(root, dict) and keys:
        yield from _named(root.get(keys[0]), *keys[1:])
    elif isinstance(root, Plain) and not keys:
        yield root


def _key(held: Held, written: Plain, path: Path | None = None) -> None:
    """Read the key in the file at `path`, or in the text itself."""
    from spybuild.attestation.keys import load_public_key, parse_public_key  # cryptography is slow to load

    try:
        key = load_public_key(path) if path else parse_public_key(written.encode(), "the inline key")
    except SpyBuildError as error:
        held.problems.append((written.place, printable(f"{error.message}; {error.hint}".rstrip("; "))))
        return
    held.keys[written] = KeyDemand(str(written) if path else key.fingerprint, key.pem, Digest.parse(key.fingerprint))


def _contract(held: Held, written: Plain, path: Path) -> None:
    from spybuild.contracts import load_contract  # slow to load

    try:
        digest = load_contract(path).contract.digest
    except ContractError as error:
        more = len(error.problems) - 1
        rest = f" (and {more} more)" if more else ""
        held.problems.append((written.place, f"this contract cannot be used: {error.problems[0]}{rest}"))
        return
    assert digest is not None
    held.contracts[written] = digest


def _policy(file: PolicyFile, held: Held) -> Policy:
    return Policy(
        signers=tuple(_signer(each, held.keys) for each in file.signers),
        contracts=tuple(_accepted(each, held.contracts) for each in file.contracts),
        required=file.platforms.required,
        extra=file.platforms.extra,
        evidence=frozenset(_KINDS[file.evidence]),
        needs_index_statement=file.index_statement == "require",
        max_age=None if file.max_age == "any" else duration_of_text(file.max_age),
        tolerance=duration_of_text(file.clock_tolerance),
        trusts_signers_clock=file.unauthenticated_time == "accept",
        attested_for=tuple(map(Glob, file.repositories.attested_for)),
        lives_in=tuple(map(Glob, file.repositories.lives_in)),
        source_repositories=tuple(map(Glob, file.source_repositories)),
        minimum_tool=Version(file.floors.tool) if file.floors.tool else None,
        validated_since=file.floors.validated_since,
        waivers=_waivable(file.waivers),
    )


def _waivable(waivers: str | tuple[str, ...]) -> frozenset[str] | None:
    if waivers == "allow":
        return None
    return frozenset(waivers) if isinstance(waivers, tuple) else frozenset()


def _signer(part: SignerPart, keys: Mapping[str, KeyDemand]) -> KeylessDemand | KeyDemand:
    if part.keyless is not None:
        return _keyless(part.keyless)
    assert part.key is not None
    return _by_key(part.key, keys)


def _keyless(part: KeylessPart) -> KeylessDemand:
    identity = Exactly(part.identity) if part.identity else Expression(part.identity_regexp or "")
    issuer = Exactly(part.issuer) if part.issuer else Expression(part.issuer_regexp or "")
    return KeylessDemand(identity, issuer, dict(part.claims))


def _by_key(part: KeyPart, keys: Mapping[str, KeyDemand]) -> KeyDemand:
    if part.kms:
        return KeyDemand(part.kms, uri=part.kms)
    return keys[part.file or part.pem or ""]


def _accepted(part: ContractPart, digests: Mapping[str, Digest]) -> AcceptedContract:
    if part.digest is not None:
        return AcceptedContract(part.digest, until=part.until)
    assert part.file is not None
    return AcceptedContract(digests[part.file], part.file, part.until)
