"""OCI image layouts, in a folder or in a tar (image-spec, `image-layout.md`)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.holders import Holder
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, Descriptor, check, check_size
from spybuild.images.oci.documents import LARGEST_DOCUMENT, read_document
from spybuild.images.oci.manifests import media_type_of, read_index
from spybuild.model.digests import Digest
from spybuild.model.names import shown

_VERSION = "1.0.0"
_REF_NAME = "org.opencontainers.image.ref.name"
_IMAGE_NAME = "io.containerd.image.name"  # what containerd, and so docker save, writes beside it


def is_layout(holder: Holder) -> bool:
    """Whether there is an OCI layout."""
    return holder.size("oci-layout") is not None and holder.size("index.json") is not None


class Layout:
    """The images and blobs of a layout. May be used from several threads at once."""

    def __init__(self, holder: Holder) -> None:
        """Read `oci-layout` and `index.json`.

        Raises:
            ImageInvalid: there is no layout, or one of a version that we do not know.
        """
        self._holder = holder
        version = read_document(self._document("oci-layout"), "oci-layout").text("imageLayoutVersion")
        if version != _VERSION:
            raise ImageInvalid(f"the layout is of version {shown(version)}; {_VERSION} is the one that is known")
        self.images = read_index(self._document("index.json"), "index.json")

    def choose(self, tag: str, digest: Digest | None) -> tuple[Descriptor, bytes]:
        """The manifest or index of an image, and its descriptor.

        Args:
            tag: its name or tag in the layout; empty where neither is asked for.
            digest: of a manifest or index in the layout; it decides where both are given.

        Raises:
            ImageNotFound: there is no such image, or several where none was asked for.
            ImageInvalid: it is damaged.
        """
        if digest:
            return self._by_digest(digest)
        chosen = {each.digest: each for each in self.images if not tag or tag in names_of(each)}
        if len(chosen) == 1:
            found = next(iter(chosen.values()))
            return found, self.fetch(found)
        if not self.images:
            raise ImageNotFound("the layout is empty")
        what = f"no image {shown(tag)}" if tag and not chosen else f"{len(chosen)} images"
        raise ImageNotFound(f"the layout has {what}", f"name one of {', '.join(self._choices())}, as :TAG or @DIGEST")

    def fetch(self, descriptor: Descriptor) -> bytes:
        """A manifest, index or config, held against its descriptor.

        Raises:
            ImageNotFound: the layout does not have it: an index may name platforms that were not exported.
            ImageInvalid: it is not what the descriptor says.
        """
        what = f"{descriptor.digest} of the layout"
        check_size(descriptor, what)
        with self._opened(descriptor.digest) as blob:
            content = check(blob.read(descriptor.size + 1), descriptor, what)
        if descriptor.media_type in INDEXES | MANIFESTS:
            media_type_of(content, descriptor.media_type, what)
        return content

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's bytes as they are stored; whoever reads them holds them against the digest. Raises as `fetch`."""
        size = self._holder.size(blob_path(descriptor.digest))
        if size not in (None, descriptor.size):
            raise ImageInvalid(f"the blob {descriptor.digest} has {size} bytes where {descriptor.size} were announced")
        return self._opened(descriptor.digest)

    def has(self, digest: Digest) -> bool:
        """Whether the layout has this blob."""
        return self._holder.size(blob_path(digest)) is not None

    def _by_digest(self, digest: Digest) -> tuple[Descriptor, bytes]:
        """An image of `index.json`, or one that is deeper inside: then its document tells what it is."""
        for each in self.images:
            if each.digest == digest:
                return each, self.fetch(each)
        if not self.has(digest):
            raise ImageNotFound(f"the layout has no image {digest}")
        with self._opened(digest) as blob:
            content = blob.read(LARGEST_DOCUMENT + 1)
        what = f"{digest} of the layout"
        found = Descriptor("", digest, len(content))
        check_size(found, what)
        return replace(found, media_type=media_type_of(check(content, found, what), "", what)), content

    def _opened(self, digest: Digest) -> BinaryIO:
        blob = self._holder.open(blob_path(digest))
        if blob is None:
            raise ImageNotFound(f"the layout lacks {digest}", "export or copy the image with all its platforms")
        return blob

    def _document(self, path: str) -> bytes:
        file = self._holder.open(path)
        if file is None:
            raise ImageInvalid(f"there is no OCI layout: it has no {path}")
        with file:
            return file.read(LARGEST_DOCUMENT + 1)

    def _choices(self) -> Iterator[str]:
        for each in self.images[:10]:
            names = sorted(names_of(each), key=len)
            yield shown(names[-1], 200) if names else str(each.digest)
        if len(self.images) > 10:
            yield "…"


def names_of(image: Descriptor) -> frozenset[str]:
    """What an image of a layout may be called; see `all_names`."""
    return all_names(image.annotations[key] for key in (_REF_NAME, _IMAGE_NAME) if image.annotations.get(key))


def all_names(written: Iterable[str]) -> frozenset[str]:
    """Names as written, without Docker's defaults, and their tags alone."""
    full = frozenset(written)
    tags = {name.rpartition(":")[2] for name in full}
    return full | short_names(full) | {tag for tag in tags if "/" not in tag}


def short_names(names: Iterable[str]) -> frozenset[str]:
    """Names without Docker's default registry and namespace."""
    return frozenset(name.removeprefix("docker.io/").removeprefix("library/") for name in names)


def blob_path(digest: Digest) -> str:
    """Where a layout has a blob; the digest's grammar was checked, so that it holds no slash and no dot."""
    return f"blobs/{digest.algorithm}/{digest.hex}"
