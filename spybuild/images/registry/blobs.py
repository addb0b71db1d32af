"""A blob as a stream that survives cut connections: it goes on where it stopped (RFC 9110, Range requests)."""

import io
import re
import time
from collections.abc import Callable
from http import HTTPStatus

from urllib3.exceptions import HTTPError

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.failures import reason_of
from spybuild.images.registry.transport import Transport

_MEBIBYTE = 1 << 20
_SKIPPED = 1 << 18
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)")

Ask = Callable[[int], Answer]


class BlobStream(io.RawIOBase):
    """The bytes of a blob as they are stored, exactly as many as its descriptor says.

    They are not held against the digest here: who reads a layer hashes it anyway. That is also what makes going on
    safe: if the second answer is not of the first one's bytes, the digest tells.
    """

    def __init__(self, transport: Transport, descriptor: Descriptor, ask: Ask, where: str) -> None:
        """Ask for the blob.

        Args:
            transport: reads the answers.
            descriptor: the blob's.
            ask: gives an answer with the bytes from an offset on, or with all of them; its status was looked at.
            where: the registry's name, for messages.

        Raises:
            SourceUnavailable, ImageInvalid: as `read`.
        """
        self._transport, self._descriptor, self._ask, self._where = transport, descriptor, ask, where
        self._position = 0
        self._cuts = 0
        self._mark = (0, time.monotonic())
        self._response = self._begin()

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at least one and at most `size`; none at the end.

        Raises:
            SourceUnavailable: the registry cuts or stalls the connection again and again.
            ImageInvalid: it has another number of bytes than the manifest says.
        """
        if size < 0:
            return self.readall()
        while size and self._position < self._descriptor.size:
            try:
                chunk = self._transport.read_some(self._response, min(size, self._descriptor.size - self._position))
                if not chunk:
                    raise HTTPError("the answer ended early")
            except (HTTPError, OSError, ValueError) as error:
                self._go_on(error)
                continue
            self._position += len(chunk)
            self._check_pace()
            return chunk
        return b""

    def readall(self) -> bytes:
        """All that is left. Raises as `read`."""
        return b"".join(iter(lambda: self.read(_MEBIBYTE), b""))

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # typeshed's WriteableBuffer
        """Read into `buffer`; how many bytes were read. Raises as `read`."""
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Drop what is not read yet."""
        if not self.closed:
            self._response.close()
        super().close()

    def _begin(self) -> Answer:
        response = self._ask(self._position)
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            self._require_place(response)
            return response
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and announced != str(self._descriptor.size):
            response.close()
            raise ImageInvalid(
                f"{self._where} has {announced} bytes for the blob {self._descriptor.digest}, "
                f"where the manifest says {self._descriptor.size}"
            )
        self._skip(response, self._position)
        return response

    def _require_place(self, response: Answer) -> None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if not match or int(match[1]) != self._position:
            response.close()
            raise SourceUnavailable(f"{self._where} was asked for bytes from {self._position} on and sent others")

    def _skip(self, response: Answer, size: int) -> None:
        """Drop what we have already: the server does not know ranges."""
        while size > 0 and (chunk := self._transport.read_some(response, min(size, _SKIPPED))):
            size -= len(chunk)

    def _go_on(self, error: Exception) -> None:
        self._response.close()
        while True:
            self._cuts += 1
            if self._cuts > self._transport.patience.attempts:
                raise SourceUnavailable(
                    f"{self._where} cut the blob {self._descriptor.digest} again and again: {reason_of(error)}"
                ) from None
            self._transport.rest(self._cuts)
            try:
                self._response = self._begin()
            except (HTTPError, OSError) as another:
                error = another
            else:
                return

    def _check_pace(self) -> None:
        """Each mebibyte in its time; a connection that made progress may be cut anew."""
        position, since = self._mark
        if self._position - position >= _MEBIBYTE:
            self._mark, self._cuts = (self._position, time.monotonic()), 0
        elif time.monotonic() - since > self._transport.patience.pace:
            raise SourceUnavailable(f"{self._where} sends the blob {self._descriptor.digest} too slowly")
