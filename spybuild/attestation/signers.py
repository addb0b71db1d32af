"""Who signs: one interface over keys, KMS and HSM, and keyless identities. What comes out is a Sigstore bundle v0.3."""

from dataclasses import dataclass, field
from typing import Protocol

from spybuild.attestation.bundles import write_key_bundle
from spybuild.attestation.envelopes import pre_authentication_encoding
from spybuild.attestation.keys import VerificationKey
from spybuild.attestation.services import USUAL_PATIENCE
from spybuild.attestation.timestamps import request_timestamp
from spybuild.errors import SigningUnavailable
from spybuild.model.attested import KeylessSigner, KeySigner
from spybuild.model.digests import Digest


@dataclass(frozen=True)
class Signed:
    """A signed statement.

    Attributes:
        bundle: the bundle, JSON; its digest is the attestation's.
        signer: who signed, as verifiers will see it.
        warnings: what is not as it should be, though the signature is good.
    """

    bundle: bytes = field(repr=False)
    signer: KeySigner | KeylessSigner
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> Digest:
        """The attestation's digest."""
        return Digest.of(self.bundle)


class Signer(Protocol):
    """Signs statements. May be used for many, from one thread at a time."""

    def sign(self, statement: bytes) -> Signed:
        """Sign an in-toto statement.

        Args:
            statement: its bytes; exactly these are signed and kept.

        Raises:
            SigningUnavailable: a service that signing needs does not answer in time, or refuses.
            UsageError: the key, the token or the configuration does not fit.
        """


class Key(Protocol):
    """A private key, wherever it is."""

    @property
    def public(self) -> VerificationKey:
        """The key that verifies what it signs."""

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`. Raises as `Signer.sign`."""


@dataclass(frozen=True)
class SignerWithKey:
    """Signs with a key in a file, a KMS or an HSM; with a timestamp, if an authority is named.

    Attributes:
        key: signs.
        timestamp_url: where RFC 3161 timestamps are had; empty for none. Without one nobody but the signer says when
            it was signed, so gates that ask for an age refuse it.
        patience: seconds for the timestamp.
    """

    key: Key
    timestamp_url: str = ""
    patience: float = USUAL_PATIENCE

    def sign(self, statement: bytes) -> Signed:
        """See `Signer.sign`."""
        message = pre_authentication_encoding(statement)
        signature, public = self.key.sign(message), self.key.public
        if not public.verifies(signature, message):
            raise SigningUnavailable(f"{public.origin} gave a signature that its own public key does not verify")
        stamps = [request_timestamp(self.timestamp_url, signature, self.patience)] if self.timestamp_url else []
        signer = KeySigner(fingerprint=Digest.parse(public.fingerprint), uri=public.uri)
        return Signed(write_key_bundle(statement, signature, public.hint, stamps), signer)
