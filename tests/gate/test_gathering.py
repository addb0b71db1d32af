"""What the gate decides over is what is in the registry."""

import json
from collections.abc import Iterator

import pytest

from spybuild.errors import ImageNotFound, SourceUnavailable
from spybuild.gate.gathering import gather
from spybuild.gate.recording import dump_evidence, parse_evidence
from spybuild.model.attested import ImageEvidence, Verified
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from tests.attestation.making import now
from tests.fakes.registry import Fault, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.gate.promoting import attest, gatekeeper
from tests.images.registry.asking import repository, writable
from tests.images.small import two_platforms

NAME = "staging/api"


@pytest.fixture(params=[True, False])
def server(request: pytest.FixtureRequest) -> Iterator[FakeWritableRegistry]:
    """A registry with an attested image of two platforms, that lists referrers, then one that does not."""
    with running(FakeWritableRegistry(referrers=request.param)) as registry:
        image = two_platforms()
        registry.put_image(NAME, image.documents, image.blobs, **{"1": image.root["digest"]})
        attest(writable(registry, NAME), "1")
        yield registry


def digest_of_tag(server: FakeWritableRegistry) -> Digest:
    """The image's digest."""
    return repository(server, NAME).manifest("1")[0].digest


def found(server: FakeWritableRegistry, digest: Digest | None = None) -> ImageEvidence:
    """What is known of the image."""
    return gather(repository(server, NAME), digest or digest_of_tag(server), gatekeeper().trust, now())


def test_platforms_and_what_is_attested_of_them(server: FakeWritableRegistry) -> None:
    """Each platform's and the index's own; BuildKit's attestations are no platforms. It can be recorded."""
    evidence = found(server)
    assert (evidence.repository, evidence.is_index) == (f"{server.address}/{NAME}", True)
    assert [each.platform for each in evidence.children] == [Platform("linux", "amd64"), Platform("linux", "arm64")]
    for child in evidence.children:
        (attestation,) = child.attestations
        assert isinstance(attestation, Verified)
        assert attestation.attested.subject == child.digest
    assert [isinstance(each, Verified) for each in evidence.attestations] == [True]
    assert parse_evidence(dump_evidence(evidence).encode(), "evidence.json") == evidence


def test_a_platform_by_itself(server: FakeWritableRegistry) -> None:
    """Its attestations are the child's, not the index's."""
    platform = json.loads(server.manifests[NAME, "1"][1])["manifests"][0]["digest"]
    evidence = found(server, Digest.parse(platform))
    assert (evidence.is_index, evidence.attestations) == (False, ())
    assert [len(each.attestations) for each in evidence.children] == [1]


def test_the_gate_is_asked_for_where_the_image_shall_live(server: FakeWritableRegistry) -> None:
    """Production's policy refuses what lives in staging, and lets in what is to live in production."""
    gate, digest = gatekeeper(), digest_of_tag(server)
    assert not gate(repository(server, NAME), digest).admitted
    assert gate(repository(server, NAME), digest, f"{server.address}/prod/api").admitted


def test_no_evidence_seen_is_not_no_evidence(server: FakeWritableRegistry) -> None:
    """A registry that fails in the middle is an error; an image that is not there, too."""
    digest = digest_of_tag(server)
    server.faults = [("/referrers/", Fault(status=500))] * 20
    with pytest.raises(SourceUnavailable):
        found(server, digest)
    with pytest.raises(ImageNotFound):
        found(server, Digest.of(b"nothing"))


def test_a_platform_that_is_attested_twice_over_has_it_all(server: FakeWritableRegistry) -> None:
    """A second run, signed anew."""
    attest(writable(server, NAME), "1")
    assert {len(each.attestations) for each in found(server).children} == {2}
