"""A registry that also takes pushes, over real HTTP and in memory; as strict as docker-registry, and breaks on request."""

import json
import re
import threading
import uuid
from typing import Any

from tests.fakes.registry import Asked, FakeRegistry, digest_of

Answer = tuple[int, dict[str, str], bytes]


class FakeWritableRegistry(FakeRegistry):
    """A blob is in the repositories that it was pushed to or mounted in; a manifest is taken if its parts are there.

    Attributes:
        can_mount: whether a mount is done, or a place to upload to is given instead.
        takes_whole_blobs: whether a blob may come in one request.
        largest: bytes of one request's body; None for any.
        says_subject: whether a push of a referrer is answered with `OCI-Subject`.
        honours_conditions: whether `If-Match` and `If-None-Match` are looked at.
        relative: whether upload addresses have no server.
    """

    def __init__(self, *, referrers: bool = False) -> None:
        super().__init__()
        self.can_mount = self.takes_whole_blobs = self.relative = True
        self.largest: int | None = None
        self.says_subject = self.honours_conditions = False
        self.referrers = {} if referrers else None
        self.links: set[tuple[str, str]] = set()
        self._uploads: dict[str, bytearray] = {}
        self._writing = threading.Lock()

    def put_image(self, name: str, documents: Any, blobs: Any, **tags: str) -> None:
        """Take in an image as if it had been pushed to the repository."""
        self.add(name, documents, blobs, **tags)
        self.links.update((name, digest) for digest in blobs)

    def holds(self, name: str, reference: str) -> bool:
        """Whether an image is there with all that it is made of."""
        if (name, reference) not in self.manifests:
            return False
        document = json.loads(self.manifests[name, reference][1])
        blobs = [each["digest"] for each in [document.get("config"), *document.get("layers", [])] if each]
        children = [each["digest"] for each in document.get("manifests", [])]
        return all((name, each) in self.links and each in self.blobs for each in blobs) and all(
            self.holds(name, each) for each in children
        )

    def written(self, part: str = "") -> list[str]:
        """The paths of requests that change something."""
        return [each.path for each in self.asked if each.method in ("PUT", "PATCH", "POST") and part in each.path]

    def answer(self, asked: Asked) -> Answer:
        """As the distribution-spec has it."""
        if asked.method in ("GET", "HEAD"):
            return self._read(asked)
        if self.challenge and not self.allows(asked.headers.get("authorization", "")):
            return super().answer(asked)
        if self.largest is not None and len(asked.body) > self.largest:
            return 413, {}, _error("SIZE_INVALID", "request entity too large")
        upload = re.fullmatch(r"/v2/(?P<name>.+)/blobs/uploads/(?P<session>[^/]*)", asked.path)
        if upload:
            return self._upload(upload["name"], upload["session"], asked)
        manifest = re.fullmatch(r"/v2/(?P<name>.+)/manifests/(?P<what>[^/]+)", asked.path)
        if not manifest:
            return 404, {}, b"404 page not found"
        with self._writing:
            return self._put(manifest["name"], manifest["what"], asked)

    def _read(self, asked: Asked) -> Answer:
        blob = re.fullmatch(r"/v2/(?P<name>.+)/blobs/(?P<digest>[^/]+)", asked.path)
        if blob and (blob["name"], blob["digest"]) not in self.links:
            return 404, {}, _error("BLOB_UNKNOWN", "blob unknown to registry")
        status, headers, body = super().answer(asked)
        if "Docker-Content-Digest" in headers:
            headers["ETag"] = f'"{headers["Docker-Content-Digest"]}"'
        return status, headers, body

    def _upload(self, name: str, session: str, asked: Asked) -> Answer:
        if asked.method == "POST":
            return self._begin(name, asked)
        if session not in self._uploads:
            return 404, {}, _error("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        content = self._uploads[session]
        if asked.method == "PATCH":
            start = int(asked.headers["content-range"].partition("-")[0])
            if start != len(content):
                return 416, {}, b""
            content += asked.body
            return 202, self._place(name, session), b""
        if asked.body and not self.takes_whole_blobs:
            return 405, {}, _error("UNSUPPORTED", "the operation is unsupported")
        del self._uploads[session]
        whole, digest = bytes(content) + asked.body, asked.query["digest"][0]
        if digest_of(whole) != digest:
            return 400, {}, _error("DIGEST_INVALID", "provided digest did not match uploaded content")
        self.blobs[digest] = whole
        return self._linked(name, digest)

    def _begin(self, name: str, asked: Asked) -> Answer:
        mount, source = asked.query.get("mount", [""])[0], asked.query.get("from", [""])[0]
        if mount and self.can_mount and (source, mount) in self.links:
            return self._linked(name, mount)
        session = uuid.uuid4().hex
        self._uploads[session] = bytearray()
        return 202, self._place(name, session), b""

    def _linked(self, name: str, digest: str) -> Answer:
        self.links.add((name, digest))
        return 201, {"Docker-Content-Digest": digest, "Location": f"/v2/{name}/blobs/{digest}"}, b""

    def _place(self, name: str, session: str) -> dict[str, str]:
        path = f"/v2/{name}/blobs/uploads/{session}?_state=opaque"
        return {"Location": path if self.relative else f"http://{self.address}{path}"}

    def _put(self, name: str, what: str, asked: Asked) -> Answer:
        if self.honours_conditions and not self._condition_holds(name, what, asked):
            return 412, {}, b""
        digest, document = digest_of(asked.body), json.loads(asked.body)
        if ":" in what and what != digest:
            return 400, {}, _error("DIGEST_INVALID", "provided digest did not match uploaded content")
        parts = [document.get("config"), *document.get("layers", [])]
        if not all((name, each["digest"]) in self.links for each in parts if each):
            return 400, {}, _error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
        if not all((name, each["digest"]) in self.manifests for each in document.get("manifests", [])):
            return 400, {}, _error("MANIFEST_UNKNOWN", "manifest unknown to registry")
        kind = asked.headers["content-type"]
        self.manifests[name, digest] = self.manifests[name, what] = kind, asked.body
        headers = {"Docker-Content-Digest": digest}
        return 201, {**headers, **self._note_subject(kind, digest, len(asked.body), document)}, b""

    def _condition_holds(self, name: str, what: str, asked: Asked) -> bool:
        there = self.manifests.get((name, what))
        if "if-none-match" in asked.headers:
            return there is None
        return "if-match" not in asked.headers or (
            there is not None and asked.headers["if-match"] == f'"{digest_of(there[1])}"'
        )

    def _note_subject(self, kind: str, digest: str, size: int, document: Any) -> dict[str, str]:
        subject = (document.get("subject") or {}).get("digest")
        if self.referrers is None or not subject:
            return {}
        entry = {"mediaType": kind, "digest": digest, "size": size}
        entry["artifactType"] = document.get("artifactType") or document["config"]["mediaType"]
        listed = self.referrers.setdefault(subject, [])
        if digest not in [each["digest"] for each in listed]:
            listed.append(entry)
        return {"OCI-Subject": subject} if self.says_subject else {}


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
