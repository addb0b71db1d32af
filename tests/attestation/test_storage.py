"""Attestations are found in every form that is in use, and one bad thing hides no good one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from spybuild.attestation import storage
from spybuild.attestation.bundles import MEDIA_TYPE
from spybuild.attestation.storage import Attachments, find_attachments
from spybuild.attestation.trust import Trust
from spybuild.errors import SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.attaching import EMPTY, EMPTY_CONFIG, add_layers, as_json, make_listed, push_bytes
from spybuild.images.registry.referrers import tag_of
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import Refused, Verified
from spybuild.model.digests import Digest
from tests.attestation.making import MOMENT, key_bundle, signing_key, statement
from tests.attestation.registries import about, small_registry
from tests.fakes.registry import Fault
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.small import MANIFEST

KEY = signing_key()
TRUST = Trust((KEY.public,))
ENVELOPE = "application/vnd.dsse.envelope.v1+json"


class Place:
    """An index in a registry, to which things are attached by hand."""

    def __init__(self, server: FakeWritableRegistry, client: WritableRepository, subject: Descriptor) -> None:
        self.server, self.client, self.subject = server, client, subject
        self.bundle = key_bundle(KEY, statement(**about(subject)))

    def referrer(
        self, *layers: bytes, said: str = MEDIA_TYPE, told: str | None = None, kind: str = MEDIA_TYPE
    ) -> Descriptor:
        """Attach an artifact of these layers; `told` is what the tag's entry says that it is."""
        push_bytes(self.client, EMPTY, EMPTY_CONFIG.media_type)
        manifest: dict[str, Any] = {
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": said, "config": as_json(EMPTY_CONFIG),
            "layers": [as_json(push_bytes(self.client, layer, kind)) for layer in layers],
            "subject": as_json(self.subject),
        }  # fmt: skip
        content = json.dumps(manifest).encode()
        made = Descriptor(MANIFEST, Digest.of(content), len(content), artifact_type=said if told is None else told)
        self.client.push_manifest(made, content)
        make_listed(self.client, self.subject.digest, [made])
        return made

    def legacy(self, content: bytes, **annotations: str) -> None:
        """Attach a layer of `.att`."""
        layer = {**as_json(push_bytes(self.client, content, ENVELOPE)), "annotations": {"a": "b", **annotations}}
        add_layers(self.client, tag_of(self.subject.digest, ".att"), [layer])

    def find(self) -> Attachments:
        """What is found."""
        return find_attachments(self.client, self.subject.digest)

    def kinds(self) -> list[str]:
        """Which of it is verified, and the reasons of the rest."""
        examined = self.find().examine(TRUST, MOMENT)
        return sorted("verified" if isinstance(each, Verified) else each.reason for each in examined)


