"""Images go from repository to repository, complete, and with what is attached to them."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry import copying_attached
from spybuild.images.registry.attaching import EMPTY, EMPTY_CONFIG, Sharing, as_json, make_listed, push_bytes
from spybuild.images.registry.copying import Copying, Moved, plan
from spybuild.images.registry.copying_attached import CopyingAttached
from spybuild.images.registry.referrers import find_referrers, tag_of
from spybuild.model.digests import Digest
from tests.fakes.registry import Fault, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable
from tests.images.small import INDEX, MANIFEST, SmallImage, two_platforms

SBOM = "application/spdx+json"
FROM, TO = "staging/api", "prod/api"


class Move:
    """An image in one repository, and another repository where it shall go."""

    def __init__(self, source: FakeWritableRegistry, destination: FakeWritableRegistry, locks: Path) -> None:
        self.source, self.destination = source, destination
        self.image = two_platforms()
        source.put_image(FROM, self.image.documents, self.image.blobs, **{"1": self.image.root["digest"]})
        self.reading = writable(source, FROM)
        self.root, self.content = self.reading.manifest("1")
        self.sharing = Sharing(0.001, locks)

    def copying(self) -> Copying:
        """What copies, anew."""
        return Copying(self.reading, writable(self.destination, TO, mount_from=FROM))

    def run(self) -> tuple[Moved, list[str]]:
        """Copy the image, and what is attached; what was moved, and what was left behind."""
        copying = self.copying()
        documents = plan(self.reading, self.root, self.content)
        copying.copy(documents)
        attached = CopyingAttached(copying, self.sharing)
        attached.copy([each.descriptor.digest for each in documents])
        return copying.moved, attached.problems

    def attach(self, subject: Digest, content: bytes = b"{}", kind: str = SBOM) -> Descriptor:
        """Attach an artifact in the source."""
        push_bytes(self.reading, EMPTY, EMPTY_CONFIG.media_type)
        manifest: dict[str, Any] = {
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": as_json(EMPTY_CONFIG),
            "layers": [as_json(push_bytes(self.reading, content, kind))],
            "subject": {"mediaType": MANIFEST, "digest": str(subject), "size": 1}, "annotations": {"a": "b"},
        }  # fmt: skip
        written = json.dumps(manifest).encode()
        made = Descriptor(MANIFEST, Digest.of(written), len(written), annotations={"a": "b"}, artifact_type=kind)
        self.reading.push_manifest(made, written)
        make_listed(self.reading, subject, [made], self.sharing)
        return made

    def tag(self, suffix: str, *layers: bytes) -> None:
        """Give one of cosign's tags to something, in the source."""
        manifest = {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": as_json(push_bytes(self.reading, b"{}", "x/y")),
            "layers": [as_json(push_bytes(self.reading, layer, "x/z")) for layer in layers],
        }  # fmt: skip
        content = json.dumps(manifest, indent=1).encode()
        made = Descriptor(MANIFEST, Digest.of(content), len(content))
        self.reading.push_manifest(made, content, tag_of(self.root.digest, suffix))

    def arrived(self, subject: Digest) -> list[Digest]:
        """What is attached at the destination."""
        return [each.digest for each in find_referrers(writable(self.destination, TO), subject).found]


@pytest.fixture(params=["same", "api", "tag"])
def move(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Move]:
    """Within a registry; to one that lists referrers from one that does not; and back."""
    with (
        running(FakeWritableRegistry(referrers=request.param == "tag")) as first,
        running(FakeWritableRegistry(referrers=request.param == "api")) as second,
    ):
        yield Move(first, first if request.param == "same" else second, tmp_path)


def test_an_image_arrives_complete(move: Move) -> None:
    """Index, platforms, BuildKit's attestations, configs and layers; every byte as it was, and no tag."""
    moved, problems = move.run()
    assert problems == []
    assert move.destination.holds(TO, str(move.root.digest))
    assert all(move.destination.manifests[TO, digest] == document for digest, document in move.image.documents.items())
    assert {key[1] for key in move.destination.manifests if key[0] == TO} == set(move.image.documents)
    assert moved.manifests == len(move.image.documents) == 4
    is_same = move.source is move.destination
    assert (moved.mounted, moved.blobs) == ((len(move.image.blobs), 0) if is_same else (0, len(move.image.blobs)))
    assert moved.bytes == (0 if is_same else sum(map(len, move.image.blobs.values())))


