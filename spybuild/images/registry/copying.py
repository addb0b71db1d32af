"""Copies images and what is attached to them from one repository to another, by digest. No tag of an image is moved.

Everything is skipped that is there already, and whatever names content comes after it: a copy that was broken off has
left nothing that is incomplete, and can be begun again.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from spybuild.errors import ImageInvalid
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, Descriptor
from spybuild.images.oci.documents import Node, read_document
from spybuild.images.oci.manifests import read_index, read_manifest
from spybuild.images.registry.repository import Repository
from spybuild.images.registry.uploads import Sent
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest

_DEEPEST = 4
_MOST_DOCUMENTS = 500
_MOST_BYTES = 64 << 20
_AT_ONCE = 4


@dataclass(frozen=True)
class Document:
    """A manifest or index, its bytes, and the blobs that it names."""

    descriptor: Descriptor
    content: bytes
    blobs: tuple[Descriptor, ...] = ()


@dataclass(frozen=True)
class Moved:
    """What was copied.

    Attributes:
        blobs: that were sent. bytes: that these have. mounted: blobs that the registry took from the other repository.
        manifests: manifests and indexes of the image. referrers: those of what is attached to it.
        present: blobs, manifests and indexes that were there already.
    """

    blobs: int = 0
    bytes: int = 0
    mounted: int = 0
    manifests: int = 0
    referrers: int = 0
    present: int = 0


NOTHING = Moved()


def plan(repository: Repository, root: Descriptor, content: bytes) -> tuple[Document, ...]:
    """Everything that an image or artifact is made of, what is named before what names it.

    Args:
        repository: where it is.
        root: its index or manifest.
        content: the root's bytes.

    Raises:
        ImageInvalid: a part is missing or damaged, is of a type that we do not know, has its content outside of the
            registry ("foreign layers"), or there are more than 500 manifests.
        SourceUnavailable: the registry does not answer, or refuses us.
    """
    found: list[Document] = []
    total = 0
    for each in _walk(repository, root, content, {root.digest}, 1):
        found.append(each)
        total += len(each.content)
        if len(found) > _MOST_DOCUMENTS or total > _MOST_BYTES:
            raise ImageInvalid(
                f"{root.digest} of {repository.name} has more than {_MOST_DOCUMENTS} manifests, "
                f"or more than {_MOST_BYTES >> 20} MiB of them"
            )
    return tuple(found)


def _walk(
    repository: Repository, descriptor: Descriptor, content: bytes, seen: set[Digest], depth: int
) -> Iterator[Document]:
    """What is below a document, each once, and the document itself."""
    what = f"{descriptor.digest} of {repository.name}"
    if descriptor.media_type in MANIFESTS:
        yield Document(descriptor, content, _blobs(content, what))
        return
    if depth > _DEEPEST:
        raise ImageInvalid(f"{what} has indexes in indexes, more than {_DEEPEST} deep")
    entries = read_index(content, what)
    if len(entries) > _MOST_DOCUMENTS:
        raise ImageInvalid(f"{what} has {len(entries)} entries; {_MOST_DOCUMENTS} are the most")
    for entry in entries:
        if entry.media_type not in INDEXES | MANIFESTS:
            raise ImageInvalid(f"{what} has an entry of a media type that we do not know: {entry.media_type}")
        if entry.digest not in seen:
            seen.add(entry.digest)
            yield from _walk(repository, entry, repository.fetch(entry), seen, depth + 1)
    yield Document(descriptor, content)


def _blobs(content: bytes, what: str) -> tuple[Descriptor, ...]:
    manifest = read_manifest(content, what)
    for layer, node in zip(manifest.layers, read_document(content, what).nodes("layers"), strict=True):
        if _is_foreign(layer, node):
            raise ImageInvalid(
                f"{what} has a foreign layer, whose content is not in the registry", "build it without such layers"
            )
    return tuple({each.digest: each for each in (manifest.config, *manifest.layers)}.values())


def _is_foreign(layer: Descriptor, node: Node) -> bool:
    """Layers that image-spec calls non-distributable, and Docker foreign; `urls` says where else content may be."""
    return node.has("urls") or ".foreign." in layer.media_type or ".nondistributable." in layer.media_type


class Copying:
    """Copies between two repositories, and counts. Methods may be called from several threads at once."""

    def __init__(self, source: Repository, destination: WritableRepository) -> None:
        """Nothing is copied yet."""
        self.source, self.destination = source, destination
        self._moved, self._lock = Moved(), threading.Lock()

    @property
    def moved(self) -> Moved:
        """What was copied so far."""
        return self._moved

    def copy(self, documents: Sequence[Document], *, are_referrers: bool = False) -> None:
        """Copy documents with their blobs: all blobs first, then the documents in their order.

        Raises:
            ImageInvalid: a blob is missing or damaged.
            SourceUnavailable: a registry does not answer, or refuses us.
        """
        blobs = {blob.digest: blob for document in documents for blob in document.blobs}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(self._copy_blob, blobs.values()):
                pass
        for document in documents:
            self._copy_document(document, are_referrers)

    def _copy_blob(self, blob: Descriptor) -> None:
        how = self.destination.push_blob(blob, lambda: self.source.open_blob(blob))
        if how is Sent.SENT:
            self._count(blobs=1, bytes=blob.size)
        else:
            self._count(**{str(how): 1})

    def _copy_document(self, document: Document, is_referrer: bool) -> None:
        if self.destination.has_manifest(document.descriptor):
            self._count(present=1)
            return
        self.destination.push_manifest(document.descriptor, document.content)
        self._count(**{"referrers" if is_referrer else "manifests": 1})

    def _count(self, **more: int) -> None:
        with self._lock:
            self._moved = replace(
                self._moved, **{key: getattr(self._moved, key) + number for key, number in more.items()}
            )
