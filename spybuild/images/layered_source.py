"""What the sources of layered images have in common: a platform is opened once, its layers are indexed once."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spybuild.images.files import Files
from spybuild.images.layers.layer import Layer
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


class LayeredSource(ABC):
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
