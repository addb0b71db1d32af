"""Attaches what was signed to the manifest that it is about. The manifest's own bytes never change."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from spybuild.attestation.bundles import ENVELOPE_MEDIA_TYPE, MEDIA_TYPE, Bundle, MaterialKind, read_bundle
from spybuild.attestation.documents import encode_base64, read_object
from spybuild.attestation.signers import Signed
from spybuild.attestation.storage import LEGACY_SUFFIX, Attachment, Attachments, find_attachments
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate_bundle
from spybuild.errors import EvidenceRefused, UsageError
from spybuild.images.oci.descriptors import OCI_MANIFEST, Descriptor
from spybuild.images.registry.attaching import (
    EMPTY,
    EMPTY_CONFIG,
    USUAL,
    Sharing,
    add_layers,
    as_json,
    make_listed,
    push_bytes,
)
from spybuild.images.registry.referrers import tag_of
from spybuild.images.registry.uploads import Sent
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import KeylessSigner, KeySigner
from spybuild.model.digests import Digest
from spybuild.model.wire import instant_text

_LARGEST_STATEMENT = 4 << 20


@dataclass(frozen=True)
class Attached:
    """What became of an attestation.

    Attributes:
        attestation: its digest; of the one that was there already, where ours was not needed.
        is_new: whether it was stored now.
    """

    attestation: Digest
    is_new: bool


@dataclass(frozen=True)
class Attaching:
    """Stores attestations in one repository. May be used from several threads at once.

    Attributes:
        repository: where the images are.
        legacy: whether to store cosign 2's form (`sha256-….att`) besides; signatures with a key alone have one.
        sharing: how tags are shared with other writers.
    """

    repository: WritableRepository
    legacy: bool = False
    sharing: Sharing = USUAL

    def attach(self, subject: Descriptor, signed: Signed, now: datetime, trust: Trust | None = None) -> Attached:
        """Attach a signed statement to a manifest or index; it is listed when this returns.

        Args:
            subject: what the statement is about, as it is in the repository.
            signed: the statement in its bundle.
            now: goes into the annotation that says when it was attached; with a time zone.
            trust: with it, the same statement by the same signer that is there already is taken for ours.

        Raises:
            UsageError: the older form is wanted of what has none.
            SourceUnavailable: the registry does not answer, or refuses us, or loses what it is given.
            ImageInvalid: it is wrong about what it was given, or no more can be attached to the manifest.
        """
        bundle = read_bundle(signed.bundle)
        layer = _legacy_layer(bundle) if self.legacy else None
        there = self._there(subject.digest, signed.bundle, trust)
        known = _known(there, signed, bundle.payload, trust, now)
        if known is None:
            self._attach_bundle(subject, signed.bundle, bundle.payload, now)
        if layer and not (trust and find_same(there, bundle.payload, signed.signer, trust, now, in_tag=True)):
            self._attach_layer(subject.digest, *layer)
        return Attached(known or signed.digest, is_new=known is None)

    def _there(self, subject: Digest, ours: bytes, trust: Trust | None) -> Attachments:
        """What is attached, if it matters: a bundle that has to be sent is not attached to anything."""
        blob = Descriptor(MEDIA_TYPE, Digest.of(ours), len(ours))
        if trust is None and self.repository.push_blob(blob, lambda: io.BytesIO(ours)) is not Sent.PRESENT:
            return Attachments(())
        return find_attachments(self.repository, subject)

    def _attach_bundle(self, subject: Descriptor, content: bytes, payload: bytes, now: datetime) -> None:
        """As cosign 2 and 3 write it (`cosign attest --new-bundle-format`)."""
        push_bytes(self.repository, EMPTY, EMPTY_CONFIG.media_type)
        layer = push_bytes(self.repository, content, MEDIA_TYPE)
        annotations = {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": _predicate_type(payload),
            "org.opencontainers.image.created": instant_text(now.astimezone(UTC).replace(microsecond=0)),
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": MEDIA_TYPE,
            "config": as_json(EMPTY_CONFIG),
            "layers": [as_json(layer)],
            "subject": as_json(Descriptor(subject.media_type, subject.digest, subject.size)),
            "annotations": annotations,
        }
        written = json.dumps(manifest, separators=(",", ":")).encode()
        described = Descriptor(
            OCI_MANIFEST, Digest.of(written), len(written), annotations=annotations, artifact_type=MEDIA_TYPE
        )
        self.repository.push_manifest(described, written)
        make_listed(self.repository, subject.digest, [described], self.sharing)

    def _attach_layer(self, subject: Digest, content: bytes, annotations: dict[str, str]) -> None:
        blob = push_bytes(self.repository, content, ENVELOPE_MEDIA_TYPE)
        layer = {**as_json(blob), "annotations": annotations}
        add_layers(self.repository, tag_of(subject, LEGACY_SUFFIX), [layer], self.sharing)


def find_same(
    there: Attachments,
    statement: bytes,
    signer: KeySigner | KeylessSigner,
    trust: Trust,
    now: datetime,
    *,
    in_tag: bool = False,
) -> Attachment | None:
    """What is attached already, and in which the same signer says the same.

    What only looks so does not count: its signature is verified, or anybody could keep ours from being stored.

    Args:
        there: what is attached.
        statement: the bytes.
        signer: who signs.
        trust: that lets the signer's signatures be verified.
        now: the clock, with a time zone.
        in_tag: whether to look at cosign 2's form; otherwise at bundles.
    """
    looked_at = (each for each in there.found if (each.annotations is not None) == in_tag)
    return next((each for each in looked_at if _says(each, statement, signer, trust, now)), None)


def _says(
    attachment: Attachment, statement: bytes, signer: KeySigner | KeylessSigner, trust: Trust, now: datetime
) -> bool:
    try:
        bundle = attachment.read()
        return bundle.payload == statement and authenticate_bundle(bundle, trust, now).signer == signer
    except EvidenceRefused:
        return False


def _known(there: Attachments, signed: Signed, payload: bytes, trust: Trust | None, now: datetime) -> Digest | None:
    """The digest of the bundle that makes ours needless."""
    if trust and (same := find_same(there, payload, signed.signer, trust, now)):
        return same.digest
    return signed.digest if any(each.content == signed.bundle for each in there.found) else None


def _predicate_type(payload: bytes) -> str:
    found = read_object(payload, "the statement", _LARGEST_STATEMENT, _LARGEST_STATEMENT).get("predicateType")
    return found if isinstance(found, str) else ""


def _legacy_layer(bundle: Bundle) -> tuple[bytes, dict[str, str]]:
    """The envelope and its annotations, as `cosign attest` of version 2 writes them."""
    if bundle.kind is not MaterialKind.KEY:
        raise UsageError("cosign's older form is written for signatures with a key only", "leave out --legacy-att")
    envelope = {
        "payloadType": bundle.payload_type,
        "payload": encode_base64(bundle.payload),
        "signatures": [{"keyid": "", "sig": encode_base64(bundle.signature)}],
    }
    annotations = {
        "dev.cosignproject.cosign/signature": "",
        "predicateType": _predicate_type(bundle.payload),
    }
    if bundle.timestamps:
        stamp = {"SignedRFC3161Timestamp": encode_base64(bundle.timestamps[0])}
        annotations["dev.sigstore.cosign/rfc3161timestamp"] = json.dumps(stamp)
    return json.dumps(envelope, separators=(",", ":")).encode(), annotations
