"""Uploads of blobs: mounted from another repository, sent in one request, or in pieces (distribution-spec, `push`).

An upload that fails half-way is begun anew; what the registry has of it is of no use, and it throws it away.
"""

import hashlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode, urljoin, urlsplit

from spybuild.errors import ImageInvalid
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.failures import Interrupted
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.transport import PASSING, origin

if TYPE_CHECKING:
    from spybuild.images.registry.writing import WritableRepository

_BLOCK = 1 << 18
_PIECE = 8 << 20
_LARGEST_PIECE = 64 << 20
_BYTES = {"Content-Type": "application/octet-stream"}
# where one request for all of it is not taken, or goes through a proxy that limits a request's size
_IN_PIECES = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.LENGTH_REQUIRED, 413, HTTPStatus.NOT_IMPLEMENTED)
# the session is gone: with another of the registry's servers, or after too long a time
_BEGIN_ANEW = (*PASSING, HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)


class Sent(StrEnum):
    """How a blob came to be in a repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


class _Content:
    """A blob's content while it is sent: of known size, hashed on its way."""

    def __init__(self, stream: BinaryIO, descriptor: Descriptor) -> None:
        self._stream, self._descriptor, self._left = stream, descriptor, descriptor.size
        self._hash = hashlib.new(descriptor.digest.algorithm, usedforsecurity=False)

    def __len__(self) -> int:
        return self._descriptor.size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_BLOCK), b"")

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._stream.read(min(self._left, size if size >= 0 else self._left))
        self._left -= len(chunk)
        self._hash.update(chunk)
        if not chunk and self._left:
            raise ImageInvalid(f"the blob {self._descriptor.digest} ends {self._left} bytes early")
        return chunk

    def require_sound(self) -> None:
        """Refuse what was read, if it was all of it and of another digest."""
        found = f"{self._descriptor.digest.algorithm}:{self._hash.hexdigest()}"
        if not self._left and found != str(self._descriptor.digest):
            raise ImageInvalid(f"the blob {self._descriptor.digest} is damaged or forged: {found} came")


class Upload:
    """The upload of one blob, to be `run` once."""

    def __init__(
        self,
        repository: "WritableRepository",
        descriptor: Descriptor,
        open_blob: Callable[[], BinaryIO],
        mount_from: RepositoryName | None,
    ) -> None:
        """Nothing is sent yet. Arguments as `WritableRepository.push_blob` has them."""
        self._repository, self._descriptor, self._open = repository, descriptor, open_blob
        self._mount_from = mount_from
        self._what = f"the blob {descriptor.digest} of {repository.name}"

    def run(self) -> Sent:
        """Mount or send it; several times, if the registry breaks off. Raises as `WritableRepository.push_blob`."""
        transport = self._repository.transport
        for attempt in range(1, transport.patience.attempts + 1):
            is_last = attempt == transport.patience.attempts
            response: Answer | None = None
            try:
                if attempt > 1 and self._repository.has_blob(self._descriptor.digest):
                    return Sent.SENT  # it had been done, and only the answer was lost
                response = self._begin()
                if response.status_code == HTTPStatus.ACCEPTED:
                    response = self._send(response)
                elif response.status_code == HTTPStatus.CREATED:
                    return self._done(response, Sent.MOUNTED)
                if response.status_code in (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
                    return self._done(response, Sent.SENT)
                if is_last or response.status_code not in _BEGIN_ANEW or self._is_refused(response):
                    self._repository.refuse_writing(response, self._what)
            except Interrupted:
                if is_last:
                    raise
            transport.rest(attempt, response)
            if response is not None:
                response.close()
        raise AssertionError("the last attempt returns or raises")

    def _is_refused(self, response: Answer) -> bool:
        """Whether the no was said to the beginning: then it would be said again, and the usual repetitions are over."""
        return response.method == "POST"

    def _begin(self) -> Answer:
        """Ask for a mount, or for a place to send to; a registry that cannot mount gives such a place."""
        query = ""
        if self._mount_from:
            query = "?" + urlencode({"mount": str(self._descriptor.digest), "from": self._mount_from.path})
        return self._repository.ask("POST", f"blobs/uploads/{query}", {}, repeat=True)

    def _send(self, begun: Answer) -> Answer:
        begun.close()
        place = self._next_place(begun)
        response = self._in_one(place) if self._descriptor.size else self._finish(place)
        if response.status_code not in _IN_PIECES or not self._descriptor.size:
            return response
        response.close()
        begun = self._repository.ask("POST", "blobs/uploads/", {}, repeat=True)
        if begun.status_code != HTTPStatus.ACCEPTED:
            return begun
        begun.close()
        return self._in_pieces(begun)

    def _in_one(self, place: str) -> Answer:
        with _Opened(self._open, self._descriptor) as opened:
            response = self._repository.ask("PUT", self._with_digest(place), _BYTES, opened.anew)
            opened.require_sound()
        return response

    def _in_pieces(self, begun: Answer) -> Answer:
        """PATCH by PATCH, each held in memory; then the PUT that closes it."""
        place, size, start = self._next_place(begun), _piece(begun), 0
        with _Opened(self._open, self._descriptor) as opened:
            content = opened.anew()
            while piece := _full(content, size):
                headers = {**_BYTES, "Content-Range": f"{start}-{start + len(piece) - 1}"}
                response = self._repository.ask("PATCH", place, headers, lambda body=piece: body)  # type: ignore[misc]
                if response.status_code != HTTPStatus.ACCEPTED:
                    return response
                response.close()
                place, start = self._next_place(response), start + len(piece)
            opened.require_sound()
        return self._finish(place)

    def _finish(self, place: str) -> Answer:
        return self._repository.ask("PUT", self._with_digest(place), _BYTES)

    def _next_place(self, response: Answer) -> str:
        """Where to send to; the address may be relative to the one that was asked."""
        place = response.headers.get("Location", "")
        try:
            there = urljoin(response.url, place)
            origin(urlsplit(there))
        except ValueError:  # no host or port that could be one
            place = ""
        if not place:
            raise ImageInvalid(f"{self._repository.name.host} does not say where to send {self._what}")
        return there

    def _with_digest(self, place: str) -> str:
        return f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': str(self._descriptor.digest)})}"

    def _done(self, response: Answer, how: Sent) -> Sent:
        response.close()
        self._repository.require_digest(response, self._descriptor.digest, self._what)
        return how


class _Opened:
    """The content, opened as often as it must be sent, and closed in the end."""

    def __init__(self, open_blob: Callable[[], BinaryIO], descriptor: Descriptor) -> None:
        self._open, self._descriptor = open_blob, descriptor
        self._stream: BinaryIO | None = None
        self._content: _Content | None = None

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    def anew(self) -> _Content:
        """The content from its beginning."""
        if self._stream:
            self._stream.close()
        self._stream = self._open()
        self._content = _Content(self._stream, self._descriptor)
        return self._content

    def require_sound(self) -> None:
        """Refuse what was read, if it was all of it and of another digest."""
        if self._content:
            self._content.require_sound()


def _full(content: _Content, size: int) -> bytes:
    """The next piece, of exactly `size` bytes but for the last one."""
    piece = bytearray()
    while len(piece) < size and (chunk := content.read(min(_BLOCK, size - len(piece)))):
        piece += chunk
    return bytes(piece)


def _piece(begun: Answer) -> int:
    """The size of a piece: ours, or the least that the registry takes."""
    least = begun.headers.get("OCI-Chunk-Min-Length", "")
    return min(max(_PIECE, int(least) if least.isdecimal() and len(least) < 12 else 0), _LARGEST_PIECE)
