"""The merged tree of an image's layers (OCI image-spec, `layer.md`): upper entries over lower ones, whiteouts applied.

A directory is the union of that directory in all layers from the top down to where one hides it. Nothing is merged
before it is asked for.
"""

import hashlib
import heapq
import itertools
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from spybuild.errors import ImageInvalid
from spybuild.images.files import Elf, Entry, Kind
from spybuild.images.layers.fetching import Fetcher
from spybuild.images.layers.index import LayerIndex
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.paths import key_of_path, shown_path
from spybuild.images.layers.rows import Flag, Row, RowKind
from spybuild.images.links import resolve, resolve_link

_KINDS = {
    RowKind.FILE: Kind.FILE,
    RowKind.DIRECTORY: Kind.DIRECTORY,
    RowKind.SYMLINK: Kind.SYMLINK,
    RowKind.OTHER: Kind.OTHER,
}
_MOST_NODES, _LONGEST_LISTING = 8_000, 1_000
_IMPLIED_ROOT = Row(b"", 0, RowKind.DIRECTORY, Flag.IMPLIED)


@dataclass(frozen=True, slots=True)
class _Node:
    """An entry of the tree.

    Attributes:
        row: of the layer `home`; of a hard link that of the file it names.
        folders: of a directory the layers that have a part of it, the highest first.
    """

    entry: Entry
    row: Row
    home: int
    folders: tuple[int, ...] = ()


