"""Reading documents from a registry, and what may go wrong."""

import hashlib
import json
import ssl
from collections.abc import Iterator

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor, read_descriptor
from spybuild.images.oci.documents import read_document
from spybuild.model.digests import Digest
from tests.fakes.registry import FakeRegistry, Fault, running
from tests.images.registry.asking import repository
from tests.images.small import INDEX, MANIFEST, SmallImage, encoded, two_platforms


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """An empty registry."""
    with running(FakeRegistry()) as server:
        yield server


@pytest.fixture
def image(registry: FakeRegistry) -> SmallImage:
    """An image in it."""
    made = two_platforms()
    made.into_registry(registry)
    return made


def descriptor(entry: dict[str, object]) -> Descriptor:
    """A descriptor of JSON."""
    return read_descriptor(read_document(json.dumps(entry).encode(), "it"))


def test_a_manifest_by_tag_or_digest(registry: FakeRegistry, image: SmallImage) -> None:
    """The digest is of the bytes, by whatever name they were asked for; all types are accepted."""
    client = repository(registry)
    by_tag, content = client.manifest("1")
    assert (str(by_tag.digest), by_tag.media_type, by_tag.size) == (image.root["digest"], INDEX, len(content))
    assert client.manifest(image.root["digest"]) == (by_tag, content)
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    ):
        assert kind in registry.asked[-1].headers["accept"]


def test_head_tells_a_digest_without_content(registry: FakeRegistry, image: SmallImage) -> None:
    """For looking whether a tag has moved."""
    client = repository(registry)
    assert str(client.head("1")) == image.root["digest"]
    assert client.transport.bytes == 0
    with pytest.raises(ImageNotFound):
        client.head("2")


def test_no_such_image(registry: FakeRegistry, image: SmallImage) -> None:
    """404 is an answer."""
    with pytest.raises(ImageNotFound, match="has no image"):
        repository(registry).manifest("2")


def test_a_forged_manifest_is_refused(registry: FakeRegistry, image: SmallImage) -> None:
    """Asked by digest, the bytes must have it; asked by tag, what the registry says of it must hold."""
    registry.faults = [("/manifests/", Fault(body=encoded({"mediaType": INDEX, "manifests": []})))] * 2
    with pytest.raises(ImageInvalid, match="damaged or forged"):
        repository(registry).manifest(image.root["digest"])
    with pytest.raises(ImageInvalid, match="damaged or forged"):
        repository(registry).manifest("1")


def test_a_registry_need_not_say_the_digest_of_a_tag(registry: FakeRegistry, image: SmallImage) -> None:
    """Then there is nothing to compare, and the digest is ours."""
    registry.faults = [("/manifests/", Fault(headers={"Docker-Content-Digest": ""}))]
    assert str(repository(registry).manifest("1")[0].digest) == image.root["digest"]


def test_a_registry_may_count_by_sha512(registry: FakeRegistry, image: SmallImage) -> None:
    """The digest reported is of the algorithm that the registry uses."""
    content = image.all_blobs()[image.root["digest"]]
    digest = f"sha512:{hashlib.sha512(content).hexdigest()}"
    registry.faults = [("/manifests/", Fault(headers={"Docker-Content-Digest": digest}))]
    assert str(repository(registry).manifest("1")[0].digest) == digest


@pytest.mark.parametrize("digest", ["sha256:short", "md5:d41d8cd98f00b204e9800998ecf8427e", "nonsense"])
def test_a_digest_that_is_none_is_refused(registry: FakeRegistry, image: SmallImage, digest: str) -> None:
    """A registry that says something must make sense."""
    registry.faults = [("/manifests/", Fault(headers={"Docker-Content-Digest": digest}))]
    with pytest.raises(ImageInvalid):
        repository(registry).manifest("1")


def test_a_huge_manifest_is_refused(registry: FakeRegistry, image: SmallImage) -> None:
    """It is not read to its end, and asked for once."""
    registry.faults = [("/manifests/", Fault(body=b" " * (5 << 20)))]
    with pytest.raises(ImageInvalid, match="larger than 4096 KiB"):
        repository(registry).manifest("1")
    assert len(registry.paths("/manifests/")) == 1


