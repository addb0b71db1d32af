"""Layers indexed, through the cache where there is one, and merged into the files of an image."""

import contextlib
import os
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO
from weakref import WeakValueDictionary

from spybuild.errors import EnvironmentProblem
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.index import LayerIndex, write_index
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.tree import LayeredFiles
from spybuild.model.digests import Digest

_Key = tuple[Digest, Digest | None, str]
_BUFFER = 256 << 10
_AT_ONCE = 2  # each takes some 20 MB


class LayerStore:
    """Makes file trees of layers; one for a process. May be used from several threads at once."""

    def __init__(self, cache: LayerCache | None = None, limits: Limits | None = None, *, hashes: bool = True) -> None:
        """Index layers.

        Args:
            cache: where indexes are kept; without one they are temporary files.
            limits: what is refused.
            hashes: whether to hash, in passing, the files that RECORDs may name; what is not hashed then costs another
                reading of the layer when it is asked for.
        """
        self._cache, self._limits, self._hashes = cache, limits or Limits(), hashes
        self._indexes: WeakValueDictionary[_Key, LayerIndex] = WeakValueDictionary()
        self._locks: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def files(self, layers: Sequence[Layer]) -> LayeredFiles:
        """The merged file tree of layers, the lowest first.

        Every layer that is not in the cache is read here, once, to its end, and held against both of its digests.

        Raises:
            ImageInvalid: a layer matches not its digests, is damaged, of an unknown type, over a limit, or ambiguous.
            SourceUnavailable: a layer's bytes cannot be got. And whatever `Layer.open` raises.
            EnvironmentProblem: there is no room for an index.
        """
        with ThreadPoolExecutor(_AT_ONCE, "layers") as pool:
            indexes = list(pool.map(self.index, layers))
        return LayeredFiles(layers, indexes, self._limits, self._scratch)

    def index(self, layer: Layer) -> LayerIndex:
        """The index of one layer, made if it must be. Raises as `files`."""
        key = (layer.diff_id, layer.digest, layer.media_type)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # two platforms may share a layer
            index = self._indexes.get(key) or self._load(layer) or self._make(layer)
            self._indexes[key] = index
            return index

    def _load(self, layer: Layer) -> LayerIndex | None:
        return self._cache.load(layer, self._hashes) if self._cache else None

    def _make(self, layer: Layer) -> LayerIndex:
        if self._cache:
            with contextlib.suppress(OSError), self._cache.unfinished() as (path, file):
                index = self._write(layer, file)
                self._cache.keep(layer, path)
                return index
        try:
            with self._scratch() as file:
                return self._write(layer, file)
        except OSError as error:
            raise EnvironmentProblem(
                f"no room for the index of {layer}: {error.strerror}", "name a folder with room in TMPDIR"
            ) from error

    def _write(self, layer: Layer, file: IO[bytes]) -> LayerIndex:
        write_index(layer, file, self._scratch, self._limits, self._hashes)
        index = LayerIndex.load(os.dup(file.fileno()), layer.diff_id)
        if index is None:
            raise OSError("the index was not written as it should be")
        return index

    def _scratch(self) -> IO[bytes]:
        """A temporary file: in the cache's folder, else where the system has them, else in memory."""
        with contextlib.suppress(OSError):
            return self._cache.scratch() if self._cache else tempfile.TemporaryFile("w+b", _BUFFER)
        with contextlib.suppress(OSError):
            return tempfile.TemporaryFile("w+b", _BUFFER)
        return os.fdopen(os.memfd_create("spybuild"), "w+b")