@pytest.fixture(params=["api", "tag"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """In a registry that lists referrers, then in one that does not."""
    with small_registry(referrers=request.param == "api") as (server, client, subject):
        yield Place(server, client, subject)


def test_nothing_is_attached(place: Place) -> None:
    """That is no error."""
    assert place.find() == Attachments((), ())


def test_all_forms_are_merged(place: Place) -> None:
    """A referrer, and a layer of `.att`: both are verified."""
    place.referrer(place.bundle)
    place.legacy(json.dumps(json.loads(place.bundle)["dsseEnvelope"]).encode())
    assert place.kinds() == ["verified", "verified"]
    assert {each.annotations is None for each in place.find().found} == {True, False}


def test_the_same_content_counts_once(place: Place) -> None:
    """In two artifacts, or in a list that names one twice; with other annotations it is another envelope."""
    place.referrer(place.bundle)
    place.referrer(place.bundle, said=f"{MEDIA_TYPE};again")
    assert len(place.find().found) == 1
    envelope = json.dumps(json.loads(place.bundle)["dsseEnvelope"]).encode()
    place.legacy(envelope)
    place.legacy(envelope, n="2")
    assert len(place.find().found) == 2


@pytest.mark.parametrize("told", ["", "application/vnd.oci.empty.v1+json"])
def test_an_entry_that_does_not_tell_is_looked_into(place: Place, told: str) -> None:
    """As cosign 2.5 and go-containerregistry's server write them."""
    place.referrer(place.bundle, told=told)
    assert place.kinds() == ["verified"]


def test_other_artifacts_are_left_alone(place: Place) -> None:
    """An SBOM is no bad attestation; it is not even fetched, where its type is told."""
    place.referrer(b"{}", said="application/spdx+json", kind="application/spdx+json")
    assert place.find() == Attachments((), ())


@pytest.mark.parametrize("layers", [(), (b"x", b"y")])
def test_a_bundle_is_alone_in_its_artifact(place: Place, layers: tuple[bytes, ...]) -> None:
    """What says it is one, and holds none or two, is told."""
    place.referrer(place.bundle)
    place.referrer(*layers)
    assert next(reason for reason in place.kinds() if reason != "verified").endswith("one bundle and nothing else")


@pytest.mark.parametrize("what", ["manifest", "blob", "forged manifest", "forged blob", "forged tag"])
def test_one_that_is_lost_or_damaged_hides_no_other(place: Place, what: str) -> None:
    """It is refused with its reason."""
    place.referrer(place.bundle)
    bad = place.referrer(other := key_bundle(KEY, statement(**about(place.subject), predicate={"n": 1})))
    blob = str(Digest.of(other))
    if what == "manifest":
        del place.server.manifests["shop/api", str(bad.digest)]
    elif what == "blob":
        del place.server.blobs[blob]
    elif what == "forged tag":
        place.server.faults = [(".att", Fault(body=b"{}"))]
    else:
        part = f"/manifests/{bad.digest}" if "manifest" in what else f"/blobs/{blob}"
        place.server.faults = [(part, Fault(body=b" " * (bad.size if "manifest" in what else len(other))))]
    examined = place.find().examine(TRUST, MOMENT)
    verified = [each.digest for each in examined if isinstance(each, Verified)]
    assert Digest.of(place.bundle) in verified
    assert any(isinstance(each, Refused) and each.reason for each in examined)


def test_what_is_no_bundle_hides_none(place: Place) -> None:
    """Rubbish under the right type."""
    place.referrer(b"rubbish")
    place.legacy(b"rubbish")
    place.referrer(place.bundle)
    assert len(place.kinds()) == 3
    assert "verified" in place.kinds()


def test_a_flood_is_cut_off_with_a_reason(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large by itself, or in all; the small ones before it are looked at."""
    monkeypatch.setattr(storage, "_MOST_BYTES", 4000)
    monkeypatch.setattr(storage, "LARGEST_BUNDLE", 3000)
    place.referrer(place.bundle)
    place.referrer(b"x" * 3001)
    place.referrer(b"y" * 2999)
    assert len(place.bundle) < 2000
    place.referrer(b"z" * 2998)
    reasons = place.kinds()
    assert "verified" in reasons
    assert any("larger than" in each for each in reasons)
    assert any("no more than" in each for each in reasons)
    assert Digest.of(b"x" * 3001) not in [each.digest for each in place.find().found]


def test_large_ones_crowd_out_no_small_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever attaches eight large ones before ours must not close the gate."""
    monkeypatch.setattr(storage, "_MOST_BYTES", 4000)
    place.referrer(b"y" * 3999)
    place.referrer(place.bundle)
    assert "verified" in place.kinds()


def test_a_large_manifest_of_a_referrer_is_not_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand of them would keep the gate busy for an hour."""
    monkeypatch.setattr(storage, "_LARGEST_MANIFEST", 10)
    place.referrer(place.bundle)
    (left_out,) = place.find().left_out
    assert "is larger than" in left_out.reason


def test_thousands_of_layers_are_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are the last ones."""
    monkeypatch.setattr(storage, "_MOST_LAYERS", 2)
    for number in range(3):
        place.legacy(b"%d" % number)
    found = place.find()
    assert [each.content for each in found.found] == [b"1", b"2"]
    assert "has 3 layers" in found.left_out[0].reason


@pytest.mark.parametrize("part", ["/referrers/", "/manifests/sha256-", "/blobs/"])
def test_a_registry_that_does_not_answer_leaves_us_ignorant(place: Place, part: str) -> None:
    """No evidence found and no evidence seen are two things."""
    place.referrer(place.bundle)
    place.server.faults = [(part, Fault(status=500))] * 20
    with pytest.raises(SourceUnavailable):
        place.find()


def test_a_deep_manifest_is_refused_and_hides_none(place: Place) -> None:
    """JSON that is nested thirty thousand deep."""
    place.referrer(place.bundle)
    content = b'{"layers": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    deep = Descriptor(MANIFEST, Digest.of(content), len(content), artifact_type=MEDIA_TYPE)
    place.server.manifests["shop/api", str(deep.digest)] = MANIFEST, content
    if place.server.referrers is not None:
        place.server.referrers[str(place.subject.digest)].append(as_json(deep))
    else:
        make_listed(place.client, place.subject.digest, [deep])
    kinds = place.kinds()
    assert "verified" in kinds
    assert any("nested too deeply" in each for each in kinds)
