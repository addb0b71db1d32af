"""What is promoted is what was verified, complete and with its evidence; the tag is moved last."""

import json
from collections.abc import Iterator

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound, SourceUnavailable, UsageError
from spybuild.gate.decision import Decision
from spybuild.gate.promote import promote
from spybuild.images.registry.names import RemoteImage
from spybuild.images.registry.referrers import find_referrers
from spybuild.images.registry.repository import Repository
from spybuild.model.digests import Digest
from tests.attestation.making import signing_key
from tests.fakes.registry import Asked, Fault, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.gate.promoting import QUICK, attest, gatekeeper, nobody, promoted
from tests.images.registry.asking import hasty, repository, writable
from tests.images.small import SmallImage, two_platforms

FROM, TO = "staging/api", "prod/api"


class Place:
    """An attested image in staging, and production, which has an older one under the same tag."""

    def __init__(self, source: FakeWritableRegistry, destination: FakeWritableRegistry) -> None:
        self.source, self.destination = source, destination
        image = two_platforms()
        source.put_image(FROM, image.documents, image.blobs, **{"1": image.root["digest"]})
        self.digest = attest(writable(source, FROM), "1")
        self.old = self.other_image(b"old", destination, TO)

    def other_image(self, content: bytes, server: FakeWritableRegistry, name: str) -> str:
        """Give the tag to another image."""
        image = SmallImage()
        image.index([image.platform("linux/amd64", [{"a": content}])])
        server.put_image(name, image.documents, image.blobs, **{"1": image.root["digest"]})
        return str(image.root["digest"])

    @property
    def source_name(self) -> str:
        """What is promoted."""
        return f"{self.source.address}/{FROM}:1"

    @property
    def destination_name(self) -> str:
        """Where to."""
        return f"{self.destination.address}/{TO}:1"

    @property
    def tagged(self) -> str:
        """What production's tag is."""
        return str(repository(self.destination, TO).manifest("1")[0].digest)

    def evidence(self) -> set[Digest]:
        """What is attached to the index in production."""
        return {each.digest for each in find_referrers(repository(self.destination, TO), self.digest).found}


@pytest.fixture(params=["same", "api", "tag"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Within a registry; to one that lists referrers; to one that does not."""
    with (
        running(FakeWritableRegistry(referrers=request.param == "tag")) as first,
        running(FakeWritableRegistry(referrers=request.param == "api")) as second,
    ):
        yield Place(first, first if request.param == "same" else second)


def test_an_attested_image_is_promoted(place: Place) -> None:
    """Complete, with its evidence, by its digest; what was moved is told."""
    outcome = promoted(place.source_name, place.destination_name)
    assert outcome.decision.admitted, outcome.decision.all_reasons
    assert (outcome.digest, str(outcome.replaced), outcome.is_tagged) == (place.digest, place.old, True)
    assert place.tagged == str(place.digest)
    assert place.destination.holds(TO, "1")
    assert len(place.evidence()) == 1
    assert (outcome.moved.manifests, outcome.moved.referrers, outcome.problems) == (4, 3, ())


def test_the_tag_is_written_last(place: Place) -> None:
    """After everything that it stands for."""
    promoted(place.source_name, place.destination_name)
    written = [each for each in place.destination.asked if each.method in ("PUT", "POST") and TO in each.path]
    assert written[-1].path == f"/v2/{TO}/manifests/1"
    assert [each.path for each in written].count(f"/v2/{TO}/manifests/1") == 1


def test_a_second_promotion_moves_nothing(place: Place) -> None:
    """The tag is where it should be."""
    promoted(place.source_name, place.destination_name)
    place.destination.asked.clear()
    outcome = promoted(place.source_name, place.destination_name)
    assert outcome.decision.admitted
    assert (outcome.is_tagged, outcome.replaced) == (False, place.digest)
    assert [path for path in place.destination.written() if TO in path] == []


def test_evidence_that_came_later_is_completed(place: Place) -> None:
    """Though the tag is right already."""
    promoted(place.source_name, place.destination_name)
    attest(writable(place.source, FROM), "1")
    outcome = promoted(place.source_name, place.destination_name)
    assert not outcome.is_tagged
    assert outcome.moved.referrers in (0, 3)  # a second run within the same second says the same, but is signed anew
    assert place.evidence() == {
        each.digest for each in find_referrers(repository(place.source, FROM), place.digest).found
    }


@pytest.mark.parametrize("why", ["key", "contract", "unattested", "stranger", "swapped"])
def test_what_the_gate_refuses_does_not_move(place: Place, why: str) -> None:
    """Nothing at all is written, and the reason is told."""
    gate, source = gatekeeper(), place.source_name
    if why == "key":
        gate = gatekeeper(signing_key().public)
    elif why == "contract":
        gate = gatekeeper(contracts=[{"digest": str(Digest.of(b"another"))}])
    elif why == "stranger":
        gate = gatekeeper(attested_for="**/elsewhere/*")
    else:
        other = SmallImage()
        entries = [other.platform(name, [{"a": name.encode()}]) for name in ("linux/amd64", "linux/arm64")]
        other.index(entries)
        place.source.put_image(FROM, other.documents, other.blobs, **{"1": other.root["digest"]})
        if why == "unattested":
            attest(writable(place.source, FROM), "1", "linux/arm64")
    place.destination.asked.clear()
    outcome = promoted(source, place.destination_name, gate)
    assert not outcome.decision.admitted
    assert outcome.decision.exit_code in (4, 5)
    assert outcome.decision.all_reasons
    assert place.tagged == place.old
    assert [path for path in place.destination.written() if TO in path] == []


def test_a_tag_that_moves_meanwhile_does_not_matter(place: Place) -> None:
    """The digest that was verified is what moves."""
    decide = gatekeeper()

    def decide_slowly(reading: Repository, digest: Digest, lives_in: str) -> Decision:
        decision = decide(reading, digest, lives_in)
        place.other_image(b"moved", place.source, FROM)
        return decision

    names = RemoteImage.parse(place.source_name), RemoteImage.parse(place.destination_name)
    outcome = promote(*names, decide_slowly, hasty(), login=nobody, sharing=QUICK)
    assert outcome.is_tagged
    assert place.tagged == str(place.digest)


def test_evidence_that_does_not_arrive_keeps_the_tag(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate is asked again, with what is at the destination."""
    monkeypatch.setattr("spybuild.gate.promote.CopyingAttached.copy", lambda *_: None)
    outcome = promoted(place.source_name, place.destination_name)
    assert not outcome.decision.admitted
    assert (outcome.is_tagged, place.tagged) == (False, place.old)
    assert outcome.moved.manifests == 4


class _Failing(FakeWritableRegistry):
    """Answers so many requests that change something, and from then on none."""

    def __init__(self) -> None:
        super().__init__(referrers=True)
        self.left = 1000

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if TO in asked.path and asked.method not in ("GET", "HEAD"):
            self.left -= 1
            if self.left < 0:
                return 500, {}, b"{}"
        return super().answer(asked)


def test_a_promotion_that_breaks_off_anywhere_leaves_the_old_image_and_can_be_run_again() -> None:
    """After every third write to the destination, in turn."""
    with running(FakeWritableRegistry()) as first, running(_Failing()) as second:
        place = Place(first, second)
        manifests, links = dict(second.manifests), set(second.links)
        for allowed in range(0, 1000, 3):
            second.manifests, second.links, second.referrers = dict(manifests), set(links), {}
            second.left = allowed
            try:
                outcome = promoted(place.source_name, place.destination_name)
            except SourceUnavailable:
                assert place.tagged == place.old
                assert second.holds(TO, "1")
                second.left = 1000
                outcome = promoted(place.source_name, place.destination_name)
                assert (outcome.is_tagged, place.tagged) == (True, str(place.digest))
                assert second.holds(TO, "1")
            else:
                break
        assert outcome.is_tagged
        assert allowed > 10


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, method="PUT", is_lost=True),
        Fault(status=429, method="PUT"),
        Fault(hangs_up=True, method="PUT"),
    ],
)
def test_a_registry_that_stumbles_is_asked_again(place: Place, fault: Fault) -> None:
    """In the middle of it, twice."""
    place.destination.faults = [("prod/api/blobs/uploads/", fault), ("prod/api/manifests/", fault)]
    assert promoted(place.source_name, place.destination_name).is_tagged
    assert place.destination.holds(TO, "1")


