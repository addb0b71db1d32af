"""Images made of OCI's or Docker's documents, wherever these are: in a registry, a layout, a daemon's export."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.layered_source import LayeredSource, OpenedPlatform, Store
from spybuild.images.layers.layer import Layer
from spybuild.images.oci.attached import statements_of
from spybuild.images.oci.descriptors import INDEXES, Descriptor
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.oci.manifests import Config, read_config, read_manifest, require_image
from spybuild.model.digests import Digest
from spybuild.model.image import Image, PlatformImage


class Content(Protocol):
    """Where an image's documents and blobs are: a registry's repository, or a layout."""

    def fetch(self, descriptor: Descriptor) -> bytes:
        """A manifest, index or config, held against its descriptor."""

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's bytes as they are stored, not held against anything."""


class OciSource(LayeredSource):
    """An image that is made of OCI's or Docker's documents, wherever they are."""

    def __init__(
        self,
        reference: str,
        root: Callable[[], tuple[Descriptor, bytes]],
        content: Content,
        store: Store,
        *,
        name: str = "",
        hang_up: Callable[[], None],
    ) -> None:
        """Nothing is read yet.

        Args:
            reference: what the user wrote.
            root: gives the index, or the manifest, and its bytes.
            content: where the rest is.
            store: indexes layers.
            name: what platforms are named by: `NAME@DIGEST`; empty where the digest alone is all there is.
            hang_up: closes what `content` reads from.
        """
        super().__init__(store)
        self._reference, self._root, self._content, self._name = reference, root, content, name
        self._hang_up = hang_up
        self._manifests: dict[tuple[object, Digest], Descriptor] = {}
        self._index: tuple[Descriptor, bytes] | None = None

    def read_image(self) -> Image:
        """See `LayeredSource.read_image`."""
        self._index = root, content = self._root()
        found = platforms_of(self._reference, root, content, self._content.fetch)
        self._manifests = {(each.platform, each.digest): each for each in found}
        platforms = tuple(self._platform_image(each) for each in found)
        return Image(self._reference, root.digest, "index" if root.media_type in INDEXES else "image", platforms)

    def open_platform(self, image: PlatformImage) -> OpenedPlatform:
        """See `LayeredSource.open_platform`."""
        self.image()
        entry = self._manifests.get((image.platform, image.digest)) if image.digest else None
        if entry is None:
            raise ImageNotFound(f"{self._reference} has no {image.platform} {image.digest}")
        return platform_from(self._content, entry, image)

    def statements(self, image: PlatformImage, predicate: str) -> Iterator[bytes]:
        """What the image's build attached to one platform (`statements_of`), by its predicate's type."""
        self.image()
        if image.digest is not None and self._index:
            yield from statements_of(*self._index, self._content.fetch, image.digest, predicate)

    def close(self) -> None:
        """See `LayeredSource.close`."""
        self._hang_up()

    def _platform_image(self, entry: Descriptor) -> PlatformImage:
        assert entry.platform is not None
        name = f"{self._name}@{entry.digest}" if self._name else str(entry.digest)
        return PlatformImage(entry.platform, entry.digest, name)


def platform_from(content: Content, entry: Descriptor, image: PlatformImage) -> OpenedPlatform:
    """One platform's config and layers, from its manifest.

    Raises:
        ImageNotFound: it is an artifact.
        ImageInvalid: it is damaged, or its parts do not belong together.
    """
    what = f"the manifest {entry.digest}"
    manifest = require_image(read_manifest(content.fetch(entry), what), what)
    what = f"the config {manifest.config.digest}"
    config = read_config(content.fetch(manifest.config), what)
    require_agreement(config, image, len(manifest.layers), what)
    layers = zip(config.diff_ids, manifest.layers, strict=True)
    return OpenedPlatform(
        config.run,
        tuple(
            Layer(diff_id, blob.media_type, _Opening(content, blob), blob.digest, blob.size) for diff_id, blob in layers
        ),
    )


def require_agreement(config: Config, image: PlatformImage, layers: int, what: str) -> None:
    """Refuse a config that tells of another image than the manifest and the index do.

    Raises:
        ImageInvalid: it has another number of layers, or is for another system or architecture.
    """
    if len(config.diff_ids) != layers:
        raise ImageInvalid(f"{what} tells of {len(config.diff_ids)} layers, the manifest of {layers}")
    if config.platform is None:
        raise ImageInvalid(f"{what} names no platform")
    said, expected = config.platform, image.platform
    if (said.os, said.architecture) != (expected.os, expected.architecture):
        raise ImageInvalid(
            f"the index says {expected}, {what} says {said}: engines would run it for one or the other",
            "build the platform anew, or correct the index",
        )


@dataclass(frozen=True)
class _Opening:
    """Opens a blob. Two of one blob are equal, so that a layer of several platforms is read once."""

    content: Content
    blob: Descriptor

    def __call__(self) -> BinaryIO:
        return self.content.open_blob(self.blob)
