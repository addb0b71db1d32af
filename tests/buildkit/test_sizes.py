"""The sizes that manifests give."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from buildkit.sizes import in_archive, in_registry

LAYER = "application/vnd.oci.image.layer.v1.tar"
ARM = {"os": "linux", "architecture": "arm", "variant": "v7"}


class Blobs:
    """Documents by digest."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}

    def add(self, document: Any, **fields: Any) -> dict[str, Any]:
        """Keep a document; its descriptor."""
        text = json.dumps(document)
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self.documents[digest] = text
        return {"digest": digest, **fields}

    def index(self, media_type: str = f"{LAYER}+gzip") -> dict[str, Any]:
        """Two platforms, and an attestation of one."""
        amd64, arm = ({"layers": [{"mediaType": media_type, "size": size} for size in (1000, each)]} for each in (1, 2))
        platform = {"os": "linux", "architecture": "amd64"}
        return {"manifests": [self.add(amd64, platform=platform), self.add(arm, platform=ARM)]}


def archive(path: Path, index: Any, blobs: Blobs) -> Path:
    """As `docker save` writes it."""
    files = {"index.json": json.dumps(index)} if index else {"manifest.json": "[]"}
    files |= {f"blobs/{digest.replace(':', '/')}": text for digest, text in blobs.documents.items()}
    with tarfile.open(path, "w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


def test_an_archive_has_an_index_of_an_index(tmp_path: Path) -> None:
    """All layers of a platform count, under the name that `--platform` has for it."""
    blobs = Blobs()
    outer = {"manifests": [blobs.add(blobs.index())]}
    assert in_archive(archive(tmp_path / "x.tar", outer, blobs)) == {"linux/amd64": 1001, "linux/arm/v7": 1002}


def test_layers_that_are_not_compressed_have_no_size_to_tell(tmp_path: Path) -> None:
    """Docker's classic store unpacks them for good; an older Docker writes no index either."""
    blobs = Blobs()
    assert in_archive(archive(tmp_path / "x.tar", blobs.index(LAYER), blobs)) == {}
    assert in_archive(archive(tmp_path / "y.tar", None, blobs)) == {}


def test_a_registry_is_asked_by_digest() -> None:
    """The port of the registry is no tag."""
    blobs, asked = Blobs(), list[str]()
    index = json.dumps(blobs.index())

    def fetch(name: str) -> str:
        asked.append(name)
        return blobs.documents[name.partition("@")[2]] if "@" in name else index

    assert in_registry("127.0.0.1:5000/spybuild/frontend:1", fetch) == {"linux/amd64": 1001, "linux/arm/v7": 1002}
    assert [name.partition("@")[0] for name in asked[1:]] == ["127.0.0.1:5000/spybuild/frontend"] * 2


def test_one_platform_alone_has_no_index() -> None:
    """What is pushed for one is a manifest."""
    manifest = {"layers": [{"mediaType": f"{LAYER}+gzip", "size": 7}]}
    assert in_registry("spybuild/spybuild", lambda _name: json.dumps(manifest)) == {"image": 7}
