"""Images of a daemon: what it tells is asked for first, and it exports an image only if a layer is not known yet.

With the containerd store (Docker 28) a tag is an index, whose platforms the API tells and exports one by one. Docker 26
and 27 hide them with that store, so there the export is the only way. The classic store and Podman keep one platform
for a tag and no manifest; the digest they tell is the registry's, as they remember it.
"""

import threading
from dataclasses import replace
from typing import IO, Any

from spybuild.daemon.api import EngineApi, NotThere, Query, Refused, quoted
from spybuild.errors import EngineUnavailable, ImageInvalid, ImageNotFound
from spybuild.images.archives import Archive, spooled
from spybuild.images.daemon_answers import as_json, image_of, platform_of, read_config, read_history
from spybuild.images.daemon_images import DaemonImages, sensible
from spybuild.images.docker_archive import DockerArchive
from spybuild.images.layered_source import LayeredSource, OpenedPlatform, Store
from spybuild.images.layers.layer import LAYER_TAR, Layer
from spybuild.images.layout import Layout
from spybuild.images.oci.descriptors import INDEXES, read_digest
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.oci_source import platform_from
from spybuild.model.digests import Digest
from spybuild.model.image import Image, PlatformImage

_MOST_SPOOLED = 128 << 30


class DaemonSource(LayeredSource):
    """One image of a daemon."""

    def __init__(self, name: str, api: EngineApi, store: Store) -> None:
        """Nothing is asked yet.

        Args:
            name: as the daemon knows it: `[registry/]name[:tag][@digest]`, or an id.
            api: the daemon.
            store: indexes layers.
        """
        super().__init__(store)
        self._name, self._api, self._images = name, api, DaemonImages(api)
        self._is_index = self._tells_each = False
        self._exports: dict[str, Archive] = {}
        self._opened_exports: dict[PlatformImage, OpenedPlatform] = {}
        self._export_lock = threading.Lock()

    def read_image(self) -> Image:
        """See `LayeredSource.read_image`."""
        seen = self._images.inspect(self._name)
        if self._images.hides_indexes:
            self._is_index = True
            return self._image_of_export()
        with sensible(self._name):
            image = image_of(self._name, seen)
            self._is_index = bool(seen.get("Manifests"))
        self._tells_each = self._images.tells_platforms or not self._is_index
        return image

    def open_platform(self, image: PlatformImage) -> OpenedPlatform:
        """See `LayeredSource.open_platform`."""
        if image not in self.image().platforms:
            raise ImageNotFound(f"{self._name} has no {image.platform} {image.digest or ''}".rstrip())
        return self._told(image) if self._tells_each else self._exported(image)

    def close(self) -> None:
        """See `LayeredSource.close`."""
        for archive in self._exports.values():
            archive.close()

    def _told(self, image: PlatformImage) -> OpenedPlatform:
        """What the API tells of a platform; its layers' bytes are exported when somebody asks for them."""
        seen, history = self._images.inspect(self._name, image), self._images.history(self._name, image)
        with sensible(self._name):
            config = replace(read_config(seen["Config"]), history=read_history(history))
            diff_ids = tuple(read_digest(each, self._name) for each in seen["RootFS"].get("Layers") or ())
            is_same = platform_of(seen) == image.platform and _is_of(seen, image)
        if not is_same:  # two entries for one platform: the API tells of the first only
            return self._exported(image)
        return OpenedPlatform(config, tuple(self._layer(image, diff_ids, number) for number in range(len(diff_ids))))

    def _layer(self, image: PlatformImage, diff_ids: tuple[Digest, ...], number: int) -> Layer:
        def content() -> IO[bytes]:
            layers = self._exported(image).layers
            if tuple(each.diff_id for each in layers) != diff_ids:
                raise ImageInvalid(f"the engine exports other layers of {self._name} than it tells of")
            return layers[number].open()

        return Layer(diff_ids[number], LAYER_TAR, content)

    def _exported(self, image: PlatformImage) -> OpenedPlatform:
        """A platform in what the daemon exports, held against what it told."""
        with self._export_lock:
            if image not in self._opened_exports:
                self._opened_exports[image] = self._open_export(image)
            return self._opened_exports[image]

    def _open_export(self, image: PlatformImage) -> OpenedPlatform:
        queries: list[Query] = [{}]
        if self._is_index and self._images.tells_manifests:
            queries.insert(0, {"platform": as_json(image.platform)})
        for query in queries:
            archive = self._archive(image.reference, query)
            if found := self._found_in(archive, image):
                return found
        raise ImageNotFound(
            f"the engine has {self._name} without its {image.platform}",
            f"fetch it with `docker pull --platform {image.platform} {self._name}`",
        )

    def _found_in(self, archive: Archive, image: PlatformImage) -> OpenedPlatform | None:
        """The platform in an export; None where it is not there. An image without a manifest is known by its config."""
        if not self._is_index:
            exported = DockerArchive(archive)
            archived = exported.choose("")
            if str(archived.digest) != image.reference:
                raise ImageInvalid(f"the engine exports {archived.digest} for {image.reference}")
            return exported.open(archived, image)
        layout = Layout(archive)
        if image.digest is None or not layout.has(image.digest):
            return None
        return platform_from(layout, layout.choose("", image.digest)[0], image)

    def _archive(self, name: str, query: Query) -> Archive:
        """What the daemon exports, kept in a temporary file until the source is closed."""
        key = str(query)
        if key not in self._exports:
            what = f"the engine's export of {self._name}"
            try:
                chunks = self._api.stream(f"/images/{quoted(name)}/get", query)
                self._exports[key] = Archive(spooled(chunks, what, _MOST_SPOOLED), what)
            except NotThere as error:
                raise ImageNotFound(f"the engine has not all of {self._name}: {error}") from error
            except Refused as error:
                raise EngineUnavailable(f"the engine did not export {self._name}: {error}") from error
        return self._exports[key]

    def _image_of_export(self) -> Image:
        layout = Layout(self._archive(self._name, {}))
        root, content = layout.choose("", None)
        found = platforms_of(self._name, root, content, layout.fetch)
        platforms = tuple(
            PlatformImage(each.platform, each.digest, str(root.digest)) for each in found if each.platform
        )
        return Image(self._name, root.digest, "index" if root.media_type in INDEXES else "image", platforms)


def _is_of(seen: dict[str, Any], image: PlatformImage) -> bool:
    """Whether the daemon tells of this very manifest; of this config, where its store keeps no manifests."""
    descriptor = seen.get("Descriptor")
    return bool(descriptor["digest"] == str(image.digest) if descriptor else seen["Id"] == image.reference)
