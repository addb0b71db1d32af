"""Keys for policies."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from spybuild.model.digests import Digest

CONTRACT = "filename: plugin.py\nfunctions:\n  - name: run\n"


@pytest.fixture(scope="session")
def private_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def pem(private_key: ec.EllipticCurvePrivateKey) -> str:
    """Its public half."""
    return private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="session")
def private_pem(private_key: ec.EllipticCurvePrivateKey) -> str:
    """The private half, which no policy takes."""
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def fingerprint(private_key: ec.EllipticCurvePrivateKey) -> Digest:
    """Sha256 of its SubjectPublicKeyInfo."""
    return Digest.of(private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def folder(tmp_path: Path, pem: str, private_pem: str) -> Path:
    """A folder with a contract, a public key and, by mistake, a private one."""
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    (tmp_path / "cosign.pub").write_text(pem)
    (tmp_path / "cosign.key").write_text(private_pem)
    return tmp_path
