"""Reports, statements and bundles for tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from spybuild.attestation.bundles import MEDIA_TYPE, write_key_bundle
from spybuild.attestation.documents import encode_base64
from spybuild.attestation.envelopes import pre_authentication_encoding
from spybuild.attestation.identity_tokens import Token
from spybuild.attestation.keyless import KeylessSigning, parse_instance
from spybuild.attestation.keys import VerificationKey
from spybuild.attestation.private_keys import SigningKey
from spybuild.attestation.roots import TrustedRoot, parse_trusted_root
from spybuild.attestation.signers import SignerWithKey
from spybuild.attestation.trust import Trust, TrustedIdentity
from spybuild.attestation.verification import authenticate
from spybuild.errors import EvidenceRefused
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly
from spybuild.model.report import ContractReference, ModuleReport, PlatformReport, Report, Subject, Tool, Verdict
from tests.fakes.sigstore import FakeSigstore

INDEX = Digest("sha256", "c0" * 32)
MANIFESTS = {"linux/amd64": Digest("sha256", "a0" * 32), "linux/arm64": Digest("sha256", "a1" * 32)}
CONTRACT = Digest("sha256", "b0" * 32)
MOMENT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IDENTITY = "ci@example.org"


def platform_report(platform: str = "linux/amd64", **changes: Any) -> PlatformReport:
    """A platform that passed."""
    usual: dict[str, Any] = {
        "digest": str(MANIFESTS.get(platform, INDEX)),
        "evidence": ("static", "runtime"),
        "modules": (ModuleReport(name="thermostat.plugin", verdict=Verdict.PASS),),
    }
    return PlatformReport(platform=platform, **(usual | changes))


def report(*platforms: PlatformReport, **changes: Any) -> Report:
    """A report on an index; of two platforms that passed, where none is given."""
    usual: dict[str, Any] = {
        "tool": Tool(version="0.1.0"),
        "subject": Subject(reference="registry.example/app:1.4", digest=str(INDEX), kind="index"),
        "contract": ContractReference(path="contracts/app.yml", digest=str(CONTRACT)),
        "platforms": platforms or tuple(map(platform_report, MANIFESTS)),
    }
    return Report(**(usual | changes))


def statement(**changes: Any) -> bytes:
    """A test-result statement; `changes` to its top level."""
    usual = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "_", "digest": {"sha256": MANIFESTS["linux/amd64"].hex}}],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {"result": "PASSED", "configuration": []},
    }
    return json.dumps(usual | changes).encode()


def private_key() -> ec.EllipticCurvePrivateKey:
    """A new key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def signing_key(name: str = "test.key") -> SigningKey:
    """A new key, as read from a file of this name."""
    private = private_key()
    return SigningKey(private, VerificationKey.of(private.public_key(), name))


def pem(private: Any, form: PrivateFormat = PrivateFormat.PKCS8, encryption: Any = None) -> bytes:
    """A private key in PEM."""
    made: bytes = private.private_bytes(Encoding.PEM, form, encryption or NoEncryption())
    return made


def key_bundle(key: SigningKey, content: bytes | None = None, timestamp_url: str = "") -> bytes:
    """A bundle that the key signed."""
    return SignerWithKey(key, timestamp_url).sign(content or statement()).bundle


def root_of(sigstore: FakeSigstore, **without: bool) -> TrustedRoot:
    """The trusted root of a private Sigstore."""
    return parse_trusted_root(json.dumps(sigstore.trusted_root(**without)).encode(), "root.json")


def keyless(
    sigstore: FakeSigstore, rekor: tuple[int, ...] = (1,), *, tsa: bool = True, patience: float = 20, **claims: Any
) -> KeylessSigning:
    """A keyless signer of a private Sigstore; `claims` go into its token."""
    config = json.dumps(sigstore.trust_config(rekor, tsa=tsa)).encode()
    token = Token(sigstore.token(IDENTITY, **claims), "a test's token")
    return KeylessSigning(parse_instance(config, "private.json"), lambda: token, patience)


def handmade(sigstore: FakeSigstore, content: bytes | None = None) -> bytes:
    """A keyless bundle made step by step, with nothing of what honest signers check."""
    key = private_key()
    certificate = sigstore.certificate(key.public_key(), {"sub": IDENTITY, "iss": sigstore.url})
    payload = content or statement()
    signature = key.sign(pre_authentication_encoding(payload), ec.ECDSA(hashes.SHA256()))
    envelope = json.loads(write_key_bundle(payload, signature, ""))["dsseEnvelope"]
    return json.dumps(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {
                "certificate": {"rawBytes": encode_base64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [logged(sigstore, envelope, certificate.public_bytes(Encoding.PEM))],
            },
            "dsseEnvelope": envelope,
        }
    ).encode()


def logged(sigstore: FakeSigstore, envelope: dict[str, Any], verifier: bytes) -> dict[str, Any]:
    """The entry in Rekor v1 of an envelope, as bundles have it."""
    proposed = {"envelope": json.dumps(envelope), "verifiers": [encode_base64(verifier)]}
    (entry,) = sigstore.logs[1].add_v1({"spec": {"proposedContent": proposed}}).values()
    proof = entry["verification"]["inclusionProof"]
    return {
        "logIndex": str(entry["logIndex"]),
        "logId": {"keyId": encode_base64(bytes.fromhex(entry["logID"]))},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": str(entry["integratedTime"]),
        "inclusionPromise": {"signedEntryTimestamp": entry["verification"]["signedEntryTimestamp"]},
        "inclusionProof": {
            "logIndex": str(proof["logIndex"]),
            "rootHash": encode_base64(bytes.fromhex(proof["rootHash"])),
            "treeSize": str(proof["treeSize"]),
            "hashes": [encode_base64(bytes.fromhex(each)) for each in proof["hashes"]],
            "checkpoint": {"envelope": proof["checkpoint"]},
        },
        "canonicalizedBody": entry["body"],
    }


def trust_in(sigstore: FakeSigstore, identity: str = IDENTITY, **said: Any) -> Trust:
    """Trust in an identity for which a private Sigstore vouches."""
    trusted = TrustedIdentity(Exactly(identity), Exactly(sigstore.url), **said)
    return Trust(identities=(trusted,), root=root_of(sigstore))


def refusal_of(content: bytes, trust: Trust) -> EvidenceRefused:
    """Why a bundle is refused."""
    with pytest.raises(EvidenceRefused) as refusal:
        authenticate(content, trust, now())
    return refusal.value


def changed(bundle: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The bundle after `change`."""
    found = json.loads(bundle)
    change(found)
    return json.dumps(found).encode()


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
