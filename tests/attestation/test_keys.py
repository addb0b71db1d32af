"""Public keys: read from PEM, named by their digest, held against signatures."""

import base64
import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spybuild.attestation.keys import VerificationKey, load_public_key, parse_public_key
from spybuild.errors import UsageError
from tests.attestation.making import pem, private_key

RSA = rsa.generate_private_key(65537, 2048)


def _pem(public: object) -> bytes:
    made: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return made


def test_each_kind_of_key_verifies_with_the_hash_that_goes_with_it() -> None:
    """Sigstore's algorithm registry: the bundle has no say in it."""
    p256, p384, ed = private_key(), ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()
    signatures: list[tuple[Any, bytes]] = [
        (p256, p256.sign(b"m", ec.ECDSA(hashes.SHA256()))),
        (p384, p384.sign(b"m", ec.ECDSA(hashes.SHA384()))),
        (ed, ed.sign(b"m")),
        (RSA, RSA.sign(b"m", padding.PKCS1v15(), hashes.SHA256())),
    ]
    for private, signature in signatures:
        key = VerificationKey.of(private.public_key(), "it")
        assert key.verifies(signature, b"m")
        assert not key.verifies(signature, b"n")
        assert not key.verifies(signature + b"\0", b"m")
        assert not key.verifies(b"", b"m")


def test_another_hash_or_padding_does_not_verify() -> None:
    """P-384 with SHA-256 and RSA with PSS are other algorithms."""
    p384 = ec.generate_private_key(ec.SECP384R1())
    assert not VerificationKey.of(p384.public_key(), "it").verifies(p384.sign(b"m", ec.ECDSA(hashes.SHA256())), b"m")
    pss = RSA.sign(b"m", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert not VerificationKey.of(RSA.public_key(), "it").verifies(pss, b"m")


def test_the_fingerprint_is_that_of_the_key_alone() -> None:
    """sha256 of the SubjectPublicKeyInfo, as openssl computes it; the hint is the same in base64, as cosign has it."""
    key = private_key().public_key()
    read = parse_public_key(_pem(key), "it")
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"], input=_pem(key), capture_output=True, check=True
    ).stdout
    assert read.fingerprint == f"sha256:{hashlib.sha256(der).hexdigest()}"
    assert base64.b64decode(read.hint) == hashlib.sha256(der).digest()
    assert read.pem.encode() == _pem(key)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key"),
        (pem(private_key()), "holds a private key"),
        (_pem(RSA.public_key()) * 2, "several keys"),
        (_pem(rsa.generate_private_key(65537, 1024).public_key()), "not signed with"),
        (_pem(dsa.generate_private_key(1024).public_key()), "not signed with"),
        (_pem(ec.generate_private_key(ec.SECP256K1()).public_key()), "not signed with"),
    ],
)
def test_what_is_no_usable_public_key_is_refused(content: bytes, message: str) -> None:
    """Short RSA, DSA, other curves, two keys in one file, a private key where a public one is meant."""
    with pytest.raises(UsageError, match=message) as refusal:
        parse_public_key(content, "it")
    assert b"PRIVATE KEY-----\nM" not in str(refusal.value).encode()


def test_files_that_are_no_keys_are_refused(tmp_path: Path) -> None:
    """Missing, a folder, too large, a name that no file can have."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * 70_000)
    for path in (tmp_path / "none", tmp_path, large, "a\0b"):
        with pytest.raises(UsageError):
            load_public_key(path)


def test_a_scheme_that_is_unknown_is_no_file() -> None:
    """Cosign has schemes that we have not; "No such file" would not say so."""
    for name in ("k8s://namespace/name", "env://COSIGN_PUBLIC_KEY"):
        with pytest.raises(UsageError, match="its scheme is unknown"):
            load_public_key(name)


def test_a_key_in_a_kms_has_an_address() -> None:
    """What messages call it, and the model's `uri`; a file has none."""
    key = private_key().public_key()
    assert VerificationKey.of(key, "awskms:///alias/a").uri == "awskms:///alias/a"
    assert VerificationKey.of(key, "pkcs11:token=a").uri == "pkcs11:token=a"
    assert VerificationKey.of(key, "keys/a.pub").uri == ""
