"""What a daemon says of an image."""

from typing import Any

import pytest

from spybuild.errors import ImageNotFound
from spybuild.images.daemon_answers import image_of

INDEX = {"digest": f"sha256:{'1' * 64}", "mediaType": "application/vnd.oci.image.index.v1+json"}


def manifest(number: int, architecture: str, kind: str = "image", system: str = "linux") -> dict[str, Any]:
    """One manifest of an index, as Docker 28 tells it."""
    platform = {"os": system, "architecture": architecture}
    told = {"ImageData": {"Platform": platform}} if kind == "image" else {"AttestationData": {}}
    return {"Kind": kind, "Descriptor": {"digest": f"sha256:{str(number) * 64}", "platform": platform}, **told}


def seen(*manifests: dict[str, Any]) -> dict[str, Any]:
    """What the daemon says of a tag with these manifests."""
    return {
        "Descriptor": INDEX,
        "Manifests": list(manifests),
        "Os": "linux",
        "Architecture": "amd64",
        "Id": INDEX["digest"],
    }


def test_attestations_are_no_platforms() -> None:
    """BuildKit marks them `unknown/unknown`."""
    image = image_of("app", seen(manifest(2, "amd64"), manifest(3, "unknown", "attestation", "unknown")))
    assert [str(each.platform) for each in image.platforms] == ["linux/amd64"]
    assert image.kind == "index"


def test_a_platform_that_calls_itself_an_attestation_is_checked_all_the_same() -> None:
    """`docker run --platform` would run it; an annotation must not hide it from the gate."""
    image = image_of("app", seen(manifest(2, "amd64"), manifest(3, "arm64", "attestation")))
    assert [str(each.platform) for each in image.platforms] == ["linux/amd64", "linux/arm64"]


def test_an_index_of_attestations_alone_is_no_image() -> None:
    """Nothing that could run is nothing to check, and never a pass."""
    with pytest.raises(ImageNotFound, match="no image that could run"):
        image_of("app", seen(manifest(3, "unknown", "attestation", "unknown")))


def test_a_classic_store_has_one_platform() -> None:
    """Without a list of manifests there is only what the config says."""
    told = {"Os": "linux", "Architecture": "arm64", "Variant": "v8", "Id": "sha256:aa", "RepoDigests": []}
    image = image_of("app", told)
    assert ([str(each.platform) for each in image.platforms], image.digest, image.kind) == (
        ["linux/arm64"],
        None,
        "image",
    )
