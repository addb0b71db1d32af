"""Contents that no index kept: read from their layer once more, all that are asked for in one pass."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from spybuild.errors import ImageInvalid
from spybuild.images.layers.blob import verified
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.rows import Row
from spybuild.images.layers.stream import Stream
from spybuild.images.layers.tar import Tar

_MOST_AHEAD = 256 << 20


class Fetched(NamedTuple):
    """A file's hash, and where its content is, if it was asked for."""

    sha256: str
    at: int = -1
    size: int = 0


class Fetcher:
    """Reads layers again, and keeps what it read in a temporary file. May be used from several threads at once."""

    def __init__(self, layers: Sequence[Layer], limits: Limits, scratch: Callable[[], IO[bytes]]) -> None:
        self._layers, self._limits, self._scratch = layers, limits, scratch
        self._fetched: dict[tuple[int, int], Fetched] = {}
        self._expected: list[Iterable[tuple[int, Row]]] = []
        self._batches: dict[tuple[int, int], list[tuple[int, Row]]] = {}
        self._file: IO[bytes] | None = None
        self._end = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Drop what was read."""
        with self._lock:
            self._fetched.clear()
            if self._file:
                self._file.close()
                self._file = None
                self._end = 0

    __del__ = close

    def expect(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Remember that these files, each the row of a layer, may be asked for: with the first come the others.

        The rows are gone over when something is asked for that no index kept, which is seldom.
        """
        with self._lock:
            self._expected.append(rows)

    def sha256(self, layer: int, row: Row) -> str:
        """The hash of a file.

        Raises:
            ImageInvalid: its layer is not what it was.
            SourceUnavailable: its bytes cannot be got.
        """
        return self._get(layer, row, contents=False).sha256

    def content(self, layer: int, row: Row, size: int) -> bytes:
        """The first bytes of a file. Raises as `sha256`."""
        got = self._get(layer, row, contents=True)
        assert self._file is not None
        return os.pread(self._file.fileno(), min(size, got.size), got.at)

    def _get(self, layer: int, row: Row, *, contents: bool) -> Fetched:
        with self._lock:
            if self._is_missing(layer, row, contents):
                self._take_in()
                self._read(layer, {row.sequence, *self._company(layer, row, contents)}, contents)
            return self._fetched[layer, row.sequence]

    def _take_in(self) -> None:
        """Go over what is expected; the last to expect a file says what comes with it."""
        for rows in self._expected:
            batch = list(rows)
            self._batches.update({(layer, row.sequence): batch for layer, row in batch})
        self._expected.clear()

    def _is_missing(self, layer: int, row: Row, contents: bool) -> bool:
        got = self._fetched.get((layer, row.sequence))
        return got is None or (contents and got.at < 0)

    def _company(self, layer: int, row: Row, contents: bool) -> Iterator[int]:
        """What else to take in the same pass; contents within bounds, since nobody may come for them."""
        left = _MOST_AHEAD
        for home, each in self._batches.get((layer, row.sequence), ()):
            if home == layer and self._is_missing(layer, each, contents) and (contents or not each.sha256):
                left -= each.size if contents else 0
                if left < 0:
                    return
                yield each.sequence

    def _read(self, layer: int, wanted: set[int], contents: bool) -> None:
        try:
            got = dict(self._pass(layer, wanted, contents))
        except ImageInvalid as error:
            raise ImageInvalid(f"{self._layers[layer]} cannot be used: {error.message}", error.hint) from error
        if missing := wanted - got.keys():
            raise ImageInvalid(f"{self._layers[layer]} has no member {min(missing)} any more")
        self._fetched.update({(layer, sequence): fetched for sequence, fetched in got.items()})

    def _pass(self, layer: int, wanted: set[int], contents: bool) -> Iterator[tuple[int, Fetched]]:
        stream = Stream(verified(self._layers[layer], self._limits))
        tar = Tar(stream, self._limits)
        for sequence, _ in enumerate(tar, start=1):
            if sequence in wanted:
                yield sequence, self._take(tar.pieces(), contents)
        stream.drain()

    def _take(self, pieces: Iterator[bytes], contents: bool) -> Fetched:
        if self._file is None:
            self._file = self._scratch()
        digest, start = hashlib.sha256(), self._end
        for piece in pieces:
            digest.update(piece)
            if contents:
                self._end += self._file.write(piece)
        self._file.flush()
        return Fetched(digest.hexdigest(), start, self._end - start) if contents else Fetched(digest.hexdigest())
