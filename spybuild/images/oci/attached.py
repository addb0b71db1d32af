"""What BuildKit attached to a platform: in-toto statements in an attestation manifest beside it in the index.

https://docs.docker.com/build/metadata/attestations/attestation-storage/
"""

from collections.abc import Callable, Iterator

from spybuild.errors import ImageInvalid
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, Descriptor
from spybuild.images.oci.documents import LARGEST_DOCUMENT
from spybuild.images.oci.manifests import read_index, read_manifest
from spybuild.model.digests import Digest

_TYPE, _SUBJECT = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_ATTESTATION = "attestation-manifest"
_STATEMENT, _PREDICATE = "application/vnd.in-toto+json", "in-toto.io/predicate-type"
_MOST = 100  # of one platform; BuildKit attaches two or three


def statements_of(
    root: Descriptor, content: bytes, fetch: Callable[[Descriptor], bytes], manifest: Digest, predicate: str
) -> Iterator[bytes]:
    """The statements that an index holds on one of its manifests. They are not signed: anyone may have written them.

    Args:
        root: the index; a manifest alone has none.
        content: its bytes.
        fetch: gives the checked bytes of a descriptor.
        manifest: what they must be filed under.
        predicate: their predicate's type, as their entry announces it.

    Raises:
        ImageInvalid: an attestation manifest is damaged, or holds more than any build attaches.
    """
    if root.media_type not in INDEXES:
        return
    for entry in read_index(content, f"the index {root.digest}"):
        told = entry.annotations
        if entry.media_type in MANIFESTS and (told.get(_TYPE), told.get(_SUBJECT)) == (_ATTESTATION, str(manifest)):
            yield from _of_manifest(fetch(entry), f"the manifest {entry.digest}", fetch, predicate)


def _of_manifest(content: bytes, what: str, fetch: Callable[[Descriptor], bytes], predicate: str) -> Iterator[bytes]:
    layers = read_manifest(content, what).layers
    if len(layers) > _MOST or any(layer.size > LARGEST_DOCUMENT for layer in layers):
        raise ImageInvalid(f"{what} holds more statements, or larger ones, than any build attaches")
    for layer in layers:
        if layer.media_type == _STATEMENT and layer.annotations.get(_PREDICATE) == predicate:
            yield fetch(layer)
