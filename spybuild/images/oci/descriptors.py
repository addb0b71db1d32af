"""What points at content: media type, digest and size (image-spec, `descriptor.md`), and the media types we know."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from spybuild.errors import ImageInvalid
from spybuild.images.oci.documents import LARGEST_DOCUMENT, Node
from spybuild.model.digests import Digest
from spybuild.model.names import shown
from spybuild.model.platforms import Platform

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEXES = frozenset({OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({OCI_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_NAME = re.compile(r"[A-Za-z0-9._+-]{0,64}")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")


@dataclass(frozen=True)
class Descriptor:
    """Points at content.

    Attributes:
        media_type: what it is.
        digest: what its bytes hash to.
        size: bytes.
        platform: in an index, what the image is for; None where the entry does not say, or says `unknown`.
        annotations: as written.
        artifact_type: of a manifest that is no image (image-spec 1.1).
        is_platform_unknown: whether the entry says `unknown/unknown`, as attestations do.
    """

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    artifact_type: str = ""
    is_platform_unknown: bool = False


def read_descriptor(node: Node) -> Descriptor:
    """The descriptor that a JSON object is.

    Raises:
        ImageInvalid: it has no media type, digest or size, or they are none.
    """
    media_type, size = node.text("mediaType"), node.number("size")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ImageInvalid(f"{node.what} has no media type{f', but {shown(media_type)}' if media_type else ''}")
    if size is None or not 0 <= size < 1 << 63:
        raise ImageInvalid(f"{node.what} has no size")
    said = node.node("platform")
    platform = read_platform(said) if said else None
    if said and platform is None and (said.text("os") or said.text("architecture")):
        raise ImageInvalid(f"{said.what} names half a platform, and engines put in the rest")
    return Descriptor(
        media_type,
        read_digest(node.text("digest"), node.what),
        size,
        platform if platform and platform.os != "unknown" else None,
        node.mapping("annotations"),
        node.text("artifactType"),
        is_platform_unknown=platform is not None and platform.os == "unknown",
    )


def read_digest(text: str, what: str) -> Digest:
    """The digest that `text` is: sha256 or sha512, in lower case, all of it (image-spec, `descriptor.md#digests`).

    Raises:
        ImageInvalid: it is none that we could hold content against.
    """
    if not _DIGEST.fullmatch(text):
        raise ImageInvalid(f"{what} has no sha256 or sha512 digest: {shown(text)}")
    return Digest.parse(text)


def check(content: bytes, descriptor: Descriptor, what: str) -> bytes:
    """The content, if it is what the descriptor points at.

    Raises:
        ImageInvalid: size or digest differ.
    """
    if len(content) != descriptor.size:
        raise ImageInvalid(f"{what} has {len(content)} bytes where {descriptor.size} were announced")
    found = digest_as(descriptor.digest.algorithm, content)
    if found != descriptor.digest:
        raise ImageInvalid(f"{what} is damaged or forged: {descriptor.digest} was asked for, {found} came")
    return content


def check_size(descriptor: Descriptor, what: str) -> None:
    """Refuse a manifest or config that announces itself too large.

    Raises:
        ImageInvalid: it does.
    """
    if descriptor.size > LARGEST_DOCUMENT:
        raise ImageInvalid(f"{what} would have {descriptor.size} bytes; {LARGEST_DOCUMENT >> 20} MiB is the most")


def digest_as(algorithm: str, content: bytes) -> Digest:
    """The digest of `content` by one of the algorithms of the specification."""
    return Digest(algorithm, hashlib.new(algorithm, content, usedforsecurity=False).hexdigest())


def read_platform(node: Node) -> Platform | None:
    """The platform that an object with `os`, `architecture` and `variant` names; None where it names none.

    Raises:
        ImageInvalid: what it says is no name.
    """
    names = [node.text(key) for key in ("os", "architecture", "variant")]
    if not names[0] or not names[1]:
        return None
    if not all(_NAME.fullmatch(name) for name in names):
        raise ImageInvalid(f"{node.what} names no platform: {shown('/'.join(names))}")
    return Platform.of(*names)
