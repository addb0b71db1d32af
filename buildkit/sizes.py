"""How much an engine pulls of an image: the sizes of its compressed layers, as its manifests give them."""

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Document = Mapping[str, Any]
Read = Callable[[str], Document]


def in_archive(archive: Path) -> dict[str, int]:
    """Of an image that `docker save` wrote, by platform; nothing where its layers are not compressed.

    Args:
        archive: an OCI layout in a tar; that of an older Docker is none, and never compressed.
    """
    with tarfile.open(archive) as tar:

        def read(name: str) -> Document:
            member = tar.extractfile(name)
            return dict(json.load(member)) if member else {}

        if "index.json" not in tar.getnames():
            return {}
        return dict(_platforms(read("index.json"), lambda digest: read(f"blobs/{digest.replace(':', '/')}")))


def in_registry(tag: str, fetch: Callable[[str], str]) -> dict[str, int]:
    """Of an image in a registry, by platform.

    Args:
        tag: its name.
        fetch: the manifest or index of that name.
    """
    name, _, last = tag.rpartition("/")
    repository = f"{name}/{last.partition(':')[0]}".lstrip("/")
    return dict(_platforms(json.loads(fetch(tag)), lambda digest: json.loads(fetch(f"{repository}@{digest}"))))


def _platforms(document: Document, read: Read, platform: str = "") -> Iterator[tuple[str, int]]:
    for entry in document.get("manifests", ()):
        yield from _platforms(read(entry["digest"]), read, _called(entry.get("platform", {})) or platform)
    layers = document.get("layers", ())
    if layers and all("zip" in layer["mediaType"] for layer in layers):
        yield platform or "image", sum(layer["size"] for layer in layers)


def _called(platform: Document) -> str:
    return "/".join(platform[part] for part in ("os", "architecture", "variant") if platform.get(part))
