"""Sigstore bundles: written as v0.3, read in every version and in cosign's older, tag-based form.

What is read is rebuilt from the fields we know, so that later readers cannot see more than was looked at here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from spybuild.attestation.bundle_models import BundleFields, LogEntry
from spybuild.attestation.documents import decode_base64, encode_base64, malformed, read_object
from spybuild.attestation.envelopes import PAYLOAD_TYPE
from spybuild.attestation.logs import Promise
from spybuild.attestation.refusals import Reason, refused
from spybuild.model.names import shown

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json"
LARGEST_BUNDLE = 8 << 20

_OLD_TYPE = "application/vnd.dev.sigstore.bundle+json;version=0."
_WITH_CERTIFICATE = {MEDIA_TYPE, f"{_OLD_TYPE}3"}
_WITH_CHAIN = {f"{_OLD_TYPE}1", f"{_OLD_TYPE}2"}

# cosign's annotations on a layer of the tag `sha256-….att`
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_TIMESTAMP = "dev.sigstore.cosign/rfc3161timestamp"
_LOG = "dev.sigstore.cosign/bundle"
_LARGEST_ANNOTATION = 256 << 10


class MaterialKind(StrEnum):
    """What a bundle is to be verified with; nothing ever falls back from one to the other."""

    KEY = "key"
    CERTIFICATE = "certificate"


@dataclass(frozen=True)
class Bundle:
    """What a bundle says. All of it is a stranger's word until `verification.authenticate` has looked.

    Attributes:
        kind: which material it has.
        payload: what is signed, decoded.
        payload_type: the type that is signed with it.
        signature: the only one.
        hint: which key, as the bundle has it; bound by nothing.
        stamped: what timestamps are over: the signature; in cosign's older form, the whole envelope.
        timestamps: RFC 3161 replies (DER).
        promises: of logs that they have seen the signature.
        is_logged: whether it tells of an entry in a transparency log at all.
        normal: the bundle with the known fields alone, as JSON; empty for the older form with a certificate.
    """

    kind: MaterialKind
    payload: bytes = field(repr=False)
    payload_type: str
    signature: bytes = field(repr=False)
    stamped: bytes = field(repr=False)
    hint: str = ""
    timestamps: tuple[bytes, ...] = field(default=(), repr=False)
    promises: tuple[Promise, ...] = field(default=(), repr=False)
    is_logged: bool = False
    normal: bytes = field(default=b"", repr=False)


def write_key_bundle(payload: bytes, signature: bytes, hint: str, timestamps: Sequence[bytes] = ()) -> bytes:
    """A v0.3 bundle with a DSSE envelope that a key signed, as cosign verifies it: `keyid` empty, no log entry.

    Args:
        payload: the statement's bytes.
        signature: over its pre-authentication encoding.
        hint: base64 of the SHA-256 of the public key's SubjectPublicKeyInfo.
        timestamps: RFC 3161 replies over the raw signature (DER).
    """
    material: dict[str, Any] = {"publicKey": {"hint": hint}, "tlogEntries": []}
    if timestamps:
        stamped = [{"signedTimestamp": encode_base64(each)} for each in timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamped}
    envelope = {
        "payload": encode_base64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": encode_base64(signature)}],
    }
    whole = {"mediaType": MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope}
    return json.dumps(whole, separators=(",", ":")).encode()


def read_bundle(content: bytes) -> Bundle:
    """What the bundle in `content` says.

    Raises:
        EvidenceRefused: it is larger than 8 MiB, malformed, or of a kind that is not an attestation's.
    """
    found = read_object(content, "the bundle", LARGEST_BUNDLE)
    if "dsseEnvelope" not in found or "messageSignature" in found:
        raise refused(Reason.UNSUPPORTED, "the bundle holds no DSSE envelope alone, so it is no attestation")
    try:
        fields = BundleFields.model_validate(found)
    except ValidationError as error:
        raise malformed(error, "the bundle") from None
    _require_known(fields)
    return _bundle(fields)


def _require_known(fields: BundleFields) -> None:
    material = fields.verification_material
    if fields.media_type not in _WITH_CERTIFICATE | _WITH_CHAIN:
        raise refused(Reason.UNSUPPORTED, f"the bundle is of the unknown type {shown(fields.media_type)}")
    forbidden = material.x509_certificate_chain if fields.media_type in _WITH_CERTIFICATE else material.certificate
    if forbidden:
        raise refused(Reason.MALFORMED, "the bundle has its certificate where bundles of its version have none")


def _bundle(fields: BundleFields) -> Bundle:
    material, envelope = fields.verification_material, fields.dsse_envelope
    stamped = material.timestamp_verification_data
    normal = fields.model_dump(by_alias=True, exclude_none=True, mode="json")
    signature = decode_base64(envelope.signatures[0].sig, "the envelope's signature")
    return Bundle(
        kind=MaterialKind.KEY if material.public_key else MaterialKind.CERTIFICATE,
        payload=decode_base64(envelope.payload, "the envelope's payload"),
        payload_type=envelope.payload_type,
        signature=signature,
        stamped=signature,
        hint=material.public_key.hint if material.public_key else "",
        timestamps=tuple(
            decode_base64(each.signed_timestamp, "a timestamp")
            for each in (stamped.rfc3161_timestamps if stamped else ())
        ),
        promises=tuple(promise for each in material.tlog_entries if (promise := _promise(each))),
        is_logged=bool(material.tlog_entries),
        normal=json.dumps(normal, separators=(",", ":")).encode(),
    )


def _promise(entry: LogEntry) -> Promise | None:
    if entry.inclusion_promise is None or entry.integrated_time is None:
        return None
    return Promise(
        log=decode_base64(entry.log_id.key_id, "the log's id"),
        index=int(entry.log_index),
        seconds=int(entry.integrated_time),
        body=decode_base64(entry.canonicalized_body, "the log's entry"),
        signature=decode_base64(entry.inclusion_promise.signed_entry_timestamp, "the log's promise"),
    )


def read_attached_envelope(content: bytes, annotations: Mapping[str, str]) -> Bundle:
    """What a layer of cosign's tag `sha256-….att` says.

    Args:
        content: the layer: a bare DSSE envelope.
        annotations: the layer's, which nobody has signed. They choose the material, so a certificate that is taken
            away leaves an envelope that a trusted key would have to have signed.

    Raises:
        EvidenceRefused: as `read_bundle`.
    """
    material: dict[str, Any] = {"publicKey": {}}
    if annotations.get(_CERTIFICATE):
        material = {"certificate": {"rawBytes": encode_base64(annotations[_CERTIFICATE].encode())}}
    if stamp := annotations.get(_TIMESTAMP):
        said = read_object(stamp.encode(), "the timestamp's annotation", _LARGEST_ANNOTATION)
        stamped = [{"signedTimestamp": said.get("SignedRFC3161Timestamp")}]
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamped}
    if logged := annotations.get(_LOG):
        material["tlogEntries"] = [_entry(read_object(logged.encode(), "the log's annotation", _LARGEST_ANNOTATION))]
    envelope = read_object(content, "the envelope", LARGEST_BUNDLE)
    whole = {"mediaType": MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope}
    try:
        read = _bundle(BundleFields.model_validate(whole))
    except ValidationError as error:
        raise malformed(error, "the envelope") from None
    return replace(read, stamped=content, normal=read.normal if read.kind is MaterialKind.KEY else b"")


def _entry(said: Mapping[str, Any]) -> dict[str, Any]:
    """A log's entry as bundles have it, from cosign's annotation; that has a promise and no proof."""
    payload: Any = said.get("Payload")
    try:
        log_id = encode_base64(bytes.fromhex(payload["logID"]))
        return {
            "logId": {"keyId": log_id},
            "logIndex": payload["logIndex"],
            "integratedTime": payload["integratedTime"],
            "canonicalizedBody": payload["body"],
            "inclusionPromise": {"signedEntryTimestamp": said["SignedEntryTimestamp"]},
            "kindVersion": {"kind": "", "version": ""},
        }
    except (LookupError, TypeError, ValueError):
        raise refused(Reason.MALFORMED, "the log's annotation is not of its form") from None
