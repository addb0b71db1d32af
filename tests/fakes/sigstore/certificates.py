"""The certificates of a private Sigstore: authorities, and Fulcio's short-lived ones with an embedded SCT."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.fakes.sigstore import der

_FULCIO = "1.3.6.1.4.1.57264.1"
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def spki(key: object) -> bytes:
    """A public key's SubjectPublicKeyInfo (DER)."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _usage(*, signature: bool) -> x509.KeyUsage:
    return x509.KeyUsage(signature, False, False, False, False, not signature, not signature, False, False)


@dataclass(frozen=True)
class Authority:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(
        cls,
        name: str,
        issuer: "Authority | None" = None,
        usage: x509.ObjectIdentifier | None = None,
        *,
        is_leaf: bool = False,
    ) -> "Authority":
        """A root, or what `issuer` signs."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fake"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        signer = issuer.key if issuer else key
        builder = (
            x509.CertificateBuilder(issuer.certificate.subject if issuer else subject, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=3650))
            .not_valid_after(now() + timedelta(days=3650))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
            .add_extension(_usage(signature=is_leaf), True)
        )
        if not is_leaf:
            builder = builder.add_extension(x509.BasicConstraints(True, 0 if issuer else None), True)
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), is_leaf)
        return cls(builder.sign(signer, hashes.SHA256()), key)


@dataclass(frozen=True)
class Issuance:
    """How Fulcio makes certificates: for how long, from when on (relative to now), and whether with an SCT."""

    lifetime: timedelta = timedelta(minutes=10)
    begins: timedelta = timedelta()
    has_sct: bool = True
    names: tuple[str, ...] = ()  # instead of the token's subject


def issue(
    public_key: ec.EllipticCurvePublicKey,
    claims: Mapping[str, str],
    extensions: Mapping[str, str],
    authority: Authority,
    log: ec.EllipticCurvePrivateKey,
    how: Issuance,
) -> x509.Certificate:
    """A signing certificate for the token's subject.

    Args:
        public_key: the signer's.
        claims: the identity token's.
        extensions: last arc of Fulcio's extension OIDs to texts.
        authority: the intermediate that signs.
        log: the CT log's key.
        how: the rest.
    """
    names = how.names or (claims.get("email") or claims["sub"],)
    begins = now() + how.begins
    builder = (
        x509.CertificateBuilder(authority.certificate.subject, x509.Name([]), public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + how.lifetime)
        .add_extension(_usage(signature=True), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in names]), True)
        .add_extension(_extension("1", claims["iss"].encode()), False)
        .add_extension(_extension("8", der.tlv(der.UTF8, claims["iss"].encode())), False)
    )
    for arc, text in extensions.items():
        builder = builder.add_extension(_extension(arc, der.tlv(der.UTF8, text.encode())), False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    if not how.has_sct:
        return certificate
    scts = x509.UnrecognizedExtension(_SCT_LIST, der.tlv(der.OCTETS, _sct_list(certificate, authority, log)))
    return builder.add_extension(scts, False).sign(authority.key, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    return x509.RFC822Name(text) if "@" in text else x509.UniformResourceIdentifier(text)


def _extension(arc: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_FULCIO}.{arc}"), value)


def _sct_list(certificate: x509.Certificate, authority: Authority, log: ec.EllipticCurvePrivateKey) -> bytes:
    """A SignedCertificateTimestampList with one SCT over the precertificate (RFC 6962)."""
    body = certificate.tbs_certificate_bytes
    at = int(datetime.now(UTC).timestamp() * 1000)
    issuer = hashlib.sha256(spki(authority.key.public_key())).digest()
    signed = struct.pack(">BBQH", 0, 0, at, 1) + issuer + len(body).to_bytes(3, "big") + body + b"\0\0"
    signature = log.sign(signed, ec.ECDSA(hashes.SHA256()))
    log_id = hashlib.sha256(spki(log.public_key())).digest()
    sct = b"\0" + log_id + struct.pack(">QHBBH", at, 0, 4, 3, len(signature)) + signature
    one = struct.pack(">H", len(sct)) + sct
    return struct.pack(">H", len(one)) + one
