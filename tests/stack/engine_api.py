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


def _get(host: str, path: str) -> bytes | None:
    """What an engine answers on a path, or ``None`` when nobody answers in a way we understand."""
    connection = _connection(host)
    if connection is None:
        return None
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.read() if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _ask(host: str, path: str) -> dict[str, Any]:
    try:
        return dict(json.loads(_get(host, path) or b"{}"))
    except ValueError:
        return {}


def answers(host: str) -> bool:
    """Whether an engine answers; unlike its version, podman says this at once."""
    return _get(host, "/_ping") is not None


def version(host: str) -> str | None:
    """The engine's version, or ``None`` when it does not answer."""
    return _ask(host, "/version").get("Version")


def store(host: str) -> str:
    """``containerd`` or ``classic``: how the daemon keeps images."""
    status = _ask(host, "/info").get("DriverStatus") or []
    return "containerd" if ["driver-type", "io.containerd.snapshotter.v1"] in status else "classic"
