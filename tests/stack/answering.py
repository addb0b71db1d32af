"""What our own small HTTP servers share: JSON answers, on loopback, many at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    """One request; what answers it is a method named after the HTTP method."""

    def reply(self, status: int, document: Mapping[str, Any]) -> None:
        """Answer with JSON."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def parts(self) -> tuple[str, dict[str, list[str]]]:
        """The path and the query."""
        url = urlsplit(self.path)
        return url.path, parse_qs(url.query)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's name
        """Log no requests."""


class _Server(ThreadingHTTPServer):
    # Tests come with dozens of clients at once; the default queue is five.
    request_queue_size = 128


def serve(port: int, handler: type[Handler]) -> None:
    """Serve on loopback until the process is ended."""
    _Server(("127.0.0.1", port), handler).serve_forever()
