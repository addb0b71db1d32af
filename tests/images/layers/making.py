"""Layers made for tests: tars by the standard library's writer, compressed as a registry has them, with their digests."""

import gzip
import io
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from spybuild.images.layers.layer import LAYER_TAR, Layer
from spybuild.images.layers.store import LayerStore
from spybuild.images.layers.tree import LayeredFiles
from spybuild.model.digests import Digest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Spec = tuple[str, bytes | str | None] | tarfile.TarInfo


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    """A member of any type, with any field."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def hard_link(name: str, target: str) -> tarfile.TarInfo:
    """A hard link."""
    return member(name, tarfile.LNKTYPE, linkname=target)


def tar_of(*specs: Spec, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002  # tarfile's own word
    """A tar of `(path, content)` files, `(path, "-> target")` symbolic links, `(path, None)` directories, or members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for spec in specs:
            if isinstance(spec, tarfile.TarInfo):
                archive.addfile(spec)
                continue
            name, content = spec
            if content is None:
                archive.addfile(member(name, tarfile.DIRTYPE, mode=0o755))
            elif isinstance(content, str):
                archive.addfile(member(name, tarfile.SYMTYPE, linkname=content.removeprefix("-> ")))
            else:
                archive.addfile(member(name, size=len(content)), io.BytesIO(content))
    return out.getvalue()


def zstd_compress(data: bytes) -> bytes:
    """Zstandard, in one frame."""
    return zstd.compress(data)


def layer_of(tar: bytes, compression: str = "gzip") -> Layer:
    """A layer of a tar, compressed with `gzip`, `zstd` or not at all (empty)."""
    compress: dict[str, Callable[[bytes], bytes]] = {
        "gzip": partial(gzip.compress, mtime=0),
        "zstd": zstd_compress,
        "": bytes,
    }
    stored = compress[compression](tar)
    return stored_layer(stored, tar, LAYER_TAR + (f"+{compression}" if compression else ""))


def stored_layer(stored: bytes, tar: bytes, media_type: str = f"{LAYER_TAR}+gzip") -> Layer:
    """A layer of exactly these bytes, and the tar they unpack to."""
    return Layer(Digest.of(tar), media_type, lambda: io.BytesIO(stored), Digest.of(stored), len(stored))


def files_of(*layers: Sequence[Spec]) -> LayeredFiles:
    """The merged tree of layers, each given as its members, the lowest first."""
    return LayerStore().files([layer_of(tar_of(*specs)) for specs in layers])


class Counted:
    """A layer that counts how often it is opened."""

    def __init__(self, tar: bytes, compression: str = "gzip") -> None:
        made = layer_of(tar, compression)
        self.stored = made.open().read()
        self.opened = 0
        self.layer = replace(made, open=self._open)

    def _open(self) -> io.BytesIO:
        self.opened += 1
        return io.BytesIO(self.stored)
