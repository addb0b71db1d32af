"""Transparency logs: Rekor's API versions 1 (ECDSA, promises) and 2 (Ed25519, tiles), over one Merkle tree each."""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.sigstore.certificates import spki


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash (RFC 6962 section 2.1) over hashed leaves."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    """The audit path of a leaf."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), root_of(leaves[:split])]


@dataclass
class Log:
    """A log. It begins with one entry, for cosign 2.5.0 takes the index 0 for a missing one."""

    origin: str
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    leaves: list[bytes] = field(default_factory=lambda: [hashlib.sha256(b"\0first").digest()])
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def id(self) -> bytes:
        """The log's id: of the key alone in version 1, of a signed note's key in version 2."""
        public = self.key.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            return hashlib.sha256(spki(public)).digest()
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(self.origin.encode() + b"\n\x01" + raw).digest()

    @property
    def tree(self) -> str:
        """What version 1 puts behind its name in checkpoints; sigstore-go tells the versions apart by it."""
        return " - 1193050959916656506" if isinstance(self.key, ec.EllipticCurvePrivateKey) else ""

    @property
    def key_details(self) -> str:
        """What trusted roots call keys of this kind."""
        is_ecdsa = isinstance(self.key, ec.EllipticCurvePrivateKey)
        return "PKIX_ECDSA_P256_SHA_256" if is_ecdsa else "PKIX_ED25519"

    def sign(self, message: bytes) -> bytes:
        """The log's signature over `message`."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(message)

    def append(self, body: bytes) -> tuple[int, list[bytes], list[bytes], str]:
        """Add an entry: its index, its path, all leaves, and the signed checkpoint."""
        with self.lock:
            self.leaves.append(hashlib.sha256(b"\0" + body).digest())
            leaves = list(self.leaves)
        index = len(leaves) - 1
        note = f"{self.origin}{self.tree}\n{len(leaves)}\n{b64(root_of(leaves))}\n"
        signature = b64(self.id[:4] + self.sign(note.encode()))
        return index, path_of(index, leaves), leaves, f"{note}\n\u2014 {self.origin} {signature}\n"

    def add_v2(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer `POST /api/v2/log/entries`."""
        asked = request["hashedRekordRequestV002"]
        record = {"data": {"algorithm": "SHA2_256", "digest": asked["digest"]}, "signature": asked["signature"]}
        body = rfc8785.dumps({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record}})
        index, path, leaves, checkpoint = self.append(body)
        return {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.id)},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root_of(leaves)),
                "treeSize": str(len(leaves)),
                "hashes": [b64(each) for each in path],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": b64(body),
        }

    def add_v1(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer `POST /api/v1/log/entries` for a `dsse` entry."""
        proposed = request["spec"]["proposedContent"]
        envelope = json.loads(proposed["envelope"])
        payload = base64.b64decode(envelope["payload"])
        signature = {"signature": envelope["signatures"][0]["sig"], "verifier": proposed["verifiers"][0]}
        spec = {
            "envelopeHash": _sha256(proposed["envelope"].encode()),
            "payloadHash": _sha256(payload),
            "signatures": [signature],
        }
        body = rfc8785.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})  # type: ignore[dict-item]
        index, path, leaves, checkpoint = self.append(body)
        promised = {
            "body": b64(body),
            "integratedTime": int(datetime.now(UTC).timestamp()),
            "logID": self.id.hex(),
            "logIndex": index,
        }
        proof = {
            "logIndex": index,
            "rootHash": root_of(leaves).hex(),
            "treeSize": len(leaves),
            "hashes": [each.hex() for each in path],
            "checkpoint": checkpoint,
        }
        promise = b64(self.sign(rfc8785.dumps(promised)))  # type: ignore[arg-type]  # a flat object
        return {f"u{index}": {**promised, "verification": {"signedEntryTimestamp": promise, "inclusionProof": proof}}}


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
