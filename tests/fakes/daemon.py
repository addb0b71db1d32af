"""A daemon that answers on a real socket from memory: the Docker Engine API's manners, not its deeds."""

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spybuild.daemon.address import Address


class FakeDaemon(socketserver.ThreadingUnixStreamServer):
    """Answers requests by method and path; `asked` remembers them. The path has no version and no query.

    An answer is a body, or (status, body); bytes are sent in two chunks, anything else as JSON. Attaching echoes what it
    reads, cut into frames: stdout gets it in two, stderr gets its length.
    """

    daemon_threads = True

    def __init__(self, path: Path, answers: dict[str, Any], version: str | None = "1.51") -> None:
        self.answers, self.version = answers, version
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        super().__init__(str(path), _Handler)


@contextmanager
def running(answers: dict[str, Any], version: str | None = "1.51") -> Iterator[tuple[FakeDaemon, Address]]:
    """A daemon that runs until the end of the block, and its address."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "docker.sock")
        with FakeDaemon(path, answers, version) as daemon:
            thread = Thread(target=daemon.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield daemon, Address(f"unix://{path}")
            finally:
                daemon.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeDaemon
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = "/" + parts.path.split("/", 2)[2] if parts.path.startswith("/v1.") else parts.path
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.endswith("/attach"):
            self._echo()
            return
        self.server.asked.append(
            (f"{self.command} {parts.path}", parse_qs(parts.query), json.loads(content) if content else None)
        )
        answer = self.server.answers.get(f"{self.command} {path}", "OK" if path == "/_ping" else (404, "no such page"))
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        self._send(status, {"message": body} if status >= 400 and isinstance(body, str) else body)

    def _send(self, status: int, body: Any) -> None:
        self.send_response(status)
        if self.server.version:
            self.send_header("Api-Version", self.server.version)
        if isinstance(body, bytes):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            half = len(body) // 2
            for chunk in (body[:half], body[half:], b""):
                if chunk or not half or chunk == b"":
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            return
        encoded = b"" if body is None else json.dumps(body).encode()
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _echo(self) -> None:
        self.send_response(101, "UPGRADED")
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()
        self.close_connection = True
        line = self.rfile.readline()
        for kind, content in ((1, line[:2]), (2, b"%d" % len(line)), (1, line[2:])):
            self.wfile.write(bytes([kind, 0, 0, 0]) + len(content).to_bytes(4, "big") + content)
