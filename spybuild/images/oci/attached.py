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
# of one platform; BuildKit attaches one manifest with one statement of a kind
_MOST_MANIFESTS, _MOST_STATEMENTS, _MOST_BYTES = 4, 10, 2 * LARGEST_DOCUMENT


def statements_of(
    root: Descriptor, content: bytes, fetch: Callable[[Descriptor], bytes], manifest: Digest, predicate: str
) -> Iterator[bytes]:
    """The statements that an index holds on one of its manifests, each once, fetched when it is its turn.

    They are not signed: anyone may have written them.

    Args:
        root: the index; a manifest alone has none.
        content: its bytes.
        fetch: gives the checked bytes of a descriptor.
        manifest: what they must be filed under.
        predicate: their predicate's type, as their entry announces it.

    Raises:
        ImageInvalid: an attestation manifest is damaged, or there is more than any build attaches: 4 attestation
            manifests, 10 statements, or 8 MiB of them. No statement is fetched then.
    """
    if root.media_type not in INDEXES:
        return
    filed = {each.digest: each for each in read_index(content, f"the index {root.digest}") if _is_on(each, manifest)}
    if len(filed) > _MOST_MANIFESTS:
        raise ImageInvalid(f"{manifest} has {len(filed)} attestation manifests; {_MOST_MANIFESTS} are the most")
    layers = [layer for entry in filed.values() for layer in _layers(fetch, entry, predicate)]
    statements = {layer.digest: layer for layer in layers}.values()
    if len(layers) > _MOST_STATEMENTS or sum(each.size for each in statements) > _MOST_BYTES:
        raise ImageInvalid(f"{manifest} has more statements, or larger ones, than any build attaches")
    yield from map(fetch, statements)


def _is_on(entry: Descriptor, manifest: Digest) -> bool:
    told = entry.annotations
    return entry.media_type in MANIFESTS and (told.get(_TYPE), told.get(_SUBJECT)) == (_ATTESTATION, str(manifest))


def _layers(fetch: Callable[[Descriptor], bytes], entry: Descriptor, predicate: str) -> Iterator[Descriptor]:
    """The statements in an attestation manifest; others beside them (SBOMs, provenance) may be of any size."""
    for layer in read_manifest(fetch(entry), f"the manifest {entry.digest}").layers:
        if layer.media_type == _STATEMENT and layer.annotations.get(_PREDICATE) == predicate:
            yield layer
