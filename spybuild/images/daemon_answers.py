"""What a daemon's JSON says of an image (`GET /images/{name}/json`), as our types."""

import json
from typing import Any

from spybuild.errors import ImageNotFound
from spybuild.model.digests import Digest
from spybuild.model.image import Image, ImageConfig, PlatformImage
from spybuild.model.platforms import Platform

_SNAPSHOTTER = "io.containerd.snapshotter.v1"


def image_of(name: str, seen: dict[str, Any]) -> Image:
    """The image that the daemon calls `name`: an index over platforms, or one platform alone.

    Raises:
        ImageNotFound: nothing in it could run.
    """
    return _index(name, seen) if seen.get("Manifests") else _single(name, seen)


def platform_of(seen: dict[str, Any]) -> Platform:
    """The platform that the config in this answer is of."""
    return Platform.of(seen["Os"], seen["Architecture"], seen.get("Variant") or "")


def read_config(config: dict[str, Any]) -> ImageConfig:
    """The image config, its nulls made empty."""
    return ImageConfig(
        env=tuple(config.get("Env") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        workdir=config.get("WorkingDir") or "",
        user=config.get("User") or "",
        labels=config.get("Labels") or {},
    )


def read_history(layers: list[dict[str, Any]]) -> tuple[str, ...]:
    """The commands that made the image (`GET /images/{name}/history`), the first first, as its config has them."""
    return tuple(each.get("CreatedBy") or "" for each in reversed(layers))


def keeps_indexes(info: dict[str, Any]) -> bool:
    """Whether the daemon's store (`GET /info`) is containerd's, in which one tag may hold many platforms."""
    return any(_SNAPSHOTTER in map(str, status) for status in info.get("DriverStatus") or ())


def as_json(platform: Platform) -> str:
    """The platform as the daemon takes it in a query (OCI image-spec, `platform`)."""
    fields = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
    return json.dumps({key: value for key, value in fields.items() if value})


def _index(name: str, seen: dict[str, Any]) -> Image:
    """The platforms of an index in the containerd store; attestation manifests are no platforms."""
    digest = Digest.parse(seen["Descriptor"]["digest"])
    images = [each for each in seen["Manifests"] if each["Kind"] == "image" or _could_run(each["Descriptor"])]
    single = "index" not in seen["Descriptor"]["mediaType"] and "list" not in seen["Descriptor"]["mediaType"]
    platforms = tuple(_of_manifest(digest, manifest) for manifest in images)
    if not platforms:
        raise ImageNotFound(f"{name} holds no image that could run, only attestations or artifacts")
    return Image(name, digest, "image" if single else "index", platforms)


def _single(name: str, seen: dict[str, Any]) -> Image:
    """The one platform of a tag in the classic store, or in Podman's."""
    digest = _digest_of(seen)
    return Image(name, digest, "image", (PlatformImage(platform_of(seen), digest, seen["Id"]),))


def _of_manifest(index: Digest, manifest: dict[str, Any]) -> PlatformImage:
    descriptor = manifest["Descriptor"]
    if manifest["Kind"] == "image":  # its config says the platform, also where the index says none
        descriptor = {**descriptor, "platform": manifest["ImageData"]["Platform"]}
    return _of_descriptor(index, descriptor)


def _digest_of(seen: dict[str, Any]) -> Digest | None:
    """The manifest's digest: told by the containerd store, elsewhere only for images that came from a registry."""
    if descriptor := seen.get("Descriptor"):
        return Digest.parse(descriptor["digest"])
    digests = {digest.partition("@")[2] for digest in seen.get("RepoDigests") or ()}
    return Digest.parse(digests.pop()) if len(digests) == 1 else None


def _could_run(descriptor: dict[str, Any]) -> bool:
    """Whether an entry of an index could be run: all but `unknown/unknown`, whatever else it calls itself."""
    return bool(descriptor.get("platform")) and descriptor["platform"]["os"] != "unknown"


def _of_descriptor(index: Digest, descriptor: dict[str, Any]) -> PlatformImage:
    seen = descriptor["platform"]
    platform = Platform.of(seen["os"], seen["architecture"], seen.get("variant") or "")
    return PlatformImage(platform, Digest.parse(descriptor["digest"]), str(index))
