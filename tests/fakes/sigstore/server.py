"""The HTTP side of a private Sigstore, and the trust material that names it."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.fakes.sigstore.certificates import Authority, Issuance, issue, spki
from tests.fakes.sigstore.logs import Log, b64
from tests.fakes.sigstore.timestamps import TimestampAuthority

_ALWAYS = {"start": "2020-01-01T00:00:00Z"}
_CHAIN = "application/pem-certificate-chain"


@dataclass
class Broken:
    """How a service misbehaves: `times` answers of `status` (0: it hangs up), each after `delay` seconds."""

    status: int = 0
    times: int = 1000
    delay: float = 0.0
    body: bytes = b'{"message": "out of order"}'


class FakeSigstore:
    """A whole private Sigstore, from `with` to its end.

    Attributes:
        url: where all of it listens.
        issuance: how certificates are made; may be changed at any time.
        extensions: last arcs of Fulcio's extension OIDs to texts, put into certificates.
        broken: service (`fulcio`, `rekor`, `tsa`) to how it misbehaves.
        asked: the services that were asked, in order.
    """

    def __init__(self) -> None:
        self.root = Authority.make("fulcio-root")
        self.intermediate = Authority.make("fulcio", self.root, ExtendedKeyUsageOID.CODE_SIGNING)
        self.ct = ec.generate_private_key(ec.SECP256R1())
        self.tsa = TimestampAuthority()
        self.issuance = Issuance()
        self.extensions: dict[str, str] = {}
        self.broken: dict[str, Broken] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        origin = "127.0.0.1"  # sigstore-go wants the name of the log's host, without its port
        self.logs = {
            1: Log(origin, ec.generate_private_key(ec.SECP256R1())),
            2: Log(origin, ed25519.Ed25519PrivateKey.generate()),
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, subject: str = "ci@example.org", lifetime: float = 600, **claims: Any) -> str:
        """An identity token, not signed in a way that anybody checks."""
        at = int(time.time())
        usual = {"iss": self.url, "aud": "sigstore", "sub": subject, "iat": at, "nbf": at - 1, "exp": at + lifetime}
        return jwt.encode(usual | claims, "x" * 32, "HS256")

    def certificate(self, public_key: ec.EllipticCurvePublicKey, claims: Mapping[str, str]) -> x509.Certificate:
        """A signing certificate for the subject of a token's claims."""
        return issue(public_key, claims, self.extensions, self.intermediate, self.ct, self.issuance)

    def trusted_root(self, *, logs: bool = True, ct: bool = True, tsa: bool = True) -> dict[str, Any]:
        """A TrustedRoot document, with everything or without some of it."""
        fulcio = _chain(self.intermediate.certificate, self.root.certificate)
        details = ("PKIX_ECDSA_P256_SHA_256", hashlib.sha256(spki(self.ct.public_key())).digest())
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._log(spki(each.key.public_key()), each.key_details, each.id) for each in self.logs.values()]
            if logs
            else [],
            "certificateAuthorities": [_authority("fulcio", self.url, fulcio)],
            "ctlogs": [self._log(spki(self.ct.public_key()), *details)] if ct else [],
            "timestampAuthorities": [_authority("tsa", self.url, _chain(*self.tsa.chain))] if tsa else [],
        }

    def signing_config(self, rekor: tuple[int, ...] = (1,), *, tsa: bool = True) -> dict[str, Any]:
        """A SigningConfig document that offers these versions of Rekor."""
        any_one = {"selector": "ANY"}
        return {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [self._service()],
            "oidcUrls": [self._service()],
            "rekorTlogUrls": [self._service(version=version) for version in rekor],
            "rekorTlogConfig": any_one,
            "tsaUrls": [self._service("/api/v1/timestamp")] if tsa else [],
            "tsaConfig": any_one,
        }

    def trust_config(self, rekor: tuple[int, ...] = (1,), *, tsa: bool = True) -> dict[str, Any]:
        """A ClientTrustConfig document: both of the above."""
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": self.signing_config(rekor, tsa=tsa),
        }

    def set_clock(self, moment: datetime) -> None:
        """What the timestamp authority's clock says from now on."""
        self.tsa.clock = lambda: moment

    def _service(self, path: str = "", version: int = 1) -> dict[str, Any]:
        return {"url": self.url + path, "majorApiVersion": version, "validFor": dict(_ALWAYS), "operator": "fake"}

    def _log(self, key: bytes, details: str, log_id: bytes) -> dict[str, Any]:
        return {
            "baseUrl": self.url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": b64(key), "keyDetails": details, "validFor": dict(_ALWAYS)},
            "logId": {"keyId": b64(log_id)},
        }

    def issue_chain(self, request: dict[str, Any], authorization: str) -> list[str]:
        """The certificates (PEM) that Fulcio gives for a request of either API version."""
        raw = authorization.removeprefix("Bearer ") or request["credentials"]["oidcIdentityToken"]
        claims = jwt.decode(raw, options={"verify_signature": False, "verify_aud": False})
        leaf = self.certificate(_requested_key(request), claims)
        return [
            each.public_bytes(Encoding.PEM).decode()
            for each in (leaf, self.intermediate.certificate, self.root.certificate)
        ]


