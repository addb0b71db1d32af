"""Bytes taken in order out of pieces of any size."""

from collections.abc import Iterator

from spybuild.errors import ImageInvalid


class Stream:
    """What a tar is read from; knows only forward."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = b""
        self._at = 0

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer at the end."""
        while len(self._chunk) - self._at < size:
            more = next(self._chunks, None)
            if more is None:
                break
            self._chunk, self._at = self._chunk[self._at :] + more, 0
        return self._chunk[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """Exactly these bytes.

        Raises:
            ImageInvalid: the stream ends before.
        """
        end = self._at + size
        if end <= len(self._chunk):
            data = self._chunk[self._at : end]
            self._at = end
            return data
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """These bytes as they come. Raises as `take`."""
        while size:
            if self._at == len(self._chunk):
                self._next()
            piece = self._chunk[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        """Pass these bytes. Raises as `take`."""
        while size > len(self._chunk) - self._at:
            size -= len(self._chunk) - self._at
            self._next()
        self._at += size

    def drain(self) -> None:
        """Pass all that is left."""
        self._chunk, self._at = b"", 0
        for _ in self._chunks:
            pass

    def _next(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise ImageInvalid("its tar is cut off")
        self._chunk, self._at = chunk, 0
