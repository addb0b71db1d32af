"""Public keys that may have signed attestations: read, named, and held against signatures.

The hash goes with the key, never with what the bundle says (Sigstore's algorithm registry): P-256/SHA-256,
P-384/SHA-384, P-521/SHA-512, RSA PKCS #1 v1.5/SHA-256, Ed25519.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from spybuild.attestation.documents import encode_base64
from spybuild.errors import UsageError
from spybuild.model.names import shown

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_LARGEST_FILE = 64 << 10
_RSA_BITS = range(2048, 8193)  # below it is broken; above it takes seconds to verify
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}


@dataclass(frozen=True)
class VerificationKey:
    """A public key that is trusted, and where it came from.

    Attributes:
        key: the key itself.
        origin: what messages call it: the file's name, or the KMS URI.
        fingerprint: `sha256:` and the hex digest of the SubjectPublicKeyInfo (DER).
    """

    key: PublicKey = field(repr=False)
    origin: str
    fingerprint: str

    @classmethod
    def of(cls, key: object, origin: str) -> "VerificationKey":
        """The key, if it is of a kind that attestations are signed with.

        Raises:
            UsageError: it is not.
        """
        if isinstance(key, ec.EllipticCurvePublicKey):
            usable = key.curve.name in _HASHES
        elif isinstance(key, rsa.RSAPublicKey):
            usable = key.key_size in _RSA_BITS
        else:
            usable = isinstance(key, ed25519.Ed25519PublicKey)
        if not usable:
            raise UsageError(
                f"the key in {origin} is of a kind that attestations are not signed with",
                "take ECDSA on P-256, Ed25519, or RSA of 2048 to 8192 bits",
            )
        assert isinstance(key, PublicKey)
        return cls(key, origin, f"sha256:{_spki_sha256(key).hex()}")

    @property
    def hint(self) -> str:
        """What a bundle's `publicKey.hint` says of this key, as cosign writes it; nobody is bound to it."""
        return encode_base64(bytes.fromhex(self.fingerprint.removeprefix("sha256:")))

    @property
    def uri(self) -> str:
        """Where it came from, if that is a KMS or an HSM; empty for a file."""
        return self.origin if "://" in self.origin or self.origin.startswith("pkcs11:") else ""

    @property
    def pem(self) -> str:
        """The key as PEM (SubjectPublicKeyInfo)."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message`."""
        try:
            if isinstance(self.key, ec.EllipticCurvePublicKey):
                self.key.verify(signature, message, ec.ECDSA(_HASHES[self.key.curve.name]()))
            elif isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            else:
                self.key.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _spki_sha256(key: PublicKey) -> bytes:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def parse_public_key(pem: bytes, origin: str) -> VerificationKey:
    """The public key that `pem` is.

    Args:
        pem: one PEM block, `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY`.
        origin: what messages call it.

    Raises:
        UsageError: it is no public key, or of a kind that attestations are not signed with.
    """
    if b"PRIVATE KEY" in pem:
        raise UsageError(f"{origin} holds a private key; to verify, name the public one")
    if pem.count(b"-----BEGIN") > 1:
        raise UsageError(f"{origin} holds several keys; name each in a file of its own")
    try:
        return VerificationKey.of(load_pem_public_key(pem), origin)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{origin} is no public key", "PEM is expected: -----BEGIN PUBLIC KEY-----") from None


def load_public_key(path: Path | str) -> VerificationKey:
    """The public key in the PEM file at `path`. Raises as `parse_public_key`; also where it cannot be read."""
    return parse_public_key(read_key_file(path), str(path))


def read_key_file(path: Path | str) -> bytes:
    """The content of a key's file, 64 KiB at most.

    Raises:
        UsageError: it cannot be read, or is larger.
    """
    if "://" in str(path):
        raise UsageError(
            f"{shown(str(path))} names no key: its scheme is unknown",
            "a file, awskms://, gcpkms://, azurekms://, hashivault:// or pkcs11:",
        )
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"the key {str(path)!r} cannot be read: {what or 'no such name'}") from None
    if len(content) > _LARGEST_FILE:
        raise UsageError(f"{str(path)!r} is too large for a key")
    return content
