"""A policy as the gate applies it: plain frozen data, every file it named already read.

`loading` makes it of YAML, `flags` of a command line. Nothing is let in that is not named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from packaging.version import Version

from spybuild.model.digests import Digest
from spybuild.model.matching import Glob, Matcher
from spybuild.model.platforms import Platform

DEFAULT_TOLERANCE = timedelta(minutes=10)
KMS_SCHEMES = ("awskms://", "gcpkms://", "azurekms://", "hashivault://", "pkcs11:")


@dataclass(frozen=True)
class KeylessDemand:
    """A signer by certificate: whose, vouched for by whom, and what else the certificate must say, exactly.

    `claims` are by the names in `model.attested.CLAIMS`.
    """

    identity: Matcher
    issuer: Matcher
    claims: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.identity} (issuer {self.issuer})"


@dataclass(frozen=True)
class KeyDemand:
    """A signer by key: a public key (PEM, and the fingerprint of what is in it), or a key that a KMS holds."""

    name: str
    pem: str = ""
    fingerprint: Digest | None = None
    uri: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class AcceptedContract:
    """A contract that a pass may be for; after the day `until` (UTC) no longer."""

    digest: Digest
    name: str = ""
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.digest})" if self.name else str(self.digest)


ExtraPlatforms = Literal["refuse", "require-evidence", "allow"]


@dataclass(frozen=True)
class Policy:
    """What an image must prove.

    Attributes:
        signers: any of whom may have signed; none: nobody.
        contracts: any of which it must have passed; none: no pass counts.
        required: platforms that must be there and have passed.
        extra: what becomes of others: never let in, let in with a pass of their own, or let in as they are.
        evidence: kinds that one attestation must rest on together.
        needs_index_statement: whether an index must itself be attested, with exactly the platforms it has.
        max_age: since `validatedAt`; None: any.
        tolerance: between clocks, and between `validatedAt` and the authenticated time of the signature.
        trusts_signers_clock: whether `max_age` may rest on `validatedAt` alone where no authenticated time is known.
        attested_for: repositories that the attestations may name; none: only the one the image is in.
        lives_in: repositories that the image may be in; none: any.
        source_repositories: that the certificate must name; none: any.
        minimum_tool: the oldest version of SpyBuild whose verdicts count.
        validated_since: passes from before this do not count.
        waivers: rule ids that may have been waived; None: all. A waiver that has ended, or has no end, never counts.
    """

    signers: tuple[KeylessDemand | KeyDemand, ...]
    contracts: tuple[AcceptedContract, ...]
    required: tuple[Platform, ...] = ()
    extra: ExtraPlatforms = "require-evidence"
    evidence: frozenset[str] = frozenset()
    needs_index_statement: bool = True
    max_age: timedelta | None = None
    tolerance: timedelta = DEFAULT_TOLERANCE
    trusts_signers_clock: bool = False
    attested_for: tuple[Glob, ...] = ()
    lives_in: tuple[Glob, ...] = ()
    source_repositories: tuple[Glob, ...] = ()
    minimum_tool: Version | None = None
    validated_since: datetime | None = None
    waivers: frozenset[str] | None = frozenset()
