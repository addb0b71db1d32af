"""What is attested is what was validated."""

import json
from collections.abc import Iterator

import pytest

from spybuild.attestation.subjects import require_validated
from spybuild.errors import ImageInvalid, ImageNotFound, UsageError
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest
from spybuild.model.image import PlatformImage
from spybuild.model.platforms import Platform
from tests.attestation.registries import small_registry
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.small import SmallImage, two_platforms

Place = tuple[FakeWritableRegistry, WritableRepository, Descriptor]


@pytest.fixture
def place() -> Iterator[Place]:
    """An image of two platforms in a registry."""
    with small_registry() as found:
        yield found


def validated(image: SmallImage, *names: str) -> list[PlatformImage]:
    """These platforms, as they were opened when they were validated."""
    entries = json.loads(image.documents[image.root["digest"]][1])["manifests"]
    found = {f"{each['platform']['os']}/{each['platform']['architecture']}": each["digest"] for each in entries[:2]}
    return [PlatformImage(Platform.parse(name), Digest.parse(found[name]), name) for name in names or found]


def test_what_was_validated_is_there(place: Place) -> None:
    """The index and both platforms, as they are in the registry, with what a subject needs."""
    server, client, root = place
    server.asked.clear()
    subjects = require_validated(client, root.digest, validated(two_platforms()), "1")
    assert len(server.paths("/manifests/")) == 1
    assert subjects.root == root
    assert [str(each.platform) for each in subjects.platforms] == ["linux/amd64", "linux/arm64"]
    assert all(each.size > 100 and each.media_type for each in subjects.platforms)
    assert (subjects.others, subjects.is_index) == ((), True)


def test_a_platform_that_was_not_validated_is_told(place: Place) -> None:
    """Then the index has not passed as a whole."""
    _, client, root = place
    subjects = require_validated(client, root.digest, validated(two_platforms(), "linux/amd64"))
    assert [str(each.platform) for each in subjects.others] == ["linux/arm64"]


def test_a_tag_that_was_moved_meanwhile(place: Place) -> None:
    """What it is now was never looked at."""
    server, client, root = place
    moved = SmallImage()
    moved.index([moved.platform("linux/amd64", [{"a": b"other"}])])
    server.put_image("shop/api", moved.documents, moved.blobs, **{"1": moved.root["digest"]})
    with pytest.raises(ImageInvalid, match=r"is now .*was validated"):
        require_validated(client, root.digest, validated(two_platforms()), "1")
    assert require_validated(client, root.digest, validated(two_platforms())).root == root


def test_a_platform_that_is_another_one_in_the_registry(place: Place) -> None:
    """A digest that the index does not have, or has for another platform."""
    _, client, root = place
    amd64, arm64 = validated(two_platforms())
    for wrong in (PlatformImage(amd64.platform, Digest.of(b"x"), ""), PlatformImage(amd64.platform, arm64.digest, "")):
        with pytest.raises(ImageNotFound, match="which was validated"):
            require_validated(client, root.digest, [wrong, arm64])


def test_an_image_without_digests_cannot_be_attested(place: Place) -> None:
    """Docker's classic store keeps none."""
    _, client, root = place
    with pytest.raises(UsageError, match="no digest"):
        require_validated(client, None, [])
    with pytest.raises(UsageError, match="no digest"):
        require_validated(client, root.digest, [PlatformImage(Platform.parse("linux/amd64"), None, "x")])


def test_an_image_that_was_never_pushed(place: Place) -> None:
    """There is nothing to attach to."""
    _, client, _ = place
    with pytest.raises(ImageNotFound):
        require_validated(client, Digest.of(b"x"), [])
