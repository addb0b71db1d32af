"""Indexes kept between runs, one file each, under the user's cache folder; safe for several processes at once.

An index is written beside its place and renamed, so that there is never half of one, and `LayerIndex.load` refuses what
was damaged later. An entry is named by the layer's tar and by its stored bytes: that one belongs to the other was seen
once, and is not taken from a manifest.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Self

from spybuild.errors import UsageError
from spybuild.images.layers.index import FORMAT, LayerIndex
from spybuild.images.layers.layer import Layer

_MOST = 2 << 30
_BUFFER = 256 << 10
_SUFFIX = f".v{FORMAT}"
_UNFINISHED = ".tmp"
_NOTE = ".note"
_CHECKSUM = hashlib.sha256().digest_size
_FORGOTTEN_AFTER = 24 * 3600.0
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class LayerCache:
    """A folder of indexes and of notes on images, at most `most` bytes; those not used for longest leave."""

    def __init__(self, folder: Path, most: int = _MOST) -> None:
        """Use `folder`, and make it where it is not there.

        Raises:
            UsageError: it cannot be made or written, or is another user's: who can write to it decides what we see.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
        except OSError as error:
            raise UsageError(f"the cache folder {folder} cannot be used: {error.strerror}") from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise UsageError(f"the cache folder {folder} cannot be used: others may write to it", "choose another")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"the cache folder {folder} cannot be used: it is not writable")
        self._folder, self._most = folder, most

    @classmethod
    def usual(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """The user's cache: `SPYBUILD_CACHE_DIR`, else below `XDG_CACHE_HOME` or `~/.cache`; None where none can be.

        Raises:
            UsageError: `SPYBUILD_CACHE_DIR` names a folder that cannot be used.
        """
        if named := environment.get("SPYBUILD_CACHE_DIR"):
            return cls(Path(named) / "layers")
        base = environment.get("XDG_CACHE_HOME", "")
        home = environment.get("HOME", "")
        if not base.startswith("/") and not home.startswith("/"):
            return None
        with contextlib.suppress(UsageError):
            return cls((Path(base) if base.startswith("/") else Path(home, ".cache")) / "spybuild" / "layers")
        return None

    def load(self, layer: Layer, hashes: bool) -> LayerIndex | None:
        """The index of a layer, with hashes where they are asked for; None where there is none that is sound."""
        for path in self._places(layer):
            with contextlib.suppress(OSError):
                index = LayerIndex.load(os.open(path, _READ), layer.diff_id)
                if index is None:
                    path.unlink()
                elif index.has_hashes or not hashes:
                    os.utime(path)
                    return index
        return None

    def scratch(self) -> IO[bytes]:
        """A temporary file without a name.

        Raises:
            OSError: none can be made.
        """
        return tempfile.TemporaryFile("w+b", _BUFFER, dir=self._folder)

    @contextlib.contextmanager
    def unfinished(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """A new file for an index, and its path; gone at the end unless it is kept. Raises as `scratch`."""
        descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=_UNFINISHED)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "w+b", _BUFFER) as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    def keep(self, layer: Layer, path: Path) -> None:
        """Keep the finished index at a path of `unfinished`, unless it would take half of the room."""
        with contextlib.suppress(OSError):
            if path.stat().st_size <= self._most // 2:
                path.rename(self._place(layer))
                self._make_room()

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name, of letters and digits only; None where there is none that is sound."""
        path = self._folder / f"{name}{_NOTE}"
        with contextlib.suppress(OSError), os.fdopen(os.open(path, _READ), "rb") as file:
            checksum, content = file.read(_CHECKSUM), file.read()
            if hashlib.sha256(content).digest() == checksum:
                os.utime(path)
                return content
        return None

    def remember(self, name: str, content: bytes) -> None:
        """Keep something small under a name, where there is room; see `recall`."""
        with contextlib.suppress(OSError), self.unfinished() as (path, file):
            file.write(hashlib.sha256(content).digest() + content)
            file.close()
            path.rename(self._folder / f"{name}{_NOTE}")
            self._make_room()

    def _places(self, layer: Layer) -> Iterator[Path]:
        """Where the index of a layer may be; of a layer that is stored as a tar, also where it came compressed."""
        yield self._place(layer)
        if layer.digest is None or layer.digest == layer.diff_id:
            yield from self._folder.glob(f"{layer.diff_id.hex[:64]}-*{_SUFFIX}")

    def _place(self, layer: Layer) -> Path:
        stored = layer.digest or layer.diff_id
        return self._folder / f"{layer.diff_id.hex[:64]}-{stored.hex[:64]}{_SUFFIX}"

    def _make_room(self) -> None:
        found = sorted(self._entries(), key=lambda entry: entry[1].st_mtime)
        too_much = sum(status.st_size for _, status in found) - self._most
        for path, status in found:
            if too_much > 0 or path.suffix == _UNFINISHED:
                path.unlink(missing_ok=True)
                too_much -= status.st_size

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        """The indexes of any format, the notes, and what processes that died left behind."""
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat(follow_symlinks=False)
                if path.suffix != _UNFINISHED or time.time() - status.st_mtime > _FORGOTTEN_AFTER:
                    yield path, status