def test_a_second_run_moves_nothing(move: Move) -> None:
    """And writes nothing."""
    move.attach(move.root.digest)
    move.tag(".att", b"1")
    move.run()
    move.destination.asked.clear()
    moved, _ = move.run()
    assert (moved.blobs, moved.mounted, moved.manifests, moved.referrers, moved.bytes) == (0, 0, 0, 0, 0)
    assert moved.present > 5
    assert move.destination.written() == []


def test_what_is_attached_arrives(move: Move) -> None:
    """To the index and to each platform, and a signature of the SBOM; listed with its type."""
    platforms = [Digest.parse(each) for each in move.image.documents]
    made = {subject: move.attach(subject, b"sbom of " + str(subject).encode()) for subject in platforms}
    sbom = made[move.root.digest]
    signature = move.attach(sbom.digest, b"signature", "application/vnd.dev.sigstore.bundle.v0.3+json")
    moved, problems = move.run()
    assert problems == []
    assert moved.referrers == len(platforms) + 1
    for subject, descriptor in made.items():
        assert move.arrived(subject) == [descriptor.digest]
    assert move.arrived(sbom.digest) == [signature.digest]
    (found,) = find_referrers(writable(move.destination, TO), move.root.digest).found
    assert found.artifact_type == SBOM


def test_referrers_of_referrers_come_to_an_end(move: Move) -> None:
    """Three deep; a circle is none of content that names its digest, but lists may name anything."""
    subject, chain = move.root.digest, []
    for number in range(5):
        chain.append(move.attach(subject, b"%d" % number))
        subject = chain[-1].digest
    make_listed(move.reading, chain[0].digest, [chain[0]], move.sharing)
    move.run()
    assert [(TO, str(each.digest)) in move.destination.manifests for each in chain] == [True, True, True, False, False]


def test_cosigns_tags_arrive(move: Move) -> None:
    """Byte for byte, where there are none yet."""
    for suffix in (".att", ".sig", ".sbom"):
        move.tag(suffix, suffix.encode())
    move.run()
    for suffix in (".att", ".sig", ".sbom"):
        tag = tag_of(move.root.digest, suffix)
        assert move.destination.manifests[TO, tag] == move.source.manifests[FROM, tag]
        assert move.destination.holds(TO, tag)


def test_what_cosigns_tags_have_at_the_destination_stays(move: Move) -> None:
    """Attestations and signatures of both; an SBOM is one document, so the destination's stays, which is told."""
    for suffix in (".att", ".sbom"):
        move.tag(suffix, b"1")
    move.run()
    for suffix in (".att", ".sbom"):
        move.tag(suffix, b"2")
    _, problems = move.run()
    document = json.loads(move.destination.manifests[TO, tag_of(move.root.digest, ".att")][1])
    assert [each["digest"] for each in document["layers"]] == [str(Digest.of(b"1")), str(Digest.of(b"2"))]
    assert len(problems) == 1
    assert ".sbom is another one already" in problems[0]


def test_what_the_destination_has_attached_stays(move: Move) -> None:
    """Both are listed in the end."""
    move.run()
    there = Move.attach
    first = move.attach(move.root.digest, b"staging's")
    move.reading, back = writable(move.destination, TO), move.reading
    second = there(move, move.root.digest, b"production's")
    move.reading = back
    move.run()
    assert set(move.arrived(move.root.digest)) == {first.digest, second.digest}


@pytest.mark.parametrize("what", ["manifest", "blob", "type", "huge"])
def test_what_is_attached_and_broken_is_left_behind(move: Move, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """With its reason; the good one arrives."""
    good, bad = move.attach(move.root.digest, b"good"), move.attach(move.root.digest, b"bad!" * 10)
    if what == "manifest":
        move.source.faults = [(f"/manifests/{bad.digest}", Fault(body=b"x" * bad.size, method="GET"))] * 3
    elif what == "blob":
        move.source.links.discard((FROM, str(Digest.of(b"bad!" * 10))))
    elif what == "huge":
        monkeypatch.setattr(copying_attached, "_MOST_BYTES", 30)
    else:
        odd = Descriptor("application/x-odd", bad.digest, bad.size, artifact_type=SBOM)
        if move.source.referrers is not None:
            move.source.referrers[str(move.root.digest)][1] = as_json(odd)
        else:
            del move.source.manifests[FROM, tag_of(move.root.digest)]
            content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [as_json(good), as_json(odd)]})
            move.source.manifests[FROM, tag_of(move.root.digest)] = INDEX, content.encode()
    _, problems = move.run()
    assert move.arrived(move.root.digest) == [good.digest]
    assert len(problems) == 1


