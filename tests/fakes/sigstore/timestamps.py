"""An RFC 3161 timestamp authority whose clock can be set."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.fakes.sigstore import der
from tests.fakes.sigstore.certificates import Authority, now

_SHA256 = "2.16.840.1.101.3.4.2.1"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"


def _root() -> Authority:
    return Authority.make("tsa-root")


@dataclass
class TimestampAuthority:
    """Signs any digest, with the time that `clock` gives."""

    clock: Callable[[], datetime] = now
    root: Authority = field(default_factory=_root)
    leaf: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.leaf = Authority.make("tsa", self.root, ExtendedKeyUsageOID.TIME_STAMPING, is_leaf=True)

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Its certificates, the signing one first."""
        return self.leaf.certificate, self.root.certificate

    def stamp(self, signature: bytes) -> bytes:
        """A reply over the SHA-256 of `signature`, as if it had been asked for."""
        return self._reply(_imprint(hashlib.sha256(signature).digest()), b"")

    def answer(self, request: bytes) -> bytes:
        """The reply to a request (DER)."""
        (_, body, _), *_ = der.elements(request)
        parts = list(der.elements(body))
        nonce = [whole for tag, _, whole in parts[2:] if tag == der.INTEGER]
        return self._reply(parts[1][2], b"".join(nonce))

    def _reply(self, imprint: bytes, nonce: bytes) -> bytes:
        info = der.tlv(
            der.SEQUENCE,
            der.integer(1),
            der.oid("1.2.3.4.1"),
            imprint,
            der.integer(secrets.randbits(60)),
            der.time(self.clock()),
            nonce,
        )
        granted = der.tlv(der.SEQUENCE, der.integer(0))
        return der.tlv(der.SEQUENCE, granted, self._token(info))

    def _token(self, info: bytes) -> bytes:
        """CMS SignedData (RFC 5652) over a TSTInfo."""
        certificate = self.leaf.certificate.public_bytes(Encoding.DER)
        content = der.tlv(der.SEQUENCE, der.oid(_TST_INFO), der.tlv(0xA0, der.tlv(der.OCTETS, info)))
        signed = der.tlv(
            der.SEQUENCE,
            der.integer(3),
            der.set_of(der.algorithm(_SHA256)),
            content,
            der.tlv(0xA0, certificate),
            der.set_of(self._signer(info, certificate)),
        )
        return der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.7.2"), der.tlv(0xA0, signed))

    def _signer(self, info: bytes, certificate: bytes) -> bytes:
        issued = self.leaf.certificate
        named = der.tlv(der.SEQUENCE, issued.issuer.public_bytes(), der.integer(issued.serial_number))
        used = der.tlv(der.SEQUENCE, der.tlv(der.OCTETS, hashlib.sha256(certificate).digest()))
        attributes = [
            _attribute("1.2.840.113549.1.9.3", der.oid(_TST_INFO)),
            _attribute("1.2.840.113549.1.9.4", der.tlv(der.OCTETS, hashlib.sha256(info).digest())),
            _attribute("1.2.840.113549.1.9.16.2.47", der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, used))),
        ]
        signature = self.leaf.key.sign(der.set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        return der.tlv(
            der.SEQUENCE,
            der.integer(1),
            named,
            der.algorithm(_SHA256),
            der.tlv(0xA0, *sorted(attributes)),
            der.algorithm(_ECDSA_SHA256),
            der.tlv(der.OCTETS, signature),
        )


def _imprint(digest: bytes) -> bytes:
    return der.tlv(der.SEQUENCE, der.algorithm(_SHA256), der.tlv(der.OCTETS, digest))


def _attribute(kind: str, value: bytes) -> bytes:
    return der.tlv(der.SEQUENCE, der.oid(kind), der.set_of(value))
