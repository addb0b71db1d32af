"""What clients of the private Sigstore must know: its roots of trust and where its services are.

The formats are those of sigstore's protobuf-specs: TrustedRoot 0.1, SigningConfig 0.2 and, with both in it, ClientTrustConfig.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stack import pki
from tests.stack.home import replace_text

_TYPE = "application/vnd.dev.sigstore."
# Before every certificate the stack makes: their clocks start when it is first brought up.
_ALWAYS = {"start": "2020-01-01T00:00:00Z"}
# What the DER of an Ed25519 public key has before its 32 bytes (RFC 8410).
_ED25519_PREFIX = 12


def write(folder: Path, keys: Path, urls: Mapping[str, str], origin: str) -> dict[str, str]:
    """Write the three documents; gives their paths.

    Args:
        folder: Where they go.
        keys: The folder with the keys and certificates of the services.
        urls: Of ``fulcio``, ``issuer``, ``rekor``, ``timestamp`` and ``ctlog``.
        origin: What Rekor calls itself in its checkpoints.
    """
    root, config = _trusted_root(keys, urls, origin), _signing_config(urls)
    documents = {
        "trusted_root": root,
        "signing_config": config,
        "trust_config": {
            "mediaType": f"{_TYPE}clienttrustconfig.v0.1+json",
            "trustedRoot": root,
            "signingConfig": config,
        },
    }
    for name, document in documents.items():
        replace_text(folder / f"{name}.json", json.dumps(document, indent=2) + "\n")
    return {name: str(folder / f"{name}.json") for name in documents}


def _trusted_root(keys: Path, urls: Mapping[str, str], origin: str) -> dict[str, Any]:
    rekor, ctlog = pki.public(keys / "rekor.key"), pki.public(keys / "ctlog.key")
    # A log of version 2 is named after its origin and its raw key, type 1 being Ed25519 (C2SP signed-note).
    rekor_id = hashlib.sha256(f"{origin}\n\x01".encode() + rekor[_ED25519_PREFIX:]).digest()
    return {
        "mediaType": f"{_TYPE}trustedroot+json;version=0.1",
        "tlogs": [_log(urls["rekor"], rekor, "PKIX_ED25519", rekor_id)],
        "certificateAuthorities": [
            _authority(urls["fulcio"], "fulcio", keys / "fulcio-ca.pem", keys / "fulcio-root.pem")
        ],
        "ctlogs": [_log(urls["ctlog"], ctlog, "PKIX_ECDSA_P256_SHA_256", hashlib.sha256(ctlog).digest())],
        "timestampAuthorities": [
            _authority(urls["timestamp"], "timestamp", keys / "timestamp.pem", keys / "timestamp-root.pem")
        ],
    }


def _signing_config(urls: Mapping[str, str]) -> dict[str, Any]:
    def service(name: str, version: int = 1, path: str = "") -> list[dict[str, Any]]:
        url = urls[name] + path
        return [{"url": url, "majorApiVersion": version, "validFor": _ALWAYS, "operator": "spybuild-stack"}]

    return {
        "mediaType": f"{_TYPE}signingconfig.v0.2+json",
        "caUrls": service("fulcio"),
        "oidcUrls": service("issuer"),
        "rekorTlogUrls": service("rekor", 2),
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": service("timestamp", path="/api/v1/timestamp"),
        "tsaConfig": {"selector": "ANY"},
    }


def _log(url: str, public: bytes, details: str, name: bytes) -> dict[str, Any]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": _base64(public), "keyDetails": details, "validFor": _ALWAYS},
        "logId": {"keyId": _base64(name)},
    }


def _authority(url: str, name: str, *chain: Path) -> dict[str, Any]:
    return {
        "subject": {"organization": "spybuild-stack", "commonName": name},
        "uri": url,
        "certChain": {"certificates": [{"rawBytes": _base64(pki.der(each))} for each in chain]},
        "validFor": _ALWAYS,
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
