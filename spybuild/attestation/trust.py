"""Whose signatures count. Nothing is trusted unless it is named here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spybuild.attestation.keys import VerificationKey
from spybuild.errors import UsageError
from spybuild.model.attested import CLAIMS, KeylessSigner
from spybuild.model.names import nearest, shown

if TYPE_CHECKING:  # slow to load, and keys need none
    from spybuild.attestation.roots import TrustedRoot


@dataclass(frozen=True)
class TrustedIdentity:
    """An identity, and who must have vouched for it. Every part must match.

    Attributes:
        identity: the certificate's subject alternative name, exactly; or
        identity_regexp: a pattern for all of it, anchored (`^…$`).
        issuer: the OIDC issuer, exactly; or
        issuer_regexp: a pattern for all of it, anchored.
        claims: further claims, exactly, by their names in `model.attested.CLAIMS`.

    Raises:
        UsageError: one of the two is not said or said twice, a pattern is wrong or not anchored, a claim unknown.
    """

    identity: str = ""
    issuer: str = ""
    identity_regexp: str = ""
    issuer_regexp: str = ""
    claims: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_one("identity", self.identity, self.identity_regexp)
        _require_one("issuer", self.issuer, self.issuer_regexp)
        for name in self.claims:
            if name not in CLAIMS:
                raise UsageError(f"{shown(name)} is no claim of a certificate{nearest(name, CLAIMS)}")

    def mismatch(self, signer: KeylessSigner) -> str:
        """What of `signer` is not as it must be, as the end of a sentence; empty where all is."""
        if not _is(signer.identity, self.identity, self.identity_regexp):
            return f"by {shown(signer.identity, 200)}"
        if not _is(signer.issuer, self.issuer, self.issuer_regexp):
            return f"by {shown(signer.identity, 200)}, for whom {shown(signer.issuer, 200)} vouched"
        for name, value in self.claims.items():
            if signer.claims.get(name) != value:
                said = shown(signer.claims[name], 200) if name in signer.claims else "nothing"
                return f"by {shown(signer.identity, 200)}, whose certificate says {said} as {name}"
        return ""


def _is(found: str, exact: str, pattern: str) -> bool:
    """A pattern has to match all of the text, also where it has alternatives (`^a|b$`)."""
    return found == exact if exact else re.fullmatch(pattern, found) is not None


def _require_one(what: str, exact: str, pattern: str) -> None:
    if bool(exact) == bool(pattern):
        raise UsageError(
            f"a keyless signer has one {what}: exactly, or as a pattern",
            "--certificate-identity (or -regexp) and --certificate-oidc-issuer (or -regexp)",
        )
    if not pattern:
        return
    if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith("\\$"):
        raise UsageError(f"the pattern {shown(pattern)} must be anchored", "begin it with ^ and end it with $")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"{shown(pattern)} is no regular expression: {error}") from None


@dataclass(frozen=True)
class Trust:
    """Whose signatures count, and on whose authority.

    Attributes:
        keys: any one of them may have signed.
        identities: any one of them may have signed, keyless.
        root: who vouches for identities and for times; needed for identities.

    Raises:
        UsageError: nobody is trusted, or identities without a root.
    """

    keys: tuple[VerificationKey, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()
    root: "TrustedRoot | None" = None

    def __post_init__(self) -> None:
        if not self.keys and not self.identities:
            raise UsageError(
                "nobody is trusted, so nothing can be verified",
                "name a key (--key), or an identity and its issuer (--certificate-identity, --certificate-oidc-issuer)",
            )
        if self.identities and self.root is None:
            raise UsageError(
                "keyless attestations are verified against a trusted root, and none is named",
                "--trusted-root FILE (`cosign trusted-root create`), or ask for Sigstore's public one",
            )