class LayeredFiles:
    """The `Files` of layers, the lowest first. May be used from several threads at once."""

    def __init__(
        self, layers: Sequence[Layer], indexes: Sequence[LayerIndex], limits: Limits, scratch: Callable[[], IO[bytes]]
    ) -> None:
        """Merge.

        Raises:
            ImageInvalid: a hard link leads to no file, neither of its own layer nor of a lower one.
        """
        self._indexes = tuple(indexes)
        self._fetcher = Fetcher(layers, limits, scratch)
        self._nodes: dict[str, _Node] = {}
        self._listings: dict[str, tuple[_Node, ...]] = {}
        self._links: dict[tuple[int, bytes], tuple[int, Row]] = {}
        self._root = self._top(len(indexes))
        for layer, index in enumerate(self._indexes):
            for row in index.outward_links():
                self._links[layer, row.key] = self._linked_below(layer, row)

    def close(self) -> None:
        """Drop what was read for `read`; the indexes go with the last tree that uses them."""
        self._fetcher.close()

    def find(self, path: str) -> Entry | None:
        """The entry at `path`, every symbolic link on the way followed; None where there is none, or links go round."""
        node = self._find(path)
        return node.entry if node else None

    def find_link(self, path: str) -> Entry | None:
        """The entry at `path` itself: a symbolic link at its end is not followed."""
        real = resolve_link(path, self._target, self._is_folder)
        node = self._node(real) if real is not None else None
        return node.entry if node else None

    def names(self, path: str) -> tuple[str, ...]:
        """The names in the directory at `path`, sorted; empty where there is none."""
        node = self._find(path)
        return tuple(sorted(posixpath.basename(each.entry.path) for each in self._children(node))) if node else ()

    def walk(self, path: str = "/") -> Iterator[Entry]:
        """Every entry below `path`, depth first, names sorted, links not followed."""
        node = self._find(path)
        left = [self._children(node)] if node else []
        while left:
            child = next(left[-1], None)
            if child is None:
                left.pop()
                continue
            yield child.entry
            if child.folders:
                left.append(self._children(child))

    def expect(self, paths: Iterable[str]) -> None:
        """Fetch these files together once the first of them is asked for that no index kept."""
        nodes = (node for path in paths if (node := self._find(path)) and node.entry.kind is Kind.FILE)
        self._fetcher.expect((node.home, node.row) for node in nodes if not node.row.is_kept_whole)

    def read(self, path: str, most: int = 16 << 20) -> bytes:
        """A file's content.

        Raises:
            FileNotFoundError: there is no such file.
            ImageInvalid: it is larger than `most` bytes, or its layer is broken.
            SourceUnavailable: the layer's bytes cannot be got any more.
        """
        node = self._file(path)
        if node.row.size > most:
            raise ImageInvalid(f"{path} has more than {most} bytes")
        return self._content(node, node.row.size)

    def head(self, path: str, size: int = 256) -> bytes:
        """The first bytes of a file. Raises as `read`, but for sizes."""
        node = self._file(path)
        return self._content(node, min(size, node.row.size))

    def sha256(self, path: str) -> str:
        """The hexadecimal sha256 of a file's content. Raises as `read` does, but for sizes."""
        node = self._file(path)
        if node.row.sha256:
            return node.row.sha256.hex()
        if node.row.is_kept_whole:
            return hashlib.sha256(self._content(node, node.row.size)).hexdigest()
        return self._fetcher.sha256(node.home, node.row)

    def elf(self, path: str) -> Elf | None:
        """What an ELF file says of itself; None where the file is none, or there is no file."""
        node = self._find(path)
        if node is None or not node.row.facts:
            return None
        facts = self._indexes[node.home].facts(node.row)
        if facts is None:
            raise ImageInvalid(f"the index of the layer with {path} was damaged while it was in use", "scan again")
        return facts

    def covered(self) -> Iterator[tuple[Entry, bytes]]:
        """Small text files that some layer holds, also where a layer above hides or deletes them: (entry, content)."""
        for layer, index in enumerate(self._indexes):
            for row in index.texts():
                content = index.content(row)
                entry = _entry("/" + row.path.decode(errors="surrogateescape"), row, layer)
                yield entry, self._fetcher.content(layer, row, row.size) if content is None else content

    def _content(self, node: _Node, size: int) -> bytes:
        row = node.row
        if size <= row.kept:
            kept = self._indexes[node.home].content(row)
            if kept is not None:
                return kept[:size]
        return self._fetcher.content(node.home, row, size)

    def _file(self, path: str) -> _Node:
        node = self._find(path)
        if node is None or node.entry.kind is not Kind.FILE:
            raise FileNotFoundError(path)
        return node

    def _find(self, path: str) -> _Node | None:
        known = self._nodes.get(path)
        if known and known.entry.kind is not Kind.SYMLINK:
            return known
        real = self._real(path)
        return self._node(real) if real is not None else None

    def _real(self, path: str) -> str | None:
        return resolve(path, self._target, self._is_folder)

    def _target(self, path: str) -> str | None:
        node = self._node(path)
        return node.entry.target if node and node.entry.kind is Kind.SYMLINK else None

    def _is_folder(self, path: str) -> bool:
        node = self._node(path)
        return node is not None and node.entry.kind is Kind.DIRECTORY

    def _node(self, path: str) -> _Node | None:
        """The entry at a path without links; its directories are looked up first, and remembered."""
        if known := self._nodes.get(path):
            return known
        node: _Node | None = self._root
        at = 0
        while node and at < len(path) - 1:
            at = path.find("/", at + 1)
            at = at if at >= 0 else len(path)
            node = self._nodes.get(path[:at]) or self._remembered(self._child(node, path[:at]))
        return node

    def _remembered(self, node: _Node | None) -> _Node | None:
        if node:
            if len(self._nodes) >= _MOST_NODES:
                self._nodes.clear()
                self._listings.clear()
            self._nodes[node.entry.path] = node
        return node

    def _child(self, folder: _Node, path: str) -> _Node | None:
        key = key_of_path(path[1:].encode(errors="surrogateescape"))
        found = ((layer, self._indexes[layer].table.find(key)) for layer in folder.folders)
        return self._merged(path, ((layer, row) for layer, row in found if row))

    def _children(self, folder: _Node) -> Iterator[_Node]:
        """What a directory has, sorted by name; short lists are remembered."""
        path = folder.entry.path
        if (known := self._listings.get(path)) is not None:
            yield from known
            return
        listed: list[_Node] = []
        for node in self._listed(folder):
            yield node
            if len(listed) <= _LONGEST_LISTING:
                listed.append(node)
        if len(listed) <= _LONGEST_LISTING and len(self._nodes) < _MOST_NODES:
            self._listings[path] = tuple(listed)

    def _listed(self, folder: _Node) -> Iterator[_Node]:
        path = folder.entry.path.rstrip("/") + "/"
        key = path[1:-1].encode(errors="surrogateescape")
        streams = [_of_layer(layer, self._indexes[layer].table.within(key)) for layer in folder.folders]
        for group in _by_key(streams):
            name = group[0][1].key[len(key) + 1 :].decode(errors="surrogateescape")
            if node := self._remembered(self._merged(path + name, group)):
                yield node

    def _merged(self, path: str, rows: Iterable[tuple[int, Row]]) -> _Node | None:
        """What stands at a path, from the rows that layers have for it, the highest layer's first."""
        folders: list[int] = []
        best: tuple[int, Row] | None = None
        for layer, row in rows:
            if row.kind != RowKind.DIRECTORY:
                if best is None and row.kind != RowKind.WHITEOUT:
                    return self._leaf(path, layer, row)
                break
            if best is None or (best[1].flags & Flag.IMPLIED and not row.flags & Flag.IMPLIED):
                best = layer, row
            folders.append(layer)
            if row.flags & (Flag.HIDES | Flag.OPAQUE):
                break
        return _Node(_entry(path, best[1], best[0]), best[1], best[0], tuple(folders)) if best else None

    def _leaf(self, path: str, layer: int, row: Row) -> _Node:
        home, file = layer, row
        if row.kind == RowKind.HARD_LINK:
            home, file = self._links.get((layer, row.key)) or (layer, self._indexes[layer].table.linked(row))
        return _Node(_entry(path, file, layer), file, home)

    def _linked_below(self, layer: int, link: Row) -> tuple[int, Row]:
        node: _Node | None = self._top(layer)
        path = ""
        for part in self._indexes[layer].table.linked(link).target.decode(errors="surrogateescape").split("/"):
            path += f"/{part}"
            node = self._child(node, path) if node else None
        if node is None or node.entry.kind is Kind.DIRECTORY:
            raise ImageInvalid(
                f"the hard link {shown_path(link.path)} of layer {layer} names no file that was there before it"
            )
        return node.home, node.row

    def _top(self, layers: int) -> _Node:
        """The root directory of that many layers."""
        rows = ((layer, self._indexes[layer].table.find(b"") or _IMPLIED_ROOT) for layer in reversed(range(layers)))
        return self._merged("/", rows) or _Node(_entry("/", _IMPLIED_ROOT, 0), _IMPLIED_ROOT, 0)


def _of_layer(layer: int, rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    return ((layer, row) for row in rows)


def _by_key(streams: Sequence[Iterator[tuple[int, Row]]]) -> Iterator[list[tuple[int, Row]]]:
    """Sorted rows of several layers, those of one key together, in the layers' order."""
    if len(streams) == 1:
        yield from ([each] for each in streams[0])
        return
    for _, group in itertools.groupby(heapq.merge(*streams, key=_key), key=_key):
        yield list(group)


def _key(each: tuple[int, Row]) -> bytes:
    return each[1].key


def _entry(path: str, row: Row, layer: int) -> Entry:
    if row.kind == RowKind.SYMLINK:
        target = row.target.decode(errors="surrogateescape")
        return Entry(path, Kind.SYMLINK, 0, 0o777, row.owner, row.modified, target, layer)  # no link has another mode
    return Entry(path, _KINDS[row.kind], row.size, row.mode, row.owner, row.modified, "", layer)
