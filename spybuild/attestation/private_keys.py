"""Private keys in files: PEM as everybody writes it, and cosign's encrypted form.

Nothing of a key or a password is ever in an error, a `repr` or a log.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from pydantic import ConfigDict, Field, ValidationError

from spybuild.attestation.documents import decode_base64, read_object
from spybuild.attestation.keys import VerificationKey, read_key_file
from spybuild.errors import EvidenceRefused, UsageError
from spybuild.model.base import Model

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Password = Callable[[], str]

_COSIGN_LABELS = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")
_MOST_SCRYPT_MEMORY = 256 << 20


def _none_given() -> str:
    return ""


@dataclass(frozen=True)
class SigningKey:
    """A private key, and the public one that verifies what it signs."""

    private: PrivateKey = field(repr=False)
    public: VerificationKey

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, with the hash that goes with the key (see `keys`)."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(message)


def load_private_key(path: Path | str, password: Password = _none_given) -> SigningKey:
    """The private key in the file at `path`. Raises as `parse_private_key`; also where it cannot be read."""
    return parse_private_key(read_key_file(path), str(path), password)


def parse_private_key(pem: bytes, origin: str, password: Password = _none_given) -> SigningKey:
    """The private key that `pem` is.

    Args:
        pem: PKCS #8 (plain or encrypted), `EC PRIVATE KEY`, `RSA PRIVATE KEY`, or what `cosign generate-key-pair`
            writes (`ENCRYPTED SIGSTORE PRIVATE KEY`).
        origin: what messages call it.
        password: asked for the password, only where the key is encrypted (cosign's is COSIGN_PASSWORD).

    Raises:
        UsageError: it is no private key, the password does not open it, or attestations are not signed with its kind.
    """
    if b"PRIVATE KEY" not in pem and b"-----BEGIN" in pem:
        raise UsageError(f"{origin} holds no private key", "to sign, name the key's private half")
    try:
        if any(label in pem for label in _COSIGN_LABELS):
            private: object = load_der_private_key(_open_cosign(pem, origin, password), None)
        else:
            private = _load_pem(pem, origin, password)
    except (ValueError, UnsupportedAlgorithm, EvidenceRefused):
        raise UsageError(
            f"{origin} is no private key that can be read", "PEM is expected, or the password is wrong"
        ) from None  # the cause may quote the key
    return _usable(private, origin)


def _load_pem(pem: bytes, origin: str, password: Password) -> object:
    try:
        return load_pem_private_key(pem, None)
    except TypeError:  # it is encrypted
        given = password()
    if not given:
        raise UsageError(f"the key in {origin} is encrypted, and there is no password", "set COSIGN_PASSWORD")
    return load_pem_private_key(pem, given.encode())


def _usable(private: object, origin: str) -> SigningKey:
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name != "secp256r1":
        raise UsageError(
            f"the key in {origin} is on the curve {private.curve.name}, whose signatures cosign 2 does not verify",
            "sign with a key on P-256: `cosign generate-key-pair`",
        )
    if not isinstance(private, PrivateKey):
        raise UsageError(f"the key in {origin} is of a kind that attestations are not signed with", "take P-256")
    return SigningKey(private, VerificationKey.of(private.public_key(), origin))


class _Scrypt(Model):
    n: int = Field(alias="N", ge=2)
    r: int = Field(ge=1, le=64)
    p: int = Field(ge=1, le=16)

    model_config = ConfigDict(extra="ignore")

    @property
    def memory(self) -> int:
        """Bytes that scrypt needs (RFC 7914)."""
        return 128 * self.r * (self.n + self.p + 2)


class _Derivation(Model):
    name: Literal["scrypt"]
    params: _Scrypt
    salt: str

    model_config = ConfigDict(extra="ignore")


class _Cipher(Model):
    name: Literal["nacl/secretbox"]
    nonce: str

    model_config = ConfigDict(extra="ignore")


class _Encrypted(Model):
    """What is inside cosign's PEM block (secure-systems-lab/go-securesystemslib, `encrypted`)."""

    kdf: _Derivation
    cipher: _Cipher
    ciphertext: str

    model_config = ConfigDict(extra="ignore")


def _open_cosign(pem: bytes, origin: str, password: Password) -> bytes:
    """The PKCS #8 DER that cosign's encrypted key holds."""
    try:
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox
    except ImportError:
        raise UsageError("cosign's encrypted keys need PyNaCl", "pip install 'spybuild[sign]'") from None
    try:
        sealed = _Encrypted.model_validate(_cosign_json(pem))
    except ValidationError:
        raise UsageError(f"{origin} is no key that cosign has encrypted") from None
    if sealed.kdf.params.memory > _MOST_SCRYPT_MEMORY:
        raise UsageError(f"the key in {origin} asks for more than {_MOST_SCRYPT_MEMORY >> 20} MiB to be opened")
    key = _derive(sealed.kdf, password())
    try:
        nonce = decode_base64(sealed.cipher.nonce, "the nonce")
        return SecretBox(key).decrypt(decode_base64(sealed.ciphertext, "the ciphertext"), nonce)
    except CryptoError:
        raise UsageError(f"the password does not open the key in {origin}", "set COSIGN_PASSWORD") from None


def _cosign_json(pem: bytes) -> dict[str, Any]:
    body = b"".join(line.strip() for line in pem.splitlines() if line.strip() and b"-----" not in line)
    return read_object(decode_base64(body.decode("ascii"), "the key"), "the key", most=len(pem))


def _derive(kdf: _Derivation, password: str) -> bytes:
    asked = kdf.params
    salt = decode_base64(kdf.salt, "the salt")
    return hashlib.scrypt(
        password.encode(), salt=salt, n=asked.n, r=asked.r, p=asked.p, maxmem=_MOST_SCRYPT_MEMORY + (1 << 20), dklen=32
    )
