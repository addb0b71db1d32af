"""OCI images written straight into the registry, by no engine: blobs, manifests and an index over plain HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests.stack.console import StackError
from tests.stack.layers import Layer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

Descriptor = dict[str, Any]


class Repository:
    """One repository of a registry on plain HTTP without login."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name

    def digest(self, tag: str) -> str | None:
        """The digest a tag points to."""
        status, headers = self._request("HEAD", f"manifests/{tag}", headers={"Accept": f"{INDEX}, {MANIFEST}"})
        return headers.get("Docker-Content-Digest") if status == 200 else None

    def push_file(self, path: Path, digest: str, size: int) -> None:
        """Upload a blob, unless the registry has it."""
        with path.open("rb") as file:
            self._push(file, digest, size)

    def push_json(self, content: Mapping[str, Any], media_type: str) -> Descriptor:
        """Upload a small JSON blob."""
        data = _encode(content)
        descriptor = _descriptor(data, media_type)
        self._push(data, descriptor["digest"], len(data))
        return descriptor

    def push_manifest(self, content: Mapping[str, Any], tag: str | None = None) -> Descriptor:
        """Upload a manifest or an index, under a tag or by its digest."""
        data = _encode(content)
        descriptor = _descriptor(data, content["mediaType"])
        headers = {"Content-Type": content["mediaType"]}
        self._expect(201, "PUT", f"manifests/{tag or descriptor['digest']}", data, headers)
        return descriptor

    def _push(self, body: bytes | IO[bytes], digest: str, size: int) -> None:
        if self._request("HEAD", f"blobs/{digest}")[0] == 200:
            return
        location = urlsplit(self._expect(202, "POST", "blobs/uploads/")["Location"])
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        self._expect(201, "PUT", f"{location.path}?{location.query}&digest={digest}", body, headers)

    def _expect(
        self, status: int, method: str, path: str, body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPMessage:  # fmt: skip
        got, answered = self._request(method, path, body, headers)
        if got != status:
            raise StackError(f"the registry answered {got} instead of {status} to {method} {path} of {self._name}")
        return answered

    def _request(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        target = path if path.startswith("/") else f"/v2/{self._name}/{path}"
        try:
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.headers
        except (OSError, http.client.HTTPException) as error:
            raise StackError(f"the registry at {self._address} did not answer {method} {target}: {error}") from error
        finally:
            connection.close()


def push_platform(repository: Repository, platform: str, layer: Layer, config: Mapping[str, Any]) -> Descriptor:
    """Push one platform's image; the descriptor is its entry in an index."""
    repository.push_file(Path(layer.path), layer.digest, layer.size)
    content = {
        **_platform(platform),
        "created": "1970-01-01T00:00:00Z",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "tests/stack"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": repository.push_json(content, CONFIG),
        "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size}],
    }
    return {**repository.push_manifest(manifest), "platform": _platform(platform)}


def push_index(repository: Repository, tag: str, platforms: Sequence[Descriptor]) -> str:
    """Push the index over some platforms under a tag; its digest."""
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(platforms)}
    return str(repository.push_manifest(index, tag)["digest"])


def _platform(text: str) -> dict[str, str]:
    system, architecture, *variant = text.split("/")
    # Published arm64 images name the variant, and so do ours.
    variant = variant or (["v8"] if architecture == "arm64" else [])
    return {"architecture": architecture, "os": system, **({"variant": variant[0]} if variant else {})}


def _encode(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode()


def _descriptor(data: bytes, media_type: str) -> Descriptor:
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
