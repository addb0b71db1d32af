"""An OCI image layout (image-spec, `image-layout.md`), written without any engine."""

import hashlib
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demo.python_here import Files

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"

Descriptor = dict[str, Any]


class LayoutWriter:
    """Writes one layout; a layer that several platforms share is there once."""

    def __init__(self, folder: Path) -> None:
        """Begin a layout in `folder`, in place of what is there."""
        shutil.rmtree(folder, ignore_errors=True)
        self._blobs = folder / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)
        self._folder = folder

    def layer(self, files: Files) -> Descriptor:
        """Write a layer with these files; as it is not compressed, its digest is also its diff_id."""
        path = self._blobs / "unfinished"
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
            for name, here in sorted(files.items()):
                with here.open("rb") as file:  # not by its path: of a file's second name here, tar would make a link
                    tar.addfile(_plain(tar.gettarinfo(arcname=name, fileobj=file)), file)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return self._descriptor(_LAYER, digest, path.rename(self._blobs / digest).stat().st_size)

    def platform(self, name: str, layers: Sequence[Descriptor], config: Mapping[str, Any]) -> Descriptor:
        """Write one platform's image; its entry in the index."""
        platform = dict(zip(("os", "architecture", "variant"), name.split("/"), strict=False))
        digests = [each["digest"] for each in layers]
        told = {**platform, "config": dict(config), "rootfs": {"type": "layers", "diff_ids": digests}}
        manifest = {
            "schemaVersion": 2, "mediaType": _MANIFEST, "config": self._document(_CONFIG, told), "layers": list(layers),
        }  # fmt: skip
        return {**self._document(_MANIFEST, manifest), "platform": platform}

    def finish(self, platforms: Sequence[Descriptor]) -> None:
        """Write the index over these platforms, and the layout's own two files."""
        index = self._document(_INDEX, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": list(platforms)})
        (self._folder / "index.json").write_bytes(_encoded({"schemaVersion": 2, "manifests": [index]}))
        (self._folder / "oci-layout").write_bytes(_encoded({"imageLayoutVersion": "1.0.0"}))

    def _document(self, media_type: str, document: Mapping[str, Any]) -> Descriptor:
        content = _encoded(document)
        digest = hashlib.sha256(content).hexdigest()
        (self._blobs / digest).write_bytes(content)
        return self._descriptor(media_type, digest, len(content))

    def _descriptor(self, media_type: str, digest: str, size: int) -> Descriptor:
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The file as an image has it: root's, readable for all."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.mode & 0o111 else 0o644
    return member
