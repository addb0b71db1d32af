"""Counts what a registry is asked and what it answers, from between it and who asks."""

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_BLOB = re.compile(r"/v2/.+/blobs/(sha256:[0-9a-f]{64})")
_PASSED_ON = ("Accept", "Range", "If-None-Match", "User-Agent", "Accept-Encoding")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Answer:
    """One answer: what was asked for, and the bytes of its body."""

    path: str
    size: int

    @property
    def blob(self) -> str:
        """The digest of the blob that was asked for; empty where it was something else."""
        match = _BLOB.fullmatch(self.path)
        return match[1] if match else ""


class _Server(ThreadingHTTPServer):
    """Says nothing of those who hang up, as a process does that has ended."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Counter:
    """A registry's double: passes everything on to it, and notes it."""

    def __init__(self, registry: str) -> None:
        """Stand before the registry at an address (`127.0.0.1:PORT`)."""
        self.answers: list[Answer] = []
        counter = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                counter.answers.append(_passed_on(registry, self))

            do_HEAD = do_GET  # noqa: N815  # as http.server calls it

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as http.server calls it
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"

    def of_blobs(self, *digests: str) -> int:
        """The bytes of these blobs that were answered."""
        return sum(each.size for each in self.answers if each.blob in digests)

    @contextmanager
    def running(self) -> Iterator["Counter"]:
        """Answer meanwhile."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def _passed_on(registry: str, handler: BaseHTTPRequestHandler) -> Answer:
    connection = http.client.HTTPConnection(registry, timeout=60)
    headers = {name: value for name in _PASSED_ON if (value := handler.headers.get(name))}
    connection.request(handler.command, handler.path, headers=headers)
    response = connection.getresponse()
    handler.send_response(response.status)
    for name, value in response.getheaders():
        if name.lower() not in ("connection", "transfer-encoding", "date"):
            handler.send_header(name, value)
    handler.send_header("Connection", "close")  # an answer need not say how long it is
    handler.close_connection = True
    handler.end_headers()
    size = 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        handler.wfile.write(chunk)
    connection.close()
    return Answer(handler.path, size)
