"""What passes between a registry and who asks it is counted, and not changed."""

from pathlib import Path

from benchmarks.counting import Counter
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source
from tests.fakes.registry import FakeRegistry, running
from tests.images.small import two_platforms


def read(reference: str, cache: Path) -> None:
    source = open_source(reference, store=LayerStore(LayerCache(cache)))
    for each in source.image().platforms:
        assert source.files(each).read("/srv/app.py") == b"X = 1\n"
    source.close()


def test_layers_are_counted_once_at_first_and_never_when_nothing_changed(tmp_path: Path) -> None:
    """The bytes of each layer are those that it has; the second time only documents are asked for."""
    image = two_platforms()
    layers = {digest: len(content) for digest, content in image.blobs.items() if content.startswith(b"\x1f\x8b")}
    assert len(layers) == 3
    with running(FakeRegistry()) as registry:
        reference = image.into_registry(registry)
        for expected in (layers, dict.fromkeys(layers, 0)):
            with Counter(registry.address).running() as counter:
                read(reference.replace(registry.address, counter.address), tmp_path / "cache")
            assert {digest: counter.of_blobs(digest) for digest in layers} == expected
            assert counter.of_blobs(*layers) == sum(expected.values())
            assert len(counter.answers) > len(image.documents) - 3  # an index and two manifests; attestations are none
