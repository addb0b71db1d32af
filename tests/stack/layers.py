"""Layers: a tar of Debian's making turned into the gzipped tar an image is made of, and kept in the cache."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from tests.stack.bytecode import Bytecode
from tests.stack.home import Home, replace_text

# Docs and translations are most of the files; the rest is this machine's (host name, mirror) or the runtime's to make.
_LEFT_OUT = (
    "dev/", "usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "usr/share/lintian/",
    "var/cache/", "var/lib/apt/", "etc/apt/", "etc/resolv.conf/", "etc/hostname/", "etc/fstab/",
)  # fmt: skip
# What the maintainer script of base-passwd would have copied; without it nobody has a name, and `USER 65534` no entry.
_COPIED = {"usr/share/base-passwd/passwd.master": "etc/passwd", "usr/share/base-passwd/group.master": "etc/group"}

Member = tuple[tarfile.TarInfo, bytes | None]


@dataclass(frozen=True)
class Layer:
    """One gzipped layer in the cache."""

    path: str
    digest: str
    size: int
    diff_id: str
    """The digest of the layer before compression."""


class _Measured(io.RawIOBase):
    """A file to write to that knows the digest and size of what went through."""

    def __init__(self, target: IO[bytes] | gzip.GzipFile) -> None:
        self._target = target
        self._sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._sha256.update(data)
        self.size += len(data)
        return self._target.write(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


def cached(home: Home, name: str) -> Layer | None:
    """The layer built under this name, if there is one."""
    try:
        layer = Layer(**json.loads(_facts(home, name).read_text()))
    except (FileNotFoundError, ValueError):
        return None
    # The cache may have moved since.
    path = _file(home, name)
    return replace(layer, path=str(path)) if path.is_file() else None


def build(home: Home, name: str, tree: Path, links: Mapping[str, str], bytecode: Bytecode) -> Layer:
    """Build a layer from a tree; the same tree gives the same bytes."""
    path = _file(home, name)
    layer = _compress(_members(tree, links, bytecode), tree.with_name(f"{name}.tar.gz"))
    Path(layer.path).replace(path)
    layer = replace(layer, path=str(path))
    # Written last: a layer without its facts counts as not built.
    replace_text(_facts(home, name), json.dumps(asdict(layer)))
    return layer


def _file(home: Home, name: str) -> Path:
    return home.folder("layers") / f"{name}.tar.gz"


def _facts(home: Home, name: str) -> Path:
    return home.folder("layers") / f"{name}.json"


def _compress(members: Iterator[Member], path: Path) -> Layer:
    with path.open("wb") as file:
        packed = _Measured(file)
        # Level 1: three times faster than the default, a fifth larger.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as packer:
            plain = _Measured(packer)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.GNU_FORMAT) as target:
                for member, content in members:
                    target.addfile(member, None if content is None else io.BytesIO(content))
    return Layer(str(path), packed.digest, packed.size, plain.digest)


def _members(tree: Path, links: Mapping[str, str], bytecode: Bytecode) -> Iterator[Member]:
    """The files of the tree that an image needs, and those made here."""
    with tarfile.open(tree) as source:
        for member in source:
            if _is_wanted(member):
                file = source.extractfile(member) if member.isreg() else None
                content = file.read() if file else None
                yield _plain(member), content
                yield from _derived(member, content or b"", bytecode)
    for name, target in links.items():
        link = _new(name, 0, member_type=tarfile.SYMTYPE)
        link.linkname, link.mode = target, 0o777
        yield link, None


def _is_wanted(member: tarfile.TarInfo) -> bool:
    name = member.name.removeprefix("./")
    return name != "." and not f"{name}/".startswith(_LEFT_OUT)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The member under a name without ``./``."""
    member.name = member.name.removeprefix("./")
    if member.islnk():
        member.linkname = member.linkname.removeprefix("./")
    return member


def _derived(member: tarfile.TarInfo, content: bytes, bytecode: Bytecode) -> Iterator[Member]:
    if member.name in _COPIED:
        yield _new(_COPIED[member.name], member.mtime, len(content)), content
    if member.name.endswith(".py"):
        for name, compiled in bytecode.of(member.name, content, int(member.mtime)):
            yield _new(name, member.mtime, len(compiled)), compiled


def _new(name: str, mtime: float, size: int = 0, member_type: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mtime, member.size, member.type, member.mode = mtime, size, member_type, 0o644
    return member
