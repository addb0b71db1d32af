"""Whom the verifier must trust so that a policy's signers can be told: one list of names, not two."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from spybuild.gate.policy import KeyDemand, KeylessDemand, Policy

if TYPE_CHECKING:  # cryptography is slow to load
    from spybuild.attestation.keys import VerificationKey
    from spybuild.attestation.roots import TrustedRoot
    from spybuild.attestation.trust import Trust, TrustedIdentity


def trust_of(
    policy: Policy, root: "TrustedRoot | None" = None, fetch: "Callable[[str], VerificationKey] | None" = None
) -> "Trust":
    """The trust that a policy's signers make.

    Args:
        policy: whose signers are trusted, and nobody else.
        root: who vouches for identities and for times.
        fetch: gets the public key of a KMS URI; None: as `attestation.kms.fetch_public_key` does.

    Raises:
        UsageError: the policy names nobody, or identities and no root is given.
        SigningUnavailable: a KMS does not answer.
    """
    from spybuild.attestation.trust import Trust

    keys = tuple(_key(each, fetch) for each in policy.signers if isinstance(each, KeyDemand))
    identities = tuple(_identity(each) for each in policy.signers if isinstance(each, KeylessDemand))
    return Trust(keys, identities, root)


def _key(demand: KeyDemand, fetch: "Callable[[str], VerificationKey] | None") -> "VerificationKey":
    if demand.uri:
        from spybuild.attestation.kms import fetch_public_key

        return (fetch or fetch_public_key)(demand.uri)
    from spybuild.attestation.keys import parse_public_key

    return parse_public_key(demand.pem.encode(), demand.name)


def _identity(demand: KeylessDemand) -> "TrustedIdentity":
    from spybuild.attestation.trust import TrustedIdentity

    return TrustedIdentity(demand.identity, demand.issuer, demand.claims)
