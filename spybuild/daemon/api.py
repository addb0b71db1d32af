"""The Docker Engine API over HTTP/1.1, as far as it is needed (https://docs.docker.com/reference/api/engine/).

Each request has its own connection: a local daemon's costs microseconds, and threads need not take turns.
"""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from typing import Any
from urllib.parse import quote, urlencode

from spybuild.daemon.address import Address
from spybuild.errors import EngineUnavailable

_NEWEST = (1, 51)  # the newest version whose answers are known here (Docker Engine 28)
_SECONDS = 60.0
_ARCHIVE_SECONDS = 900.0  # Docker 20.10 sends nothing of an export before all of it is written
_CHUNK = 1 << 20
_START_ONE = (
    "start it (systemctl start docker), or say where it is with DOCKER_HOST; "
    "inside a build stage or a container use `spybuild validate`"
)

Query = Mapping[str, str | int]


class Refused(Exception):  # noqa: N818  # reads as what happened
    """The daemon answered with an error: its HTTP status, and its own words as the message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class NotThere(Refused):
    """The daemon has no such image, container or file."""


class EngineApi:
    """One daemon's API. Methods may be called from several threads at once.

    All raise `Refused` where the daemon says no, and `EngineUnavailable` where it does not answer.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._version: tuple[int, ...] | None = None
        self._lock = threading.Lock()

    @property
    def version(self) -> tuple[int, ...]:
        """The version of the API spoken with this daemon: its own, or the newest known here."""
        with self._lock:
            if self._version is None:
                self._version = self._negotiated()
            return self._version

    def get(self, path: str, query: Query | None = None) -> Any:
        """What a GET answers, as JSON; `path` is quoted by the caller (`quoted`)."""
        return self._json("GET", path, query, None)

    def post(self, path: str, query: Query | None = None, body: Any = None, *, patient: bool = False) -> Any:
        """What a POST answers, as JSON; `patient` waits for it without an end."""
        return self._json("POST", path, query, body, None if patient else _SECONDS)

    def delete(self, path: str, query: Query | None = None) -> None:
        """Send a DELETE."""
        self._json("DELETE", path, query, None)

    def stream(self, path: str, query: Query | None = None) -> Iterator[bytes]:
        """What a GET answers, in chunks as they come; a daemon that writes an archive first is waited for."""
        url = self._versioned(path, query)
        with self._answer("GET", url, None, {}, _ARCHIVE_SECONDS) as response, self._watched():
            while chunk := response.read1(_CHUNK):
                yield chunk

    def attach(self, container: str) -> "Attached":
        """Both ends of a container's streams, which must not be a terminal's (`ContainerAttach`)."""
        query: Query = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        url = self._versioned(f"/containers/{container}/attach", query)
        with self._watched():
            connection = _Hijacked(self._address, None)
            connection.request("POST", url, headers={"Connection": "Upgrade", "Upgrade": "tcp"})
            stream = connection.sock
            response = connection.getresponse()
            if response.status not in (http.client.OK, http.client.SWITCHING_PROTOCOLS):
                with stream:
                    raise _refusal(response)
        return Attached(stream, response.fp, response)

    def _negotiated(self) -> tuple[int, ...]:
        with self._answer("GET", "/_ping", None, {}, _SECONDS) as response:
            text = response.getheader("Api-Version") or response.getheader("API-Version") or ""
        try:
            own = tuple(int(part) for part in text.split("."))
        except ValueError:
            raise EngineUnavailable("what answers there is no Docker daemon", _START_ONE) from None
        return min(own, _NEWEST)

    def _versioned(self, path: str, query: Query | None) -> str:
        prefix = ".".join(map(str, self.version))
        return f"/v{prefix}{path}{f'?{urlencode(query)}' if query else ''}"

    def _json(self, method: str, path: str, query: Query | None, body: Any, seconds: float | None = _SECONDS) -> Any:
        url = self._versioned(path, query)
        encoded = None if body is None else json.dumps(body).encode()
        headers = {} if encoded is None else {"Content-Type": "application/json"}
        with self._answer(method, url, encoded, headers, seconds) as response, self._watched():
            content = response.read()
        try:
            return json.loads(content) if content else None
        except ValueError as error:
            raise EngineUnavailable(f"the daemon's answer to {method} {path} makes no sense: {error}") from error

    @contextmanager
    def _answer(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], seconds: float | None
    ) -> Iterator[http.client.HTTPResponse]:
        """The daemon's answer, its status looked at."""
        connection = _Connection(self._address, seconds)
        try:
            with self._watched():
                connection.request(method, url, body, dict(headers))
                response = connection.getresponse()
                if response.status >= http.client.BAD_REQUEST:
                    raise _refusal(response)
            yield response
        finally:
            connection.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Errors of the connection, as ours."""
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise EngineUnavailable(f"no Docker daemon answers at {self._address.url}: {reason}", _START_ONE) from error


class Attached:
    """A container's stdin, stdout and stderr, as one stream that the daemon multiplexes."""

    def __init__(self, stream: socket.socket, reader: BufferedReader, response: http.client.HTTPResponse) -> None:
        self._socket, self._reader, self._response = stream, reader, response

    def write(self, content: bytes) -> None:
        """Write all of it to stdin. Raises OSError where nobody reads."""
        self._socket.sendall(content)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """What comes: (1 for stdout or 2 for stderr, some bytes), up to its end (`ContainerAttach`, stream format)."""
        with suppress(OSError):  # a connection that breaks has ended
            while len(header := self._reader.read(8)) == 8:
                left = int.from_bytes(header[4:], "big")
                while left and (chunk := self._reader.read1(min(left, _CHUNK))):
                    left -= len(chunk)
                    yield header[0], chunk

    def end(self) -> None:
        """End the reading and the writing, from any thread."""
        with suppress(OSError):  # it has ended already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._socket.close()


class _Connection(http.client.HTTPConnection):
    """A connection to wherever the daemon is."""

    def __init__(self, address: Address, seconds: float | None) -> None:
        super().__init__("docker")  # the Host header's, which the daemon does not read
        self._address, self._seconds = address, seconds

    def connect(self) -> None:
        """Connect, as `http.client` asks for it."""
        self.sock = self._address.connect()
        self.sock.settimeout(self._seconds)


class _Hijacked(_Connection):
    """A connection that goes on after its answer, whatever the answer's headers say."""

    def close(self) -> None:
        """Leave the socket to `Attached`."""


def quoted(name: str) -> str:
    """An image's or container's name as a part of a path."""
    return quote(name, safe="/:@")


def _refusal(response: http.client.HTTPResponse) -> Refused:
    content = response.read()
    try:
        message = str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        message = content.decode("utf-8", "replace").strip() or response.reason
    kind = NotThere if response.status == http.client.NOT_FOUND else Refused
    return kind(response.status, message)
