"""What `docker save` and `podman save` write: `manifest.json`, and beside it an OCI layout since Docker 25.

https://github.com/moby/docker-image-spec, "Combined Image JSON + Filesystem Changeset Format".
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.holders import Holder
from spybuild.images.layered_source import LayeredSource, OpenedPlatform, Store
from spybuild.images.layers.layer import LAYER_TAR, Layer
from spybuild.images.layout import Layout, all_names, blob_path, names_of, short_names
from spybuild.images.oci.descriptors import INDEXES, Descriptor
from spybuild.images.oci.documents import LARGEST_DOCUMENT, Node, read_archive_list
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.oci.manifests import Config, read_config, read_manifest
from spybuild.images.oci_source import require_agreement
from spybuild.model.digests import Digest
from spybuild.model.image import Image, PlatformImage
from spybuild.model.names import shown

_LIST = "manifest.json"
_NAMED_BY_DIGEST = re.compile(r"(?:.*[/:])?([0-9a-f]{64})(?:\.json)?")


@dataclass(frozen=True)
class Archived:
    """One image of an archive: its config, the config's digest, and where its layers are."""

    config: Config
    digest: Digest
    layers: tuple[str, ...]


class DockerArchive:
    """The images that `manifest.json` names."""

    def __init__(self, holder: Holder) -> None:
        """Read the list.

        Raises:
            ImageInvalid: there is none.
        """
        self._holder = holder
        self._entries = read_archive_list(self._document(_LIST), _LIST)

    def choose(self, tag: str) -> Archived:
        """The image of this tag, or of this name and tag; the only one, where `tag` is empty.

        Raises:
            ImageNotFound: there is no such image, or there are several.
            ImageInvalid: it is damaged.
        """
        chosen = [each for each in self._entries if not tag or tag in all_names(each.texts("RepoTags"))]
        if len(chosen) == 1:
            return self._read(chosen[0])
        what = f"no image {shown(tag)}" if tag and not chosen else f"{len(chosen)} images"
        names = [shown(name) for each in self._entries for name in each.texts("RepoTags")[:1]][:10]
        raise ImageNotFound(f"the archive has {what}", f"name one of {', '.join(names)}, as :TAG" if names else "")

    def open(self, archived: Archived, image: PlatformImage) -> OpenedPlatform:
        """The config and layers of an image, for this platform.

        Raises:
            ImageInvalid: its config is for another one.
        """
        what = f"the config {archived.digest}"
        require_agreement(archived.config, image, len(archived.layers), what)
        layers = zip(archived.config.diff_ids, archived.layers, strict=True)
        return OpenedPlatform(archived.config.run, tuple(self._layer(diff_id, path) for diff_id, path in layers))

    def _read(self, entry: Node) -> Archived:
        path = entry.text("Config")
        content = self._document(path)
        digest, named = Digest.of(content), _NAMED_BY_DIGEST.fullmatch(path)
        if named and named[1] != digest.hex:
            raise ImageInvalid(f"the config {shown(path)} of the archive is damaged: its bytes have digest {digest}")
        return Archived(read_config(content, f"the config {digest}"), digest, entry.texts("Layers"))

    def _layer(self, diff_id: Digest, path: str) -> Layer:
        def content() -> BinaryIO:
            file = self._holder.open(path)
            if file is None:
                raise ImageInvalid(f"the archive lacks the layer {shown(path)}")
            return file

        return Layer(diff_id, LAYER_TAR, content, size=self._holder.size(path))

    def _document(self, path: str) -> bytes:
        file = self._holder.open(path)
        if file is None:
            raise ImageInvalid(f"this is no archive of `docker save`: it has no {shown(path)}")
        with file:
            return file.read(LARGEST_DOCUMENT + 1)


class DockerArchiveSource(LayeredSource):
    """One image of an archive without an OCI layout. It keeps no manifest, so there are no digests to report."""

    def __init__(self, reference: str, tag: str, holder: Holder, store: Store) -> None:
        """Read which image it is.

        Args:
            reference: what the user wrote.
            tag: which of its images; empty where it has one.
            holder: the archive; it is closed with the source.
            store: indexes layers.

        Raises:
            ImageNotFound, ImageInvalid: as `DockerArchive`.
        """
        super().__init__(store)
        self._reference, self._holder = reference, holder
        self._archive = DockerArchive(holder)
        self._archived = self._archive.choose(tag)

    def read_image(self) -> Image:
        """See `LayeredSource.read_image`."""
        platform = self._archived.config.platform
        if platform is None:
            raise ImageInvalid(f"the config {self._archived.digest} names no platform")
        return Image(self._reference, None, "image", (PlatformImage(platform, None, str(self._archived.digest)),))

    def open_platform(self, image: PlatformImage) -> OpenedPlatform:
        """See `LayeredSource.open_platform`."""
        return self._archive.open(self._archived, image)

    def close(self) -> None:
        """See `LayeredSource.close`."""
        self._holder.close()


def require_one_story(holder: Holder, layout: Layout, root: Descriptor, content: bytes) -> None:
    """Refuse an archive whose `manifest.json` tells of another image than its layout.

    Docker reads the one or the other, depending on its version and store; what was checked must be what is loaded.

    Args:
        holder: the archive.
        layout: the same, as a layout.
        root: the image of the layout that was asked for.
        content: its bytes.

    Raises:
        ImageInvalid: it does.
    """
    if holder.size(_LIST) is None:
        return
    is_listed = any(each.digest == root.digest for each in layout.images)
    meant = [(root, content)] if is_listed else [(each, layout.fetch(each)) for each in layout.images]
    known = {story for image in meant for story in _stories(layout, *image)}
    with holder.open(_LIST) as file:  # type: ignore[union-attr]  # its size is known
        entries = read_archive_list(file.read(LARGEST_DOCUMENT + 1), _LIST)
    for entry in entries:
        concerns = len(layout.images) == 1 or not is_listed or _is_called(entry, root)
        if concerns and (entry.text("Config"), entry.texts("Layers")) not in known:
            raise ImageInvalid(
                "the archive's manifest.json and index.json tell of different images",
                "engines differ in which they load: save the image anew",
            )


def _is_called(entry: Node, image: Descriptor) -> bool:
    """Whether an entry of `manifest.json` has a name of an image of the layout."""
    full = {name for name in names_of(image) if ":" in name}
    tags = entry.texts("RepoTags")
    return bool(short_names(full) & short_names(tags) if full else names_of(image) & all_names(tags))


def _stories(layout: Layout, root: Descriptor, content: bytes) -> set[tuple[str, tuple[str, ...]]]:
    """What `manifest.json` may say of the platforms of an image."""
    platforms = platforms_of("the image", root, content, layout.fetch) if root.media_type in INDEXES else (root,)
    manifests = [
        read_manifest(layout.fetch(each), f"the manifest {each.digest}")
        for each in platforms
        if layout.has(each.digest)
    ]
    return {
        (blob_path(each.config.digest), tuple(blob_path(layer.digest) for layer in each.layers)) for each in manifests
    }