def _chain(*certificates: x509.Certificate) -> dict[str, Any]:
    return {"certificates": [{"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in certificates]}


def _authority(name: str, url: str, chain: dict[str, Any]) -> dict[str, Any]:
    subject = {"organization": "fake", "commonName": name}
    return {"subject": subject, "uri": url, "certChain": chain, "validFor": dict(_ALWAYS)}


def _requested_key(request: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    if csr := request.get("certificateSigningRequest"):
        key: object = x509.load_pem_x509_csr(base64.b64decode(csr)).public_key()
    else:
        content = (request.get("publicKey") or request["publicKeyRequest"]["publicKey"])["content"]
        raw = content.encode() if "BEGIN" in content else base64.b64decode(content)
        key = load_pem_public_key(raw) if b"BEGIN" in raw else load_der_public_key(raw)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _handler(fake: FakeSigstore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            pass

        def answer(self, status: int, body: bytes, kind: str = "application/json", tag: str = "u") -> None:
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Location", f"/api/v1/log/entries/{tag}"), ("ETag", tag)):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path == "/api/v1/rootCert":
                chain = (fake.intermediate.certificate, fake.root.certificate)
                self.answer(200, b"".join(each.public_bytes(Encoding.PEM) for each in chain), _CHAIN)
            elif self.path == "/api/v1/log/publicKey":
                key = fake.logs[1].key.public_key()
                self.answer(200, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
            else:
                self.answer(404, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service = _SERVICES.get(self.path.rstrip("/"), "")
            fake.asked.append(service)
            if (broken := fake.broken.get(service)) and broken.times > 0:
                broken.times -= 1
                time.sleep(broken.delay)
                if broken.status:
                    self.answer(broken.status, broken.body)
                return
            self.answer(*_serve(fake, self.path.rstrip("/"), body, self.headers.get("Authorization", "")))

    return Handler


_SERVICES = {
    "/api/v2/signingCert": "fulcio",
    "/api/v1/signingCert": "fulcio",
    "/api/v1/timestamp": "tsa",
    "/api/v1/log/entries": "rekor",
    "/api/v2/log/entries": "rekor",
}


def _serve(fake: FakeSigstore, path: str, body: bytes, authorization: str) -> tuple[int, bytes, str, str]:
    plain = "application/json"
    if path == "/api/v1/timestamp":
        return 201, fake.tsa.answer(body), "application/timestamp-reply", ""
    asked = json.loads(body)
    if path == "/api/v2/signingCert":
        chain = {"chain": {"certificates": fake.issue_chain(asked, authorization)}}
        return 200, json.dumps({"signedCertificateEmbeddedSct": chain}).encode(), plain, ""
    if path == "/api/v1/signingCert":  # what cosign 2 asks
        return 201, "".join(fake.issue_chain(asked, authorization)).encode(), _CHAIN, ""
    if path == "/api/v1/log/entries":
        entry = fake.logs[1].add_v1(asked)
        return 201, json.dumps(entry).encode(), plain, next(iter(entry))  # sigstore-go looks under the tag
    return 201, json.dumps(fake.logs[2].add_v2(asked)).encode(), plain, ""
