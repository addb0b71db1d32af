"""A registry that answers over real HTTP from memory, and breaks on request; and a token server.

It knows what the distribution-spec asks of a registry for pulling: manifests, blobs with ranges, referrers where wanted.
`registry_writes` has one for pushing.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "ann", "correct horse"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    Attributes:
        status: instead of 200; the body is then an error.
        headers: beside, or instead of, the usual ones.
        body: instead of the right one.
        cut_after: bytes of the body, after which the connection is closed.
        delay: seconds before the answer.
        ignores_range: answer all of it, with 200.
        method: only to a request of this kind.
        is_lost: the server does not do what it was asked.
        hangs_up: close the connection in place of an answer.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_after: int | None = None
    delay: float = 0.0
    ignores_range: bool = False
    method: str = ""
    is_lost: bool = False
    hangs_up: bool = False


@dataclass(frozen=True)
class Asked:
    """One request: `path` has no query."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    form: Mapping[str, list[str]]
    body: bytes = field(default=b"", repr=False)


class FakeServer(ThreadingHTTPServer):
    """Remembers what it was asked, and misbehaves where `faults` say: by a part of the path, in their order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.faults: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.server_address[1]}"

    def paths(self, part: str = "") -> list[str]:
        """The paths asked for that hold this text."""
        return [each.path for each in self.asked if part in each.path]

    def next_fault(self, path: str, method: str = "") -> Fault:
        """The fault meant for this path, once; none otherwise."""
        with self._lock:
            for number, (part, fault) in enumerate(self.faults):
                if part in path and fault.method in ("", method):
                    del self.faults[number]
                    return fault
        return Fault()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up when they have enough; say nothing."""

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        raise NotImplementedError


class FakeRegistry(FakeServer):
    """Serves `manifests` (by name and tag or digest) and `blobs` (by digest), to whom `allows` lets."""

    def __init__(self) -> None:
        super().__init__()
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.referrers: dict[str, list[dict[str, Any]]] | None = None
        self.page = 0
        self.challenge = ""
        self.allows: Callable[[str], bool] = lambda _: True

    def add(
        self, name: str, documents: Mapping[str, tuple[str, bytes]], blobs: Mapping[str, bytes], **tags: str
    ) -> None:
        """Take in manifests and blobs by digest, and give tags."""
        for digest, document in documents.items():
            self.manifests[name, digest] = document
        for tag, digest in tags.items():
            self.manifests[name, tag] = documents[digest]
        self.blobs.update(blobs)

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """As the distribution-spec has it."""
        if self.challenge and not self.allows(asked.headers.get("authorization", "")):
            return 401, {"WWW-Authenticate": self.challenge}, _error("UNAUTHORIZED", "authentication required")
        if asked.path == "/v2/":
            return 200, {}, b"{}"
        match = re.fullmatch(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|referrers)/(?P<what>[^/]+)", asked.path)
        if not match:
            return 404, {}, b"404 page not found"
        if match["kind"] == "manifests":
            return self._manifest(match["name"], match["what"])
        if match["kind"] == "blobs":
            blob = self.blobs.get(match["what"])
            return (404, {}, _error("BLOB_UNKNOWN", "blob unknown")) if blob is None else (200, {}, blob)
        return self._referrers(match["what"], asked)

    def _manifest(self, name: str, what: str) -> tuple[int, dict[str, str], bytes]:
        if (name, what) not in self.manifests:
            return 404, {}, _error("MANIFEST_UNKNOWN", "manifest unknown")
        media_type, content = self.manifests[name, what]
        return 200, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}, content

    def _referrers(self, digest: str, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if self.referrers is None:
            return 404, {}, b"404 page not found"
        found, start = self.referrers.get(digest, []), int(asked.query.get("start", ["0"])[0])
        headers = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
        if self.page and len(found) > start + self.page:
            headers["Link"] = f'<{asked.path}?start={start + self.page}>; rel="next"'
            found = found[start : start + self.page]
        else:
            found = found[start:]
        return 200, headers, json.dumps({"schemaVersion": 2, "manifests": found}).encode()


class FakeTokenServer(FakeServer):
    """Gives tokens to whom `allows` lets, by the `Authorization` or the form sent; each may be used `uses` times."""

    def __init__(self) -> None:
        super().__init__()
        self.allows: Callable[[Asked], bool] = lambda _: True
        self.given: list[str] = []
        self.uses = 10_000
        self._left: dict[str, int] = {}

    def accepts(self, authorization: str) -> bool:
        """Whether a registry should let this through."""
        token = authorization.removeprefix("Bearer ")
        self._left[token] = self._left.get(token, 0) - 1
        return self._left[token] >= 0

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """A token, or a no."""
        if not self.allows(asked):
            return 401, {}, _error("UNAUTHORIZED", "incorrect username or password")
        token = f"token-{len(self.given)}"
        self.given.append(token)
        self._left[token] = self.uses
        key = "access_token" if asked.method == "POST" else "token"
        return 200, {"Content-Type": "application/json"}, json.dumps({key: token, "expires_in": 60}).encode()


Server = TypeVar("Server", bound=FakeServer)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, running until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def digest_of(content: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


class _Handler(BaseHTTPRequestHandler):
    server: FakeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
        form = parse_qs(body.decode()) if is_form else {}
        headers = {key.lower(): value for key, value in self.headers.items()}
        asked = Asked(self.command, parts.path, parse_qs(parts.query), headers, form, body)
        self.server.asked.append(asked)
        fault = self.server.next_fault(parts.path, self.command)
        time.sleep(fault.delay)
        status, own, body = (200, {}, b"") if fault.is_lost else self.server.answer(asked)
        if fault.hangs_up:
            self.close_connection = True
            return
        status, body = (fault.status, _error("FAULT", "it was asked for")) if fault.status else (status, body)
        self._send(status, {**own, **fault.headers}, body if fault.body is None else fault.body, fault)

    def _send(self, status: int, headers: dict[str, str], body: bytes, fault: Fault) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and status == 200 and not fault.ignores_range:
            start = int(wanted[1])
            headers.setdefault("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            status, body = 206, body[start:]
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with suppress(OSError):
            self.wfile.write(body[: fault.cut_after] if fault.cut_after is not None else body)
        self.close_connection = fault.cut_after is not None
