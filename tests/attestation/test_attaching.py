"""What is signed is attached to its subject, once, and is listed when we say so."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spybuild.attestation.attaching import Attaching
from spybuild.attestation.bundles import MEDIA_TYPE
from spybuild.attestation.signers import Signed, SignerWithKey
from spybuild.attestation.storage import find_attachments
from spybuild.attestation.trust import Trust
from spybuild.errors import ImageInvalid, SourceUnavailable, UsageError
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.attaching import Sharing
from spybuild.images.registry.transport import Patience
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import KeySigner, Verified
from tests.attestation.making import MOMENT, handmade, key_bundle, signing_key, statement
from tests.attestation.registries import about, documents, small_registry
from tests.fakes.registry import Fault
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.fakes.sigstore import FakeSigstore
from tests.images.registry.asking import writable

KEY = signing_key()
TRUST = Trust((KEY.public,))
SIGNER = SignerWithKey(KEY)

Place = tuple[FakeWritableRegistry, WritableRepository, Descriptor]


@pytest.fixture(params=["api", "tag"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """In a registry that lists referrers, then in one that does not."""
    with small_registry(referrers=request.param == "api") as found:
        yield found


@pytest.fixture
def sharing(tmp_path: Path) -> Sharing:
    """No waiting."""
    return Sharing(0.01, tmp_path)


def signed(subject: Descriptor, number: int = 0) -> Signed:
    """A signed statement on the subject."""
    return SIGNER.sign(statement(**about(subject), predicate={"result": "PASSED", "configuration": [], "n": number}))


def test_each_attestation_takes_the_requests_that_it_needs(place: Place, sharing: Sharing) -> None:
    """Is it there, where to send it, the bundle, its manifest, who lists it; the config all share is looked for once."""
    server, client, subject = place
    attaching = Attaching(client, sharing=sharing)
    attaching.attach(subject, signed(subject), MOMENT)
    server.asked.clear()
    attaching.attach(subject, signed(subject, 1), MOMENT)
    kinds = [(each.method, each.path.split("/")[4]) for each in server.asked]
    needed = [("HEAD", "blobs"), ("POST", "blobs"), ("PUT", "blobs"), ("PUT", "manifests"), ("GET", "referrers")]
    by_tag = [("GET", "manifests"), ("PUT", "manifests"), ("GET", "manifests")]  # read, written, and looked at again
    assert kinds == [*needed, *([] if server.referrers is not None else by_tag)]


def test_an_attestation_is_stored_as_cosign_stores_it(place: Place, sharing: Sharing) -> None:
    """Its manifest, field by field."""
    server, client, subject = place
    ours = signed(subject)
    attached = Attaching(client, sharing=sharing).attach(subject, ours, MOMENT)
    assert (attached.attestation, attached.is_new) == (ours.digest, True)
    (manifest,) = (each for each in documents(server).values() if each.get("artifactType") == MEDIA_TYPE)
    assert manifest == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
        },
        "layers": [{"mediaType": MEDIA_TYPE, "digest": str(ours.digest), "size": len(ours.bundle)}],
        "subject": {"mediaType": subject.media_type, "digest": str(subject.digest), "size": subject.size},
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "https://in-toto.io/attestation/test-result/v0.1",
            "org.opencontainers.image.created": "2026-11-20T12:00:00Z",
        },
    }


def test_what_is_stored_is_found_and_verified(place: Place, sharing: Sharing) -> None:
    """And the image is what it was, byte for byte."""
    server, client, subject = place
    before = {key: value for key, value in server.manifests.items() if key[0] == "shop/api"}
    Attaching(client, legacy=True, sharing=sharing).attach(subject, signed(subject), MOMENT)
    examined = find_attachments(client, subject.digest).examine(TRUST, MOMENT)
    assert [isinstance(each, Verified) for each in examined] == [True, True]
    assert before.items() <= server.manifests.items()


def test_the_same_again_is_not_piled_up(place: Place, sharing: Sharing) -> None:
    """The same bundle; and the same statement signed anew by the same key, where that can be verified."""
    server, client, subject = place
    attaching, first = Attaching(client, legacy=True, sharing=sharing), signed(subject)
    attaching.attach(subject, first, MOMENT)
    server.asked.clear()
    assert not attaching.attach(subject, first, MOMENT).is_new
    assert server.written() == []
    again = signed(subject)
    assert again.digest != first.digest
    kept = attaching.attach(subject, again, MOMENT, TRUST)
    assert (kept.attestation, kept.is_new) == (first.digest, False)
    assert server.written() == []


def test_another_signer_or_statement_is_another_attestation(place: Place, sharing: Sharing) -> None:
    """Nothing of them is the same."""
    _, client, subject = place
    other = signing_key("other.key")
    trust = Trust((KEY.public, other.public))
    attaching = Attaching(client, sharing=sharing)
    attaching.attach(subject, signed(subject), MOMENT, trust)
    same = statement(**about(subject), predicate={"result": "PASSED", "configuration": [], "n": 0})
    assert attaching.attach(subject, SignerWithKey(other).sign(same), MOMENT, trust).is_new
    assert attaching.attach(subject, signed(subject, 1), MOMENT, trust).is_new
    assert len(find_attachments(client, subject.digest).found) == 3


def test_a_forgery_of_ours_does_not_keep_ours_away(place: Place, sharing: Sharing) -> None:
    """The same statement under our key's hint, with another's signature: it does not count as there."""
    _, client, subject = place
    ours = signed(subject)
    forged = json.loads(key_bundle(signing_key("other.key"), statement(**about(subject))))
    mine = json.loads(ours.bundle)
    forged["verificationMaterial"] = mine["verificationMaterial"]
    forged["dsseEnvelope"]["payload"] = mine["dsseEnvelope"]["payload"]
    planted = Signed(json.dumps(forged).encode(), ours.signer)
    attaching = Attaching(client, sharing=sharing)
    attaching.attach(subject, planted, MOMENT)
    assert attaching.attach(subject, ours, MOMENT, TRUST).is_new


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("/uploads/", Fault(status=503, method="PUT", is_lost=True)),
        ("/manifests/", Fault(status=500, method="PUT", is_lost=True)),
        ("/manifests/sha256", Fault(hangs_up=True, method="PUT")),
        ("/referrers/", Fault(status=429)),
        ("/blobs/", Fault(status=500, method="HEAD")),
    ],
)
def test_a_registry_that_stumbles_is_asked_again(place: Place, sharing: Sharing, part: str, fault: Fault) -> None:
    """Twice; the attestation is there in the end, once."""
    server, client, subject = place
    server.faults = [(part, fault)] * 2
    Attaching(client, sharing=sharing).attach(subject, signed(subject), MOMENT)
    assert len(find_attachments(client, subject.digest).examine(TRUST, MOMENT)) == 1


@pytest.mark.parametrize("part", ["/uploads/", "/manifests/"])
def test_a_registry_that_fails_is_an_error(place: Place, sharing: Sharing, part: str) -> None:
    """Nothing half attached is reported as done."""
    server, client, subject = place
    server.faults = [(part, Fault(status=500, method=method, is_lost=True)) for method in ("POST", "PUT")] * 50
    with pytest.raises(SourceUnavailable):
        Attaching(client, sharing=sharing).attach(subject, signed(subject), MOMENT)


def test_a_registry_that_drops_the_manifest_is_found_out(place: Place, sharing: Sharing) -> None:
    """It says 201, and lists nothing: the tag is tried, which it cannot take either."""
    server, client, subject = place
    server.faults = [("/manifests/", Fault(status=201, method="PUT", is_lost=True))]
    with pytest.raises((SourceUnavailable, ImageInvalid)):
        Attaching(client, sharing=sharing).attach(subject, signed(subject), MOMENT)


def test_only_keys_have_cosigns_older_form(place: Place, sharing: Sharing, sigstore: FakeSigstore) -> None:
    """Told before anything is written."""
    server, client, subject = place
    keyless = Signed(handmade(sigstore), KeySigner(fingerprint=subject.digest))
    with pytest.raises(UsageError, match="with a key only"):
        Attaching(client, legacy=True, sharing=sharing).attach(subject, keyless, MOMENT)
    assert server.written() == []


def test_many_at_once_on_one_subject(place: Place, sharing: Sharing) -> None:
    """Twenty threads, twenty attestations, in both forms."""
    server, _, subject = place

    def attach(number: int) -> None:
        client = writable(server, patience=Patience(), pause=time.sleep)
        Attaching(client, legacy=True, sharing=sharing).attach(subject, signed(subject, number), MOMENT)

    threads = [threading.Thread(target=attach, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    examined = find_attachments(writable(server), subject.digest).examine(TRUST, MOMENT)
    assert sum(isinstance(each, Verified) for each in examined) == 40
