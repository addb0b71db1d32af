"""JSON Web Tokens signed with an RSA key (RS256, RFC 7515 and 7519), by openssl."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import pki


def encoded(data: bytes) -> str:
    """Base64url without padding, as tokens want it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(key: Path, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A signed token in its compact form."""
    parts = [{"typ": "JWT", "alg": "RS256", **header}, claims]
    signed = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{encoded(pki.openssl(['dgst', '-sha256', '-sign', key], signed.encode()))}"


@dataclass(frozen=True)
class WebKey:
    """The public half of a signing key, as issuers publish it (RFC 7517)."""

    id: str
    modulus: bytes

    @classmethod
    def of(cls, key: Path) -> WebKey:
        """The web key of a private RSA key in PEM."""
        text = pki.openssl(["rsa", "-in", key, "-noout", "-modulus"]).decode().strip().removeprefix("Modulus=")
        modulus = bytes.fromhex(text)
        return cls(hashlib.sha256(modulus).hexdigest()[:16], modulus)

    def document(self) -> dict[str, str]:
        """Its JSON; openssl's public exponent is 65537."""
        fixed = {"kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB"}
        return {**fixed, "kid": self.id, "n": encoded(self.modulus)}
