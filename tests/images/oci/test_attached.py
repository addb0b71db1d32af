"""What is read of the statements that a build attached, and how much at most."""

from collections.abc import Iterator, Sequence

import pytest

from spybuild.errors import ImageInvalid
from spybuild.images.layers.store import LayerStore
from spybuild.images.oci.attached import statements_of
from spybuild.images.oci.descriptors import Descriptor, read_descriptor
from spybuild.images.oci.documents import LARGEST_DOCUMENT, read_document
from spybuild.images.oci_source import OciSource
from spybuild.images.opening import open_source
from spybuild.model.digests import Digest
from tests.fakes.registry import FakeRegistry, running
from tests.images.small import CONFIG, MANIFEST, Json, SmallImage, encoded

TYPE, SBOM = "https://in-toto.io/attestation/test-result/v0.1", "https://spdx.dev/Document"


def image(*manifests: Sequence[bytes], sbom: bytes = b"") -> tuple[SmallImage, Digest]:
    """An image with attestation manifests, each with these statements, and an SBOM beside them; its digest."""
    made = SmallImage()
    entry = made.platform("linux/amd64", [{"a": b""}])
    attached = []
    for number, statements in enumerate(manifests):
        layers = [statement(made, each, TYPE) for each in statements]
        layers += [statement(made, sbom, SBOM)] if sbom else []
        config = made.blob(b"{%s}" % (b" " * number), CONFIG)  # so that no two are one
        document = made.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
        attached.append({**made.attestation(entry), **document})
    made.index([entry, *attached])
    return made, Digest.parse(entry["digest"])


def statement(made: SmallImage, content: bytes, kind: str) -> Json:
    blob = made.blob(content, "application/vnd.in-toto+json")
    return {**blob, "annotations": {"in-toto.io/predicate-type": kind}}


def read(made: SmallImage, manifest: Digest, fetched: list[str] | None = None) -> Iterator[bytes]:
    """The statements on a manifest."""

    def fetch(descriptor: Descriptor) -> bytes:
        (fetched if fetched is not None else []).append(descriptor.media_type)
        return made.all_blobs()[str(descriptor.digest)]

    root = read_descriptor(read_document(encoded(made.root), "the root"))
    return statements_of(root, made.all_blobs()[str(root.digest)], fetch, manifest, TYPE)


def test_a_blob_that_is_named_a_hundred_times_was_fetched_and_kept_a_hundred_times() -> None:
    """4 MB of it cost 459 MB and 28 seconds."""
    fetched: list[str] = []
    made, manifest = image([b"x"] * 10)
    assert list(read(made, manifest, fetched)) == [b"x"]
    assert fetched == [MANIFEST, "application/vnd.in-toto+json"]


def test_statements_are_fetched_one_at_a_time() -> None:
    """All of them at once need not fit into memory."""
    fetched: list[str] = []
    made, manifest = image([b"1", b"2"])
    assert next(read(made, manifest, fetched)) == b"1"
    assert fetched == [MANIFEST, "application/vnd.in-toto+json"]


@pytest.mark.parametrize(
    "manifests",
    [
        [[b"x"] * 11],
        [[b"%d" % number for number in range(11)]],
        [[b"1", b"2", b"3"], [b"4", b"5", b"6"], [b"7", b"8", b"9"], [b"10", b"11"]],
        [[bytes([number]) * LARGEST_DOCUMENT for number in range(3)]],
        [[b"x" * (2 * LARGEST_DOCUMENT + 1)]],
    ],
    ids=["one", "many", "over-manifests", "bytes", "large"],
)
def test_more_than_any_build_attaches_is_refused_before_a_statement_is_fetched(manifests: list[list[bytes]]) -> None:
    """A registry is no place to make us read without end; the bounds are of a platform, not of a manifest."""
    fetched: list[str] = []
    made, manifest = image(*manifests)
    with pytest.raises(ImageInvalid, match="more statements, or larger ones, than any build attaches"):
        next(read(made, manifest, fetched))
    assert set(fetched) == {MANIFEST}


def test_an_index_that_lists_attestation_manifests_without_end_is_refused() -> None:
    """199 of them fit beside one platform; none is fetched."""
    fetched: list[str] = []
    made, manifest = image(*([[b"x"]] * 199))
    with pytest.raises(ImageInvalid, match="has 199 attestation manifests; 4 are the most"):
        next(read(made, manifest, fetched))
    assert fetched == []


def test_a_large_sbom_beside_a_statement_made_it_unusable() -> None:
    """It is not ours to read."""
    made, manifest = image([b"ours"], sbom=b"x" * (LARGEST_DOCUMENT + 1))
    assert list(read(made, manifest)) == [b"ours"]


def test_what_is_filed_under_another_manifest_is_passed_over() -> None:
    """Every platform has its own."""
    made, _ = image([b"ours"])
    assert list(read(made, Digest.of(b"another"))) == []


def test_the_statements_are_those_of_the_index_that_was_read() -> None:
    """A tag that has moved meanwhile does not exchange them."""
    (made, manifest), (other, _) = image([b"ours"]), image([b"moved"])
    with running(FakeRegistry()) as server:
        source = open_source(made.into_registry(server), store=LayerStore())
        assert isinstance(source, OciSource)
        (platform,) = source.image().platforms
        other.into_registry(server)
        assert (platform.digest, list(source.statements(platform, TYPE))) == (manifest, [b"ours"])
        source.close()
