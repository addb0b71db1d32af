"""HTTP to registries: bounded in time and size, patient with servers that ask for it, and discreet.

Redirects are followed here and not by urllib3: what we log in with stays with the server it is for, and an address is
never shown with its query, for storage services sign their addresses. It is urllib3 itself that is used and not
`requests` on top, which takes longer to load than a manifest takes to fetch, and brings cookies and .netrc.
"""

import ipaddress
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.exceptions import HTTPError

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.connections import Connections
from spybuild.images.registry.failures import Interrupted, hint_for, is_in_vain, reason_of
from spybuild.model.names import shown

log = logging.getLogger(__name__)

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (408, 429, 500, 502, 503, 504)
_READING = ("GET", "HEAD")
_CHUNK = 1 << 18
_LONGEST_PAUSE = 20.0


class SizedReader(Protocol):
    """A body that is read while it is sent, of `len()` bytes."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""


Body = Mapping[str, str] | bytes | SizedReader


@dataclass(frozen=True)
class Patience:
    """How long we wait, in seconds.

    Attributes:
        connect: for a connection.
        read: for the next bytes.
        attempts: how often one question is asked.
        total: for one question with its repetitions, and for a document to arrive.
        pace: for the next mebibyte of a blob; slower is taken for a stalled connection.
    """

    connect: float = 10.0
    read: float = 60.0
    attempts: int = 5
    total: float = 120.0
    pace: float = 120.0


class Transport:
    """Asks over HTTP. Methods may be called from several threads at once; `requests` and `bytes` are counted."""

    def __init__(
        self, *, insecure: bool = False, patience: Patience = Patience(), pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Make ready; nothing is sent yet.

        Args:
            insecure: whether plain HTTP beyond this machine and unproven certificates are accepted.
            patience: how long to wait.
            pause: sleeps.
        """
        self.patience, self.insecure = patience, insecure
        self.requests = self.bytes = 0
        self._pause, self._lock = pause, threading.Lock()
        self._connections = Connections(insecure=insecure, connect_seconds=patience.connect, read_seconds=patience.read)
        logging.getLogger("urllib3").setLevel(logging.INFO)  # it would log addresses with their queries

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], data: Body | None = None, *, repeat: bool = False
    ) -> Answer:
        """The answer, redirects followed; asked again while the server is busy. The body is yet to be read.

        Args:
            method: GET or HEAD; others are not redirected.
            url: absolute; http or https.
            headers: `Authorization` among them is not sent to where a redirect leads, unless it is the same server.
            data: what is sent: a form, or bytes.
            repeat: whether another method than GET and HEAD may be asked for again: doing it twice must be as once.

        Raises:
            Interrupted: the connection broke.
            SourceUnavailable: no answer, or a redirect to where we do not go.
        """
        deadline = time.monotonic() + self.patience.total
        for attempt in range(1, self.patience.attempts + 1):
            is_last = attempt == self.patience.attempts or not (repeat or method in _READING)
            response = self._attempt(method, url, headers, data, is_last)
            if response is not None and (response.status_code not in PASSING or is_last):
                return response
            wait = _wait(response, attempt)
            if time.monotonic() + wait > deadline:
                if response is None:
                    break
                return response
            if response is not None:
                response.close()
            self._pause(wait)
        raise SourceUnavailable(f"{_host(urlsplit(url))} did not answer in {self.patience.total:.0f} s")

    def read(self, response: Answer, most: int, what: str) -> bytes:
        """The body, up to `most` bytes.

        Raises:
            ImageInvalid: it is longer.
            SourceUnavailable: it does not arrive in time, or breaks off.
        """
        deadline, content = time.monotonic() + self.patience.total, bytearray()
        try:
            while chunk := self.read_some(response, _CHUNK):
                content += chunk
                if len(content) > most:
                    raise ImageInvalid(f"{what} is larger than {most >> 10} KiB")
                if time.monotonic() > deadline:
                    raise SourceUnavailable(f"{what} did not arrive in {self.patience.total:.0f} s")
        except (HTTPError, OSError) as error:
            raise SourceUnavailable(f"{what} broke off: {reason_of(error)}") from None
        finally:
            response.close()
        return bytes(content)

    def read_some(self, response: Answer, most: int) -> bytes:
        """The next bytes of the body as they were sent: no encoding is undone, for digests are of what was stored."""
        chunk = response.read1(most)
        with self._lock:
            self.bytes += len(chunk)
        return chunk

    def rest(self, attempt: int, response: Answer | None = None) -> None:
        """Wait a moment before another attempt, longer each time, or as long as the server asks for in its answer."""
        self._pause(min(_wait(response, attempt), self.patience.total))

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._pause(seconds)

    def close(self) -> None:
        """Hang up."""
        self._connections.close()

    def require_safe(self, parts: SplitResult) -> None:
        """Refuse plain HTTP beyond this machine, unless it was allowed.

        Raises:
            SourceUnavailable: it is that.
        """
        if parts.scheme != "https" and not (parts.scheme == "http" and (self.insecure or is_loopback(parts.hostname))):
            raise SourceUnavailable(
                f"{_host(parts)} would be asked over plain {shown(parts.scheme)}, which anybody on the way can change",
                "if that is meant, say --allow-insecure-registry",
            )

    def _attempt(
        self, method: str, url: str, headers: Mapping[str, str], data: Body | None, is_last: bool
    ) -> Answer | None:
        """The answer; None where the connection broke and it is worth asking again."""
        host = _host(urlsplit(url))
        try:
            return self._follow(method, url, dict(headers), data)
        except ValueError as error:  # an address or header that is none
            raise SourceUnavailable(f"{host} cannot be asked: {type(error).__name__}") from None
        except (HTTPError, OSError) as error:
            reason = reason_of(error)
            log.debug("%s %s: %s", method, host, reason)
            if is_in_vain(error):
                raise SourceUnavailable(f"{host} does not answer: {reason}", hint_for(reason)) from None
            if is_last:
                raise Interrupted(f"{host} does not answer: {reason}", hint_for(reason)) from None
            return None

    def _follow(self, method: str, url: str, headers: dict[str, str], data: Body | None) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._send(method, url, headers, data)
            target = response.headers.get("Location", "")
            if response.status_code not in _REDIRECTS or not target or method not in _READING:
                return response
            response.close()
            there = urljoin(url, target)
            if origin(urlsplit(there)) != origin(urlsplit(url)):
                headers.pop("Authorization", None)
            url = there
        raise SourceUnavailable(f"{_host(urlsplit(url))} redirects in circles")

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: Any) -> Answer:
        parts = urlsplit(url)
        self.require_safe(parts)
        with self._lock:
            self.requests += 1
        sent = {"User-Agent": "spybuild", "Accept-Encoding": "identity", **headers}
        answer = self._connections.send(method, parts, sent, data, is_direct=is_loopback(parts.hostname))
        log.debug("%s %s%s: %d", method, _host(parts), parts.path, answer.status_code)
        return answer


@lru_cache(maxsize=256)
def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, by its name or address alone: nothing is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _wait(response: Answer | None, attempt: int) -> float:
    """How long to wait: what the server asks for, else longer each time, spread so that clients do not come at once."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    if asked.isdecimal() and len(asked) < 10:
        return float(asked)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    return random.uniform(0, min(_LONGEST_PAUSE, 2.0 ** (attempt - 1)))  # noqa: S311  # no secret


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: what a login is for."""
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _host(parts: SplitResult) -> str:
    """The server's name and port; never what somebody wrote before an `@`."""
    return parts.netloc.rpartition("@")[2] or "the registry"
