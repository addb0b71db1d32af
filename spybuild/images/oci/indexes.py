"""Walks an index to the platforms that an engine could run (OCI image-spec, `image-index.md`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, SCHEMA_1, Descriptor
from spybuild.images.oci.manifests import Manifest, read_config, read_index, read_manifest
from spybuild.model import strict_json
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform

_DEEPEST = 4  # indexes in indexes; two are seen in the wild
_MOST_PLATFORMS = 200  # the largest official images have about 20
_MOST_INDEXES = 50

Fetch = Callable[[Descriptor], bytes]


@dataclass
class _Walk:
    """What is known on the way: which entries were met, and what was left out, for the message if nothing is left."""

    name: str
    fetch: Fetch
    seen: set[tuple[Digest, Platform | None]]
    left_out: list[str]
    indexes: int = 0


def platforms_of(name: str, root: Descriptor, content: bytes, fetch: Fetch) -> tuple[Descriptor, ...]:
    """The manifests of what could run, each with its platform, in the index's order.

    Left out is what no engine runs: attestations, which are entries for `unknown/unknown`, and artifacts, whose entry
    names no platform and whose config no architecture. Docker runs what has a platform whatever else it calls itself
    (annotations, `artifactType`, the config's media type), so those hide nothing. An entry without a platform takes its
    config's. Two entries for one platform are both listed: engines differ in which they run.

    Args:
        name: what the image is called in messages.
        root: the index, or a manifest alone.
        content: the root's bytes.
        fetch: gives the checked bytes of a descriptor.

    Raises:
        ImageNotFound: nothing in it could run.
        ImageInvalid: it is damaged, of a type we do not know, or goes beyond our limits.
    """
    walk = _Walk(name, fetch, {(root.digest, None)}, [])
    if root.media_type in INDEXES:
        found = list(_of_index(walk, content, root, 1))
    elif root.media_type in MANIFESTS:
        found = list(_of_manifest(walk, root, content))
    else:
        raise ImageInvalid(f"{name} is of a media type that we do not know: {root.media_type}")
    if not found:
        raise ImageNotFound(
            f"{name} holds no image that could run, only attestations or artifacts",
            f"it has {', '.join(sorted(set(walk.left_out))[:5])}" if walk.left_out else "its index is empty",
        )
    return tuple(found)


def _of_index(walk: _Walk, content: bytes, index: Descriptor, depth: int) -> Iterator[Descriptor]:
    walk.indexes += 1
    if depth > _DEEPEST or walk.indexes > _MOST_INDEXES:
        raise ImageInvalid(f"{walk.name} has indexes in indexes, more than {_DEEPEST} deep or {_MOST_INDEXES} in all")
    entries = read_index(content, f"the index {index.digest}")
    if len(entries) > _MOST_PLATFORMS:
        raise ImageInvalid(f"the index {index.digest} has {len(entries)} entries; {_MOST_PLATFORMS} are the most")
    for entry in entries:
        if entry.is_platform_unknown:
            walk.left_out.append("attestations")
        elif (entry.digest, entry.platform) not in walk.seen:
            walk.seen.add((entry.digest, entry.platform))
            yield from _of_entry(walk, entry, depth)


def _of_entry(walk: _Walk, entry: Descriptor, depth: int) -> Iterator[Descriptor]:
    if entry.media_type in INDEXES:
        yield from _of_index(walk, walk.fetch(entry), entry, depth + 1)
    elif entry.media_type in MANIFESTS:
        yield from [entry] if entry.platform else _of_manifest(walk, entry, walk.fetch(entry))
    elif entry.platform is None and entry.media_type not in SCHEMA_1:
        walk.left_out.append(entry.media_type)
    else:
        raise ImageInvalid(f"{walk.name} has an image of a media type that we do not know: {entry.media_type}")


def _of_manifest(walk: _Walk, entry: Descriptor, content: bytes) -> Iterator[Descriptor]:
    what = f"the manifest {entry.digest}"
    manifest = read_manifest(content, what)
    if not manifest.is_image:
        _require_artifact(walk.fetch(manifest.config), what)
        walk.left_out.append(manifest.artifact_type or manifest.config.media_type)
        return
    if entry.platform:
        yield entry
        return
    yield from _with_platform(walk, entry, manifest)


def _require_artifact(config: bytes, what: str) -> None:
    """Refuse an image that calls itself something else.

    Raises:
        ImageInvalid: its config names an architecture, in whatever spelling Go's decoder takes for that key.
    """
    try:
        found = strict_json.parse(config)
        is_image = isinstance(found, dict) and any(key.casefold() == "architecture" for key in found)
    except ValueError:  # what is no JSON runs nowhere; what only strict readers refuse may
        is_image = config.lstrip().startswith(b"{")
    if is_image:
        raise ImageInvalid(f"{what} calls itself an artifact, and engines would run it", "name its platform")


def _with_platform(walk: _Walk, entry: Descriptor, manifest: Manifest) -> Iterator[Descriptor]:
    """The entry with its config's platform.

    Raises:
        ImageInvalid: it names none, or `unknown`, as attestations do: without a platform in the index engines run it.
    """
    platform = read_config(walk.fetch(manifest.config), f"the config {manifest.config.digest}").platform
    if platform is None or platform.os == "unknown":
        raise ImageInvalid(f"the config {manifest.config.digest} names no platform, and neither does its entry")
    yield replace(entry, platform=platform)
