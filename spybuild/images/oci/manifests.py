"""Indexes, manifests and configs as the OCI image-spec and Docker's registry schema 2 define them."""

from dataclasses import dataclass

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.descriptors import (
    CONFIGS,
    INDEXES,
    MANIFESTS,
    OCI_INDEX,
    OCI_MANIFEST,
    SCHEMA_1,
    Descriptor,
    read_descriptor,
    read_digest,
    read_platform,
)
from spybuild.images.oci.documents import Node, read_document
from spybuild.model.digests import Digest
from spybuild.model.image import ImageConfig
from spybuild.model.names import shown
from spybuild.model.platforms import Platform

_TELL_NOTHING = frozenset({"application/json", "application/octet-stream", "text/plain", "text/html"})
_MOST_ENTRIES = 10_000  # of an index, and of layers: more is an attack, engines stop at 127 layers


@dataclass(frozen=True)
class Manifest:
    """One platform's image, or an artifact: `is_image` tells. `subject` is what an artifact is about."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Digest | None = None

    @property
    def is_image(self) -> bool:
        """Whether an engine could run it: its config is an image's."""
        return self.config.media_type in CONFIGS


@dataclass(frozen=True)
class Config:
    """What an image's config says: how it is run, for which platform, and what its layers unpack to."""

    run: ImageConfig
    platform: Platform | None
    diff_ids: tuple[Digest, ...]


def media_type_of(content: bytes, announced: str, what: str) -> str:
    """What a manifest or index is, from what its source announced and what it says itself.

    Both must agree, or an engine that believes the other one would see another image (CVE-2021-41190).

    Args:
        content: the document.
        announced: the Content-Type or the descriptor's media type; may be empty or say nothing in particular.
        what: what it is called in messages.

    Raises:
        ImageInvalid: it is neither a manifest nor an index, both at once, or of a kind that we do not know.
    """
    node = read_document(content, what)
    announced = announced.partition(";")[0].strip().lower()
    said = node.text("mediaType")
    if announced in SCHEMA_1 or (node.number("schemaVersion") == 1 and not said):
        raise ImageInvalid(
            f"{what} is a manifest of Docker's schema 1, which has no digests of its own", "build or push it anew"
        )
    if announced in _TELL_NOTHING:
        announced = ""
    if said and announced and said != announced:
        raise ImageInvalid(f"{what} was announced as {announced} and calls itself {shown(said)}")
    found = said or announced or _by_shape(node)
    if found not in INDEXES | MANIFESTS:
        raise ImageInvalid(f"{what} is of a type that is no image's: {shown(found) if found else 'it names none'}")
    return found


def read_index(content: bytes, what: str) -> tuple[Descriptor, ...]:
    """The entries of an index, or manifest list.

    Raises:
        ImageInvalid: it is none.
    """
    node = read_document(content, what)
    if node.has("layers") or node.has("config"):
        raise ImageInvalid(f"{what} is an index and a manifest at once")
    return _descriptors(node, "manifests")


def read_manifest(content: bytes, what: str) -> Manifest:
    """One platform's manifest, or an artifact's.

    Raises:
        ImageInvalid: it is none.
    """
    node = read_document(content, what)
    if node.has("manifests"):
        raise ImageInvalid(f"{what} is a manifest and an index at once")
    config, subject = node.node("config"), node.node("subject")
    if config is None:
        raise ImageInvalid(f"{what} has no config")
    return Manifest(
        read_descriptor(config),
        _descriptors(node, "layers"),
        node.text("artifactType"),
        read_digest(subject.text("digest"), subject.what) if subject else None,
    )


def require_image(manifest: Manifest, what: str) -> Manifest:
    """The manifest, if it is an image's.

    Raises:
        ImageNotFound: it is an artifact's.
    """
    if not manifest.is_image:
        kind = manifest.artifact_type or manifest.config.media_type
        raise ImageNotFound(f"{what} is no image but an artifact of type {shown(kind)}")
    return manifest


def read_config(content: bytes, what: str) -> Config:
    """An image's config (image-spec, `config.md`).

    Raises:
        ImageInvalid: it is none.
    """
    node = read_document(content, what)
    run, rootfs = node.node("config") or Node({}, what), node.node("rootfs") or Node({}, what)
    if rootfs.text("type", "layers") != "layers":
        raise ImageInvalid(f"the rootfs of {what} is not made of layers")
    return Config(
        ImageConfig(
            env=run.texts("Env"),
            entrypoint=run.texts("Entrypoint"),
            cmd=run.texts("Cmd"),
            workdir=run.text("WorkingDir"),
            user=run.text("User"),
            labels=run.mapping("Labels"),
            history=tuple(each.text("created_by") for each in node.nodes("history")),
        ),
        read_platform(node),
        tuple(read_digest(each, f"rootfs.diff_ids of {what}") for each in rootfs.texts("diff_ids")),
    )


def _descriptors(node: Node, key: str) -> tuple[Descriptor, ...]:
    if not node.has(key):
        raise ImageInvalid(f"{node.what} has no {key}")
    if len(node.value[key]) > _MOST_ENTRIES:
        raise ImageInvalid(f"{node.what} has {len(node.value[key])} {key}; {_MOST_ENTRIES} are the most")
    return tuple(read_descriptor(each) for each in node.nodes(key))


def _by_shape(node: Node) -> str:
    """A manifest need not name its own type; then what it holds tells. What holds everything is nothing."""
    is_manifest = node.has("config") and node.has("layers")
    if node.has("manifests"):
        return "" if is_manifest else OCI_INDEX
    return OCI_MANIFEST if is_manifest else ""
