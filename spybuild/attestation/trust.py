"""Whose signatures count. Nothing is trusted unless it is named here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spybuild.attestation.keys import VerificationKey
from spybuild.errors import UsageError
from spybuild.model.attested import CLAIMS, KeylessSigner
from spybuild.model.matching import Matcher
from spybuild.model.names import nearest, shown

if TYPE_CHECKING:  # slow to load, and keys need none
    from spybuild.attestation.roots import TrustedRoot


@dataclass(frozen=True)
class TrustedIdentity:
    """An identity, and who must have vouched for it. Every part must match.

    Attributes:
        identity: matches the certificate's subject alternative name.
        issuer: matches the OIDC issuer.
        claims: further claims, exactly, by their names in `model.attested.CLAIMS`.

    Raises:
        UsageError: the identity or the issuer is empty, or a claim unknown.
    """

    identity: Matcher
    issuer: Matcher
    claims: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.identity.text and self.issuer.text):
            raise UsageError("a keyless signer has an identity, and an issuer that vouches for it")
        for name in self.claims:
            if name not in CLAIMS:
                raise UsageError(f"{shown(name)} is no claim of a certificate{nearest(name, CLAIMS)}")

    def mismatch(self, signer: KeylessSigner) -> str:
        """What of `signer` is not as it must be, as the end of a sentence; empty where all is."""
        if not self.identity.matches(signer.identity):
            return f"by {shown(signer.identity, 200)}"
        if not self.issuer.matches(signer.issuer):
            return f"by {shown(signer.identity, 200)}, for whom {shown(signer.issuer, 200)} vouched"
        for name, value in self.claims.items():
            if signer.claims.get(name) != value:
                said = shown(signer.claims[name], 200) if name in signer.claims else "nothing"
                return f"by {shown(signer.identity, 200)}, whose certificate says {said} as {name}"
        return ""


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