def test_more_than_a_thousand_attached_are_left_behind(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may attach could fill the destination otherwise."""
    monkeypatch.setattr(copying_attached, "_MOST", 2)
    for number in range(4):
        move.attach(move.root.digest, b"%d" % number)
    _, problems = move.run()
    assert len(move.arrived(move.root.digest)) == 2
    assert problems == ["more than 2 manifests are attached; the rest is left behind"]


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_source_that_fails_is_an_error(move: Move, part: str) -> None:
    """Nobody knows what would be missing."""
    move.attach(move.root.digest)
    move.source.faults = [(part, Fault(status=503, method=method)) for method in ("GET", "HEAD", "POST", "PUT")] * 50
    with pytest.raises(SourceUnavailable):
        move.run()


def test_a_damaged_blob_does_not_arrive(move: Move) -> None:
    """It is refused on the way, and the image is not complete, so its manifest does not arrive either."""
    if move.source is move.destination:
        return  # a mount moves no bytes
    blob = next(iter(move.image.blobs))
    move.source.blobs[blob] = b"\0" * len(move.image.blobs[blob])
    with pytest.raises(ImageInvalid, match="damaged or forged"):
        move.run()
    assert (TO, str(move.root.digest)) not in move.destination.manifests


@pytest.mark.parametrize(
    "change",
    [
        {"urls": ["https://elsewhere.example/x"]},
        {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
        {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    ],
)
def test_foreign_layers_are_refused(move: Move, change: dict[str, Any]) -> None:
    """Before anything is written: the image would not be complete."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b"x"}])
    manifest = json.loads(image.documents[entry["digest"]][1])
    manifest["layers"][0] |= change
    image.index([{**image.document(manifest), "platform": {"os": "linux", "architecture": "amd64"}}])
    move.source.put_image(FROM, image.documents, image.blobs, **{"2": image.root["digest"]})
    with pytest.raises(ImageInvalid, match="foreign layer"):
        plan(move.reading, *move.reading.manifest("2"))


def test_an_index_that_lacks_a_platform_is_refused(move: Move) -> None:
    """Before anything is written."""
    lost = next(digest for digest in move.image.documents if digest != str(move.root.digest))
    del move.source.manifests[FROM, lost]
    with pytest.raises(ImageInvalid, match="lacks the manifest"):
        move.run()
    assert move.destination.written("prod") == []


def test_indexes_without_end_are_refused(move: Move) -> None:
    """In depth; and entries of a kind that we do not know."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b"x"}])
    for _ in range(6):
        entry = image.index([entry])
    image.index([{**image.blob(b"x", "application/x-odd")}])
    odd = image.root
    move.source.put_image(FROM, image.documents, image.blobs, deep=entry["digest"], odd=odd["digest"])
    with pytest.raises(ImageInvalid, match="more than 4 deep"):
        plan(move.reading, *move.reading.manifest("deep"))
    with pytest.raises(ImageInvalid, match="do not know"):
        plan(move.reading, *move.reading.manifest("odd"))


def test_indexes_that_name_each_other_many_times_over_are_read_once(move: Move) -> None:
    """A hundred times a hundred entries for one image would be ten thousand questions."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b"x"}])
    for number in range(3):
        entry = image.index([entry] * 100, annotations={"n": str(number)})
    move.source.put_image(FROM, image.documents, image.blobs, **{"2": entry["digest"]})
    move.source.asked.clear()
    assert len(plan(move.reading, *move.reading.manifest("2"))) == 4
    assert len(move.source.asked) <= 5


def test_a_single_manifest_is_an_image(move: Move) -> None:
    """Without an index."""
    digest = json.loads(move.content)["manifests"][0]["digest"]
    (document,) = plan(move.reading, *move.reading.manifest(digest))
    move.copying().copy([document])
    assert move.destination.holds(TO, digest)
    assert io.BytesIO(document.content).read() == move.image.documents[digest][1]
