"""Attaches artifacts to images (distribution-spec 1.1, "Pushing Manifests with Subject"), and adds to cosign's tags.

Where the registry lists what refers to a manifest, that is all. Where it does not, writers keep the list themselves,
under a tag. Some registries answer that they do (`OCI-Subject`) and do not, others do and do not say so: what they list
afterwards is what counts.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spybuild.errors import ImageInvalid
from spybuild.images.oci.descriptors import OCI_INDEX, OCI_MANIFEST, Descriptor
from spybuild.images.registry.referrers import listed_by_api, tag_of
from spybuild.images.registry.shared_tags import SETTLE, Form, Json, SharedTag
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest

EMPTY = b"{}"
EMPTY_CONFIG = Descriptor("application/vnd.oci.empty.v1+json", Digest.of(EMPTY), len(EMPTY))
_LOOKS = 3


@dataclass(frozen=True)
class Sharing:
    """How tags are shared with other writers; see `SharedTag`."""

    settle: float = SETTLE
    locks: Path | None = None


USUAL = Sharing()


def push_bytes(repository: WritableRepository, content: bytes, media_type: str) -> Descriptor:
    """Have a small blob in the repository; its descriptor. Raises as `WritableRepository.push_blob`."""
    descriptor = Descriptor(media_type, Digest.of(content), len(content))
    repository.push_blob(descriptor, lambda: io.BytesIO(content))
    return descriptor


def as_json(descriptor: Descriptor) -> Json:
    """The descriptor as manifests have it; its platform, which artifacts have none of, is left out."""
    said: Json = {"mediaType": descriptor.media_type, "digest": str(descriptor.digest), "size": descriptor.size}
    if descriptor.artifact_type:
        said["artifactType"] = descriptor.artifact_type
    return said | ({"annotations": dict(descriptor.annotations)} if descriptor.annotations else {})


def make_listed(
    repository: WritableRepository, subject: Digest, referrers: Sequence[Descriptor], sharing: Sharing = USUAL
) -> None:
    """Have manifests listed as referring to a manifest, by the registry or under the tag.

    Args:
        repository: where the subject and the referrers are.
        subject: the digest of the manifest or index that is referred to.
        referrers: with their artifact types and annotations.
        sharing: how the tag is shared.

    Raises:
        SourceUnavailable, ImageInvalid: as `SharedTag.add`.
    """
    missing = {each.digest: each for each in referrers}
    for look in range(1, _LOOKS + 1):
        listed = listed_by_api(repository, subject)
        if listed is None:
            break
        for each in listed:
            missing.pop(each.digest, None)
        if not missing:
            return
        if look < _LOOKS:
            repository.transport.rest(look)  # some list with a delay
    tag = SharedTag(repository, tag_of(subject), _REFERRERS, sharing.settle, sharing.locks)
    tag.add(as_json(each) for each in missing.values())


def add_layers(repository: WritableRepository, tag: str, layers: Sequence[Json], sharing: Sharing = USUAL) -> None:
    """Have layers in one of cosign's tags (`sha256-….att`, `.sig`), beside those that are there.

    Args:
        repository: where the layers' blobs are already.
        tag: its name.
        layers: descriptors as JSON, annotations included.
        sharing: how the tag is shared.

    Raises:
        SourceUnavailable, ImageInvalid: as `SharedTag.add`.
    """
    form = Form(OCI_MANIFEST, "layers", lambda document, listed: _cosign_manifest(repository, document, listed))
    SharedTag(repository, tag, form, sharing.settle, sharing.locks).add(layers)


def _index(document: Json, listed: list[Any]) -> bytes:
    return _encoded({"schemaVersion": 2, "mediaType": OCI_INDEX, **document, "manifests": listed})


_REFERRERS = Form(OCI_INDEX, "manifests", _index)


def _cosign_manifest(repository: WritableRepository, document: Json, listed: list[Any]) -> bytes:
    """As cosign 2 writes it: an image of which each layer is one attestation."""
    if not all(isinstance(each, dict) for each in listed):
        raise ImageInvalid(f"{repository.name} has attestations in a manifest whose layers are none")
    config = {
        "architecture": "",
        "os": "",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [str(each.get("digest")) for each in listed]},
    }
    described = push_bytes(repository, _encoded(config), "application/vnd.oci.image.config.v1+json")
    changed = {"config": as_json(described), "layers": listed}
    return _encoded({"schemaVersion": 2, "mediaType": OCI_MANIFEST, **document, **changed})


def _encoded(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
