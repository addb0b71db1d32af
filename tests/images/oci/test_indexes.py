"""Which entries of an index are platforms."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.descriptors import Descriptor, read_descriptor
from spybuild.images.oci.documents import read_document
from spybuild.images.oci.indexes import platforms_of
from tests.images.small import CONFIG, INDEX, MANIFEST, SmallImage, encoded


def platforms(image: SmallImage, fetched: list[str] | None = None) -> list[str]:
    """The platforms and the start of their digests."""

    def fetch(descriptor: Descriptor) -> bytes:
        (fetched if fetched is not None else []).append(str(descriptor.digest))
        return image.all_blobs()[str(descriptor.digest)]

    root = read_descriptor(read_document(encoded(image.root), "the root"))
    return [str(each.platform) for each in platforms_of("app", root, image.all_blobs()[str(root.digest)], fetch)]


def test_attestations_are_no_platforms() -> None:
    """BuildKit's are `unknown/unknown`, and not even fetched."""
    image, fetched = SmallImage(), []  # type: tuple[SmallImage, list[str]]
    entry = image.platform("linux/amd64", [{"a": b""}])
    image.index([entry, image.attestation(entry)])
    assert (platforms(image, fetched), fetched) == (["linux/amd64"], [])


def test_an_annotation_hides_no_platform() -> None:
    """Engines run what has a platform, whatever it calls itself."""
    image = SmallImage()
    hidden = {
        **image.platform("linux/arm64", [{"a": b""}]),
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    image.index([hidden, {**image.platform("linux/amd64", [{"b": b""}]), "artifactType": "application/spdx+json"}])
    assert platforms(image) == ["linux/arm64", "linux/amd64"]


def test_an_entry_without_a_platform_takes_its_configs() -> None:
    """So do engines."""
    image = SmallImage()
    image.index([without(image.platform("linux/s390x", [{"a": b""}]))])
    assert platforms(image) == ["linux/s390x"]


def test_an_image_hidden_as_an_attestation_without_a_platform_is_refused() -> None:
    """Docker 28 and podman 4 run it: the config's `unknown` is looked at by nobody."""
    image = SmallImage()
    hidden = without(image.platform("unknown/unknown", [{"evil": b""}]))
    image.index([image.platform("linux/arm64", [{"a": b""}]), hidden])
    with pytest.raises(ImageInvalid, match="names no platform, and neither does its entry"):
        platforms(image)


@pytest.mark.parametrize("half", [{"os": "", "architecture": "amd64"}, {"architecture": "amd64"}, {"os": "linux"}])
def test_an_image_hidden_behind_half_a_platform_is_refused(half: dict[str, str]) -> None:
    """Docker 28 puts in its own system for the one that is missing, and runs it."""
    image = SmallImage()
    hidden = {**image.platform("unknown/unknown", [{"evil": b""}]), "platform": half}
    image.index([image.platform("linux/arm64", [{"a": b""}]), hidden])
    with pytest.raises(ImageInvalid, match="names half a platform"):
        platforms(image)


@pytest.mark.parametrize("kind", ["application/vnd.oci.empty.v1+json", "application/json", "application/x"])
def test_an_image_hidden_as_an_artifact_is_listed_by_its_platform(kind: str) -> None:
    """Docker 28 runs it whatever its config's type and its `artifactType` are."""
    image = SmallImage()
    hidden = disguised(image, kind, image.platform("linux/amd64", [{"evil": b""}]))
    image.index([image.platform("linux/arm64", [{"a": b""}]), {**hidden, "artifactType": "application/spdx+json"}])
    assert platforms(image) == ["linux/arm64", "linux/amd64"]


@pytest.mark.parametrize("spelling", [b"architecture", b"ARCHITECTURE", b'architecture": 1, "architecture'])
def test_an_image_hidden_as_an_artifact_without_a_platform_is_refused(spelling: bytes) -> None:
    """Docker 28 takes the platform from its config, of whatever type that is."""
    image = SmallImage()
    entry = without(image.platform("linux/amd64", [{"evil": b""}]))
    hidden = disguised(image, "application/x", entry, lambda config: config.replace(b"architecture", spelling))
    image.index([image.platform("linux/arm64", [{"a": b""}]), hidden])
    with pytest.raises(ImageInvalid, match="calls itself an artifact"):
        platforms(image)


def test_indexes_in_an_index_are_walked() -> None:
    """And one that is listed twice is walked once."""
    image = SmallImage()
    inner = image.index([image.platform("linux/amd64", [{"a": b""}])])
    image.index([image.platform("linux/arm64", [{"b": b""}]), inner, inner])
    assert platforms(image) == ["linux/arm64", "linux/amd64"]


def test_an_abyss_of_indexes_is_refused() -> None:
    """Four deep is enough for anybody."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b""}])
    for _ in range(6):
        entry = image.index([entry])
    with pytest.raises(ImageInvalid, match="more than 4 deep"):
        platforms(image)


def test_a_fan_of_indexes_is_refused() -> None:
    """Fifty in all."""
    image = SmallImage()
    image.index([image.index([], annotations={"n": str(number)}) for number in range(60)])
    with pytest.raises(ImageInvalid, match="50 in all"):
        platforms(image)


def test_two_images_for_one_platform_are_both_listed() -> None:
    """Engines differ in which of them they run, so both must pass; the same one twice is one."""
    image = SmallImage()
    first, second = image.platform("linux/amd64", [{"a": b"1"}]), image.platform("linux/amd64", [{"a": b"2"}])
    image.index([first, second, first])
    assert platforms(image) == ["linux/amd64", "linux/amd64"]


def test_one_image_for_two_platforms_is_listed_under_both() -> None:
    """An x86 image that is offered as arm64 is found under that name."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b""}])
    image.index([entry, {**entry, "platform": {"os": "linux", "architecture": "arm64"}}])
    assert platforms(image) == ["linux/amd64", "linux/arm64"]


def test_variants_are_kept() -> None:
    """linux/arm/v6 and linux/arm/v7 are two."""
    image = SmallImage()
    image.index(
        [image.platform(name, [{"a": name.encode()}]) for name in ("linux/arm/v6", "linux/arm/v7", "linux/amd64/v3")]
    )
    assert platforms(image) == ["linux/arm/v6", "linux/arm/v7", "linux/amd64/v3"]


def test_artifacts_are_left_out() -> None:
    """A signature beside the platforms, and what is of a type unknown to engines."""
    image = SmallImage()
    signature = image.document({
        "mediaType": MANIFEST, "layers": [], "config": image.blob(b"{}", "application/vnd.oci.empty.v1+json"),
    })  # fmt: skip
    chart = image.document({
        "mediaType": MANIFEST, "layers": [], "config": image.blob(b'{"name": "chart", "type": "application"}', "text/x"),
    })  # fmt: skip
    binary = image.document({"mediaType": MANIFEST, "layers": [], "config": image.blob(b"\0", "application/x")})
    other = image.blob(b"x", "application/vnd.acme.thing")
    image.index([signature, chart, binary, other, image.platform("linux/amd64", [{"a": b""}])])
    assert platforms(image) == ["linux/amd64"]


@pytest.mark.parametrize("entries", ["none", "attestations", "artifact"])
def test_nothing_that_could_run_is_no_image(entries: str) -> None:
    """And never a pass; the message says what there is."""
    image = SmallImage()
    attestation = image.attestation({"digest": "sha256:0"})
    artifact = image.blob(b"x", "application/vnd.acme.thing")
    image.index({"none": [], "attestations": [attestation], "artifact": [artifact]}[entries])
    with pytest.raises(ImageNotFound, match="no image that could run"):
        platforms(image)


def test_a_platform_of_a_type_we_do_not_know_is_no_artifact() -> None:
    """An engine newer than we are might run it: undecided is never a pass."""
    image = SmallImage()
    entry = {
        **image.blob(b"x", "application/vnd.oci.image.manifest.v9+json"),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    image.index([entry, image.platform("linux/arm64", [{"a": b""}])])
    with pytest.raises(ImageInvalid, match=r"manifest\.v9"):
        platforms(image)


def test_a_manifest_alone_has_its_configs_platform() -> None:
    """An image need not have an index."""
    image = SmallImage()
    image.root = without(image.platform("linux/ppc64le", [{"a": b""}]))
    assert platforms(image) == ["linux/ppc64le"]


def test_a_config_without_a_platform_is_refused() -> None:
    """Nobody could say what it is for."""
    image = SmallImage()
    config = image.blob(encoded({"rootfs": {"type": "layers", "diff_ids": []}}), CONFIG)
    image.root = image.document({"mediaType": MANIFEST, "config": config, "layers": []})
    with pytest.raises(ImageInvalid, match="names no platform"):
        platforms(image)


def test_an_index_of_hundreds_of_platforms_is_refused() -> None:
    """The largest official images have about twenty."""
    image = SmallImage()
    image.index([image.platform("linux/amd64", [{"a": b""}])] * 201)
    with pytest.raises(ImageInvalid, match="200 are the most"):
        platforms(image)


def without(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that does not say its platform."""
    return {key: value for key, value in entry.items() if key != "platform"}


def disguised(
    image: SmallImage, kind: str, entry: dict[str, Any], change: Callable[[bytes], bytes] = bytes
) -> dict[str, Any]:
    """The entry of an image whose config is said to be of another kind, and is changed."""
    manifest = json.loads(image.all_blobs()[entry["digest"]])
    config = image.blob(change(image.blobs[manifest["config"]["digest"]]), kind)
    return {**entry, **image.document({**manifest, "config": config})}


def test_both_dialects_are_walked() -> None:
    """Docker's manifest list over Docker's manifests."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b""}])
    content = image.all_blobs()[entry["digest"]].replace(
        MANIFEST.encode(), b"application/vnd.docker.distribution.manifest.v2+json"
    )
    docker = {
        **image.document(content, "application/vnd.docker.distribution.manifest.v2+json"),
        "platform": entry["platform"],
    }
    image.index([docker])
    image.root = {
        **image.root,
        "mediaType": INDEX.replace("oci.image.index.v1", "docker.distribution.manifest.list.v2"),
    }
    assert platforms(image) == ["linux/amd64"]