def test_a_registry_that_drops_the_tag_is_found_out(place: Place) -> None:
    """It says 201, and the tag is what it was."""
    place.destination.faults = [(f"{TO}/manifests/1", Fault(status=201, method="PUT", is_lost=True))]
    with pytest.raises(ImageInvalid, match="under it now"):
        promoted(place.source_name, place.destination_name)
    assert place.tagged == place.old


def test_a_new_repository(place: Place) -> None:
    """Production has nothing yet."""
    outcome = promoted(place.source_name, f"{place.destination.address}/prod/new:2")
    assert (outcome.replaced, outcome.is_tagged) == (None, True)
    assert place.destination.holds("prod/new", "2")


def test_a_damaged_image_is_not_promoted(place: Place) -> None:
    """A layer that is not what the manifest says; nothing names it in production."""
    manifest = json.loads(place.source.manifests[FROM, str(place.digest)][1])["manifests"][0]["digest"]
    layer = json.loads(place.source.manifests[FROM, manifest][1])["layers"][0]["digest"]
    if place.source is place.destination:
        place.source.links.discard((FROM, layer))
    else:
        place.source.blobs[layer] = b"\0" * len(place.source.blobs[layer])
    with pytest.raises(ImageInvalid):
        promoted(place.source_name, place.destination_name)
    assert place.tagged == place.old


def test_a_destination_is_a_tag(place: Place) -> None:
    """And the source must be there."""
    with pytest.raises(UsageError, match="by a tag"):
        promoted(place.source_name, f"{place.destination.address}/{TO}@{place.digest}")
    with pytest.raises(ImageNotFound):
        promoted(f"{place.source.address}/{FROM}:nothing", place.destination_name)


@pytest.mark.parametrize("suffix", ["", ".att", ".sig"])
def test_a_tag_that_lists_attestations_is_no_destination(place: Place, suffix: str) -> None:
    """The image would stand where the evidence is listed that was just copied."""
    place.destination.asked.clear()
    to = f"{place.destination.address}/{TO}:sha256-{place.digest.hex}{suffix}"
    with pytest.raises(UsageError, match="attestations of an image are listed"):
        promoted(place.source_name, to)
    assert place.destination.written(TO) == []


def test_a_source_by_digest(place: Place) -> None:
    """Whatever its tag is by now."""
    place.other_image(b"moved", place.source, FROM)
    assert promoted(f"{place.source.address}/{FROM}@{place.digest}", place.destination_name).is_tagged
