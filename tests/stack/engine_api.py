"""The few questions we ask an engine over its socket, before any client library is there."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 5.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(host: str) -> http.client.HTTPConnection | None:
    url = urlsplit(host)
    if url.scheme == "unix":
        return _UnixConnection(url.path)
    if url.scheme in ("tcp", "http") and url.hostname:
        return http.client.HTTPConnection(url.hostname, url.port or 2375, timeout=TIMEOUT)
    return None


def ask(host: str, path: str) -> Any | None:
    """The JSON an engine answers on a path, or ``None`` when nobody answers in a way we understand."""
    connection = _connection(host)
    if connection is None:
        return None
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return json.loads(response.read()) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def version(host: str) -> str | None:
    """The engine's version, or ``None`` when it does not answer."""
    reply = ask(host, "/version")
    return str(reply["Version"]) if reply else None


def store(host: str) -> str:
    """``containerd`` or ``classic``: how the daemon keeps images."""
    status = (ask(host, "/info") or {}).get("DriverStatus") or []
    return "containerd" if ["driver-type", "io.containerd.snapshotter.v1"] in status else "classic"