def test_a_manifest_that_breaks_off_is_asked_for_again(registry: FakeRegistry, image: SmallImage) -> None:
    """It is small."""
    registry.faults = [("/manifests/", Fault(cut_after=10))] * 2
    assert str(repository(registry).manifest("1")[0].digest) == image.root["digest"]
    registry.faults = [("/manifests/", Fault(cut_after=10))] * 3
    with pytest.raises(SourceUnavailable, match="broke off"):
        repository(registry).manifest("1")


def test_a_page_for_people_is_no_manifest(registry: FakeRegistry, image: SmallImage) -> None:
    """A proxy's login page, with status 200."""
    page = Fault(body=b"<html>log in</html>", headers={"Content-Type": "text/html", "Docker-Content-Digest": ""})
    registry.faults = [("/manifests/", page)]
    with pytest.raises(ImageInvalid, match="no sound JSON"):
        repository(registry).manifest("1")


def test_a_manifest_of_schema_1_is_refused(registry: FakeRegistry) -> None:
    """By name, with what to do."""
    registry.manifests["shop/api", "1"] = (
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        b'{"schemaVersion": 1}',
    )
    with pytest.raises(ImageInvalid, match="schema 1") as caught:
        repository(registry).manifest("1")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not let us read"),
        (403, "does not let us read"),
        (429, "asked too often"),
        (500, "answers 500"),
        (418, "answers 418"),
    ],
)
def test_a_no_tells_the_registrys_words(registry: FakeRegistry, image: SmallImage, status: int, words: str) -> None:
    """They say more than a number."""
    registry.faults = [("/manifests/", Fault(status=status))] * 3
    with pytest.raises(SourceUnavailable, match=f"{words}.*it was asked for"):
        repository(registry).manifest("1")


def test_documents_are_held_against_their_descriptors(registry: FakeRegistry, image: SmallImage) -> None:
    """Manifests and configs: size, digest, type."""
    entry = json.loads(image.all_blobs()[image.root["digest"]])["manifests"][0]
    client, manifest = repository(registry), descriptor(entry)
    content = client.fetch(manifest)
    config = descriptor(json.loads(content)["config"])
    assert json.loads(client.fetch(config))["os"] == "linux"
    for part, target in (("/manifests/", manifest), ("/blobs/", config)):
        registry.faults = [(part, Fault(body=b"x" * target.size))]
        with pytest.raises(ImageInvalid, match="damaged or forged"):
            client.fetch(target)
    registry.faults = [("/manifests/", Fault(body=content + b" "))]
    with pytest.raises(ImageInvalid, match="bytes where"):
        client.fetch(manifest)


def test_a_manifest_that_the_registry_lost(registry: FakeRegistry, image: SmallImage) -> None:
    """The index names it: that is damage, and not a missing image."""
    with pytest.raises(ImageInvalid, match="lacks the manifest"):
        repository(registry).fetch(Descriptor(MANIFEST, Digest.of(b"x"), 1))


def test_a_manifest_of_gigabytes_is_not_asked_for(registry: FakeRegistry) -> None:
    """Its descriptor says so."""
    with pytest.raises(ImageInvalid, match="4 MiB is the most"):
        repository(registry).fetch(Descriptor(MANIFEST, Digest.of(b"x"), 5 << 30))
    assert registry.asked == []


def test_a_registry_that_speaks_neither_http_nor_tls(registry: FakeRegistry) -> None:
    """On this machine plain HTTP is tried first, then TLS; here the handshake fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    registry.socket = context.wrap_socket(registry.socket, server_side=True, do_handshake_on_connect=False)
    with pytest.raises(SourceUnavailable, match="does not answer"):
        repository(registry).manifest("1")


def test_a_registry_that_is_down_is_said_to_be(registry: FakeRegistry) -> None:
    """Also where it fails before it knows what we want."""
    registry.faults = [("/v2/", Fault(status=503))] * 3
    with pytest.raises(SourceUnavailable, match="answers 503"):
        repository(registry).manifest("1")
