"""Services on this machine's loopback: whether one answers, and whether a port is free for one."""

from __future__ import annotations

import http.client
import socket

from tests.stack.console import StackError


def status(address: str, path: str) -> int | None:
    """The HTTP status a service answers a GET with, or ``None`` when nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def require_free(port: int) -> None:
    """Refuse a port that something listens on already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(f"port {port} is taken: set SPYBUILD_STACK_PORT to where a dozen are free") from error
