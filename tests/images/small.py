"""Small images, made from nothing: in a layout, an archive or a registry they are as real as large ones."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.registry import FakeRegistry, digest_of

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

Json = dict[str, Any]


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A tar with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def encoded(document: Any) -> bytes:
    """A document's bytes; indented, as nobody else would write them again."""
    return json.dumps(document, indent=3).encode()


@dataclass
class SmallImage:
    """Documents and blobs by digest; `root` points at the index."""

    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    root: Json = field(default_factory=dict)

    def blob(self, content: bytes, media_type: str) -> Json:
        """Take in a blob; its descriptor."""
        self.blobs[digest_of(content)] = content
        return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}

    def document(self, document: Any, media_type: str = "") -> Json:
        """Take in a manifest or index; its descriptor."""
        content = document if isinstance(document, bytes) else encoded(document)
        kind = media_type or document["mediaType"]
        self.documents[digest_of(content)] = (kind, content)
        return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

    def layer(self, files: Mapping[str, bytes]) -> tuple[Json, str]:
        """Take in a gzipped layer; its descriptor and diff_id."""
        tar = tar_of(files)
        return self.blob(gzip.compress(tar, mtime=0), LAYER), digest_of(tar)

    def platform(self, name: str, layers: Sequence[Mapping[str, bytes]], **config: Any) -> Json:
        """Take in one platform's image; its entry in an index."""
        made = [self.layer(files) for files in layers]
        system, architecture, *variant = name.split("/")
        platform = {"os": system, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
        document: Json = {
            **platform,
            "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["python3"], "Labels": {"a": "b"}, **config},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in made]},
            "history": [{"created_by": f"COPY {number}"} for number in range(len(made))],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(encoded(document), CONFIG),
            "layers": [descriptor for descriptor, _ in made],
        }
        return {**self.document(manifest), "platform": platform}

    def index(self, entries: Sequence[Json], **more: Any) -> Json:
        """Take in an index, which becomes the root."""
        self.root = self.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries), **more})
        return self.root

    def attestation(self, of: Json) -> Json:
        """Take in what BuildKit attaches to a platform; its entry."""
        config = {"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": []}}
        layer = self.blob(b"{}", "application/vnd.in-toto+json")
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(encoded(config), CONFIG),
            "layers": [layer],
        }
        return {
            **self.document(manifest),
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": of["digest"],
            },
        }

    def all_blobs(self) -> dict[str, bytes]:
        """Everything by digest, documents too, as a layout holds it."""
        return {**self.blobs, **{digest: content for digest, (_, content) in self.documents.items()}}

    def into_registry(self, registry: FakeRegistry, name: str = "shop/api", tag: str = "1") -> str:
        """Serve it; the reference."""
        registry.add(name, self.documents, self.blobs, **{tag: self.root["digest"]})
        return f"registry://{registry.address}/{name}:{tag}"

    def into_layout(self, folder: Path, *names: str) -> Path:
        """Write it as an OCI layout, under these names; the folder."""
        for digest, content in self.all_blobs().items():
            path = folder / "blobs" / digest.replace(":", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        entries = [{**self.root, "annotations": {"org.opencontainers.image.ref.name": name}} for name in names]
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_bytes(encoded({"schemaVersion": 2, "manifests": entries or [self.root]}))
        return folder


def two_platforms() -> SmallImage:
    """linux/amd64 and linux/arm64, each with an attestation, sharing a layer."""
    image = SmallImage()
    shared = {"srv/app.py": b"X = 1\n"}
    entries = [
        image.platform("linux/amd64", [{"srv/arch.py": b"amd64"}, shared]),
        image.platform("linux/arm64/v8", [{"srv/arch.py": b"arm64"}, shared]),
    ]
    image.index([*entries, *(image.attestation(entry) for entry in entries)])
    return image


def as_archive(folder: Path, path: Path) -> Path:
    """A tar of a folder's files; its path."""
    files = {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}
    path.write_bytes(tar_of(files))
    return path
