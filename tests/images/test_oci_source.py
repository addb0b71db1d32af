"""What a source makes of an image's documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source
from spybuild.images.source import Source
from tests.fakes.registry import digest_of
from tests.images.small import CONFIG, MANIFEST, SmallImage, encoded, two_platforms

_opened: list[Source] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Sources are closed after each test."""
    yield
    while _opened:
        _opened.pop().close()


def opened(reference: str) -> Source:
    """The source that a reference names."""
    _opened.append(open_source(reference, store=LayerStore()))
    return _opened[-1]


def test_a_platform_of_another_image_is_not_there(tmp_path: Path) -> None:
    """A source opens what it listed."""
    source = opened(f"oci-dir://{two_platforms().into_layout(tmp_path / 'a', '1')}")
    other = SmallImage()
    other.index([other.platform("linux/amd64", [{"x": b""}])])
    foreign = opened(f"oci-dir://{other.into_layout(tmp_path / 'b')}").image().platforms[0]
    with pytest.raises(ImageNotFound):
        source.config(foreign)


def broken(entry_platform: str, **config: object) -> SmallImage:
    """An image of one platform whose config was changed."""
    image = SmallImage()
    descriptor, diff_id = image.layer({"a": b"x"})
    document = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [diff_id]}, **config}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": image.blob(encoded(document), CONFIG),
        "layers": [descriptor],
    }
    system, architecture = entry_platform.split("/")
    image.index([{**image.document(manifest), "platform": {"os": system, "architecture": architecture}}])
    return image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (broken("linux/amd64", rootfs={"type": "layers", "diff_ids": []}), "tells of 0 layers"),
        (broken("linux/amd64", rootfs={"type": "layers", "diff_ids": [digest_of(b"")]}), "does not match"),
        (broken("linux/arm64"), "the index says linux/arm64"),
        (broken("linux/amd64", architecture="", os=""), "names no platform"),
        (broken("linux/amd64", config={"Env": 1}), "is not a list"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(tmp_path: Path, image: SmallImage, words: str) -> None:
    """Config and manifest, config and index, config and layers."""
    source = opened(f"oci-dir://{image.into_layout(tmp_path / 'a')}")
    with pytest.raises(ImageInvalid, match=words):
        source.files(source.image().platforms[0])


def test_an_image_is_opened_once(tmp_path: Path) -> None:
    """Asked again, it is the same; a platform's files, too."""
    source = opened(f"oci-dir://{two_platforms().into_layout(tmp_path / 'a')}")
    image = source.image()
    assert source.image() is image
    assert source.files(image.platforms[0]) is source.files(image.platforms[0])
    assert source.config(image.platforms[0]) is source.config(image.platforms[0])


def test_an_artifact_is_no_image(tmp_path: Path) -> None:
    """Also where the index calls it a platform."""
    image = SmallImage()
    chart = image.blob(b"{}", "application/vnd.cncf.helm.config.v1+json")
    entry = image.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": chart, "layers": []})
    image.index([{**entry, "platform": {"os": "linux", "architecture": "amd64"}}])
    source = opened(f"oci-dir://{image.into_layout(tmp_path / 'a')}")
    with pytest.raises(ImageNotFound, match="artifact of type"):
        source.files(source.image().platforms[0])
