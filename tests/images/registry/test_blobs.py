"""Blobs as streams."""

from collections.abc import Iterator

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.model.digests import Digest
from tests.fakes.registry import FakeRegistry, Fault, digest_of, running
from tests.images.registry.asking import repository
from tests.images.small import LAYER

BLOB = bytes(range(256)) * 8000  # 2 MB


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """An empty registry."""
    with running(FakeRegistry()) as server:
        yield server


def stored(registry: FakeRegistry, content: bytes = BLOB) -> Descriptor:
    """A blob in the registry."""
    registry.blobs[digest_of(content)] = content
    return Descriptor(LAYER, Digest.of(content), len(content))


def read(registry: FakeRegistry, blob: Descriptor) -> bytes:
    """All of a blob."""
    with repository(registry).open_blob(blob) as stream:
        return stream.read()


def test_a_blob_is_a_stream(registry: FakeRegistry) -> None:
    """Of exactly its bytes, each fetched once."""
    client, blob = repository(registry), stored(registry)
    with client.open_blob(blob) as stream:
        assert stream.read(10) == BLOB[:10]
        assert stream.read() == BLOB[10:]
        assert stream.read(1) == b""
    assert client.transport.bytes == len(BLOB)
    assert len(registry.paths("/blobs/")) == 1


def test_a_blob_that_nobody_finishes_is_hung_up(registry: FakeRegistry) -> None:
    """Closing is enough."""
    stream = repository(registry).open_blob(stored(registry))
    stream.read(1)
    stream.close()


def test_a_cut_download_goes_on_where_it_stopped(registry: FakeRegistry) -> None:
    """With a range; what came already is not asked for again."""
    blob = stored(registry)
    registry.faults = [("/blobs/", Fault(cut_after=500_000)), ("/blobs/", Fault(cut_after=1_000_000))]
    assert read(registry, blob) == BLOB
    ranges = [each.headers.get("range") for each in registry.asked if "/blobs/" in each.path]
    assert ranges == [None, "bytes=500000-", "bytes=1500000-"]


def test_a_server_without_ranges_starts_anew(registry: FakeRegistry) -> None:
    """What we have is dropped from its answer."""
    registry.faults = [("/blobs/", Fault(cut_after=500_000)), ("/blobs/", Fault(ignores_range=True))]
    assert read(registry, stored(registry)) == BLOB


def test_progress_renews_patience(registry: FakeRegistry) -> None:
    """A connection cut every 1.2 MB carries a blob of any size."""
    content = BLOB * 4
    registry.faults = [("/blobs/", Fault(cut_after=1_200_000))] * 6
    assert read(registry, stored(registry, content)) == content


def test_a_download_cut_again_and_again_is_given_up(registry: FakeRegistry) -> None:
    """After three attempts without a mebibyte."""
    registry.faults = [("/blobs/", Fault(cut_after=10))] * 20
    with pytest.raises(SourceUnavailable, match="again and again"):
        read(registry, stored(registry))
    assert len(registry.paths("/blobs/")) == 4


def test_a_server_that_sends_another_range_is_refused(registry: FakeRegistry) -> None:
    """Before its bytes are taken for the right ones."""
    registry.faults = [
        ("/blobs/", Fault(cut_after=500)),
        ("/blobs/", Fault(headers={"Content-Range": "bytes 0-99/100"})),
    ]
    with pytest.raises(SourceUnavailable, match="sent others"):
        read(registry, stored(registry))


def test_a_blob_of_another_size_is_refused(registry: FakeRegistry) -> None:
    """Before any of it is read."""
    blob = stored(registry)
    registry.faults = [("/blobs/", Fault(body=BLOB + b"x"))]
    with pytest.raises(ImageInvalid, match=f"has {len(BLOB) + 1} bytes"):
        read(registry, blob)


def test_a_wrong_content_length_is_refused(registry: FakeRegistry) -> None:
    """Too small, it would hide the rest."""
    registry.faults = [("/blobs/", Fault(headers={"Content-Length": "100"}))]
    with pytest.raises(ImageInvalid, match="has 100 bytes"):
        read(registry, stored(registry))


def test_a_lost_blob_is_damage(registry: FakeRegistry) -> None:
    """A manifest names it."""
    with pytest.raises(ImageInvalid, match="lacks the blob"):
        read(registry, Descriptor(LAYER, Digest.of(b"x"), 1))


def test_blobs_may_lie_elsewhere(registry: FakeRegistry) -> None:
    """In a storage service, that must not see our login; a cut there is resumed, too."""
    blob = stored(registry)
    with running(FakeRegistry()) as storage:
        storage.blobs = registry.blobs
        there = Fault(
            status=307,
            headers={"Location": f"http://{storage.address}/v2/x/blobs/{blob.digest}?X-Signature=1"},
            body=b"",
        )
        registry.faults = [("/blobs/", there)] * 2
        storage.faults = [("/blobs/", Fault(cut_after=700_000))]
        assert read(registry, blob) == BLOB
        assert [each.headers.get("range") for each in storage.asked] == [None, "bytes=700000-"]


def test_a_stalled_download_is_given_up(registry: FakeRegistry) -> None:
    """The next bytes must come in half a second here."""
    blob = stored(registry)
    registry.faults = [("/blobs/", Fault(delay=1))] * 3
    with pytest.raises(SourceUnavailable, match="took too long"):
        read(registry, blob)
