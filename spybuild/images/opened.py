"""What all sources of images have in common: a platform is opened once, its layers are indexed once."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.files import Files
from spybuild.images.layers.layer import Layer
from spybuild.images.oci.descriptors import INDEXES, Descriptor
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.oci.manifests import Config, read_config, read_manifest, require_image
from spybuild.model.digests import Digest
from spybuild.model.image import Image, ImageConfig, PlatformImage


class Store(Protocol):
    """Indexes layers and merges them; `spybuild.images.layers.store.LayerStore` is one."""

    def files(self, layers: Sequence[Layer]) -> Files:
        """The merged tree of these layers, the lowest first; `Layer.open` is called only for those not known yet."""


@dataclass(frozen=True)
class OpenedPlatform:
    """One platform, opened: how it is run, and where its layers are."""

    config: ImageConfig
    layers: tuple[Layer, ...]


class OpenedSource(ABC):
    """A `Source` that remembers what it has opened. Subclasses say what the image is, and open a platform."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._image: Image | None = None
        self._locks: dict[PlatformImage, threading.Lock] = {}
        self._platforms: dict[PlatformImage, OpenedPlatform] = {}
        self._files: dict[PlatformImage, Files] = {}

    @abstractmethod
    def read_image(self) -> Image:
        """The index and its platforms; called once."""

    @abstractmethod
    def open_platform(self, image: PlatformImage) -> OpenedPlatform:
        """One platform's config and layers; called once for each."""

    @abstractmethod
    def close(self) -> None:
        """Hang up, and drop what is temporary."""

    def image(self) -> Image:
        """See `Source.image`."""
        with self._lock:
            if self._image is None:
                self._image = self.read_image()
            return self._image

    def config(self, image: PlatformImage) -> ImageConfig:
        """See `Source.config`."""
        with self._locked(image):
            return self._opened(image).config

    def files(self, image: PlatformImage) -> Files:
        """See `Source.files`."""
        with self._locked(image):
            if image not in self._files:
                self._files[image] = self._store.files(self._opened(image).layers)
            return self._files[image]

    def _locked(self, image: PlatformImage) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(image, threading.Lock())

    def _opened(self, image: PlatformImage) -> OpenedPlatform:
        if image not in self._platforms:
            self._platforms[image] = self.open_platform(image)
        return self._platforms[image]


class Content(Protocol):
    """Where an image's documents and blobs are: a registry's repository, or a layout."""

    def fetch(self, descriptor: Descriptor) -> bytes:
        """A manifest, index or config, held against its descriptor."""

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's bytes as they are stored, not held against anything."""


class OciSource(OpenedSource):
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

    def read_image(self) -> Image:
        """See `OpenedSource.read_image`."""
        root, content = self._root()
        found = platforms_of(self._reference, root, content, self._content.fetch)
        self._manifests = {(each.platform, each.digest): each for each in found}
        platforms = tuple(self._platform_image(each) for each in found)
        return Image(self._reference, root.digest, "index" if root.media_type in INDEXES else "image", platforms)

    def open_platform(self, image: PlatformImage) -> OpenedPlatform:
        """See `OpenedSource.open_platform`."""
        self.image()
        entry = self._manifests.get((image.platform, image.digest)) if image.digest else None
        if entry is None:
            raise ImageNotFound(f"{self._reference} has no {image.platform} {image.digest}")
        return platform_from(self._content, entry, image)

    def close(self) -> None:
        """See `OpenedSource.close`."""
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
