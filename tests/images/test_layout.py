"""OCI layouts."""

from pathlib import Path

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.holders import Folder
from spybuild.images.layers.store import LayerStore
from spybuild.images.layout import Layout
from spybuild.images.opening import open_source
from spybuild.model.digests import Digest
from tests.images.small import INDEX, encoded, two_platforms


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A layout of one image of two names."""
    return two_platforms().into_layout(tmp_path / "layout", "1")


def layout(folder: Path) -> Layout:
    """The layout in a folder."""
    return Layout(Folder(folder))


def entries(folder: Path, *of: dict[str, object]) -> None:
    """Rewrite index.json."""
    (folder / "index.json").write_bytes(encoded({"schemaVersion": 2, "manifests": list(of)}))


def test_the_only_image_needs_no_name(folder: Path) -> None:
    """By tag it is the same."""
    one = layout(folder)
    assert one.choose("", None) == one.choose("1", None)
    with pytest.raises(ImageNotFound, match="no image '2'"):
        one.choose("2", None)


def test_of_several_one_is_to_be_named(folder: Path) -> None:
    """The message lists them."""
    root = two_platforms().root
    other = {**two_platforms().platform("linux/amd64", [{"b": b"other"}])}
    entries(
        folder,
        {
            **root,
            "annotations": {
                "org.opencontainers.image.ref.name": "1",
                "io.containerd.image.name": "h.example/shop/api:1",
            },
        },
        {**other, "annotations": {"org.opencontainers.image.ref.name": "shop/worker:2"}},
    )
    one = layout(folder)
    with pytest.raises(ImageNotFound, match="2 images") as caught:
        one.choose("", None)
    assert "'h.example/shop/api:1', 'shop/worker:2'" in caught.value.hint
    for name in ("1", "h.example/shop/api:1"):
        assert str(one.choose(name, None)[0].digest) == root["digest"]


def test_a_tag_of_two_images_is_refused(folder: Path) -> None:
    """Tools differ in which they take."""
    root, other = two_platforms().root, two_platforms().platform("linux/amd64", [{"b": b"other"}])
    name = {"annotations": {"org.opencontainers.image.ref.name": "1"}}
    entries(folder, {**root, **name}, {**other, **name})
    with pytest.raises(ImageNotFound, match="2 images"):
        layout(folder).choose("1", None)


def test_one_image_under_two_names_is_one(folder: Path) -> None:
    """As `docker save` of two tags writes it."""
    root = two_platforms().root
    entries(folder, root, {**root, "annotations": {"org.opencontainers.image.ref.name": "x"}})
    assert str(layout(folder).choose("", None)[0].digest) == root["digest"]


def test_a_digest_finds_what_lies_deeper(folder: Path) -> None:
    """A platform of the index; its document tells what it is, whatever the index says."""
    one = layout(folder)
    manifest = two_platforms().platform("linux/amd64", [{"srv/arch.py": b"amd64"}, {"srv/app.py": b"X = 1\n"}])
    found, _ = one.choose("", Digest.parse(manifest["digest"]))
    assert (str(found.digest), found.media_type) == (manifest["digest"], manifest["mediaType"])
    with pytest.raises(ImageNotFound, match="no image sha256"):
        one.choose("", Digest.of(b"elsewhere"))


def test_a_layer_is_no_image(folder: Path) -> None:
    """Its digest is in the layout, too."""
    image = two_platforms()
    blob = next(digest for digest, content in image.blobs.items() if content.startswith(b"\x1f\x8b"))
    with pytest.raises(ImageInvalid):
        layout(folder).choose("", Digest.parse(blob))


@pytest.mark.parametrize("version", ['{"imageLayoutVersion": "2.0.0"}', "{}", "no", "[]"])
def test_a_layout_of_another_version_is_refused(folder: Path, version: str) -> None:
    """We could not know what it means."""
    (folder / "oci-layout").write_text(version)
    with pytest.raises(ImageInvalid):
        layout(folder)


@pytest.mark.parametrize("missing", ["oci-layout", "index.json"])
def test_a_folder_without_them_is_no_layout(folder: Path, missing: str) -> None:
    """The message says which."""
    (folder / missing).unlink()
    with pytest.raises(ImageInvalid, match=missing):
        layout(folder)


def test_an_empty_layout(folder: Path) -> None:
    """Nothing is no image."""
    entries(folder)
    with pytest.raises(ImageNotFound, match="empty"):
        layout(folder).choose("", None)


def test_a_damaged_blob_is_refused(folder: Path) -> None:
    """Each document is held against its digest, also where it lies under its name."""
    root = two_platforms().root
    path = folder / "blobs" / root["digest"].replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"arm64", b"amd64"))
    with pytest.raises(ImageInvalid, match="damaged or forged"):
        layout(folder).choose("", None)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ImageInvalid, match="bytes where"):
        layout(folder).choose("", None)


def test_a_blob_that_was_not_exported(folder: Path) -> None:
    """`docker save` leaves out platforms that were never pulled."""
    root = two_platforms().root
    (folder / "blobs" / root["digest"].replace(":", "/")).unlink()
    with pytest.raises(ImageNotFound, match="lacks"):
        layout(folder).choose("", None)


def test_an_image_of_a_type_we_do_not_know(folder: Path) -> None:
    """By name."""
    entries(folder, {**two_platforms().root, "mediaType": "application/vnd.acme.thing"})
    with pytest.raises(ImageInvalid, match="thing"):
        open_source(f"oci-dir://{folder}", store=LayerStore()).image()


def test_a_huge_index_is_refused(folder: Path) -> None:
    """4 MiB are read of it."""
    (folder / "index.json").write_bytes(b" " * (6 << 20))
    with pytest.raises(ImageInvalid, match="larger than 4 MiB"):
        layout(folder)


def test_an_index_that_calls_itself_otherwise(folder: Path) -> None:
    """What index.json says of it must hold."""
    entries(folder, {**two_platforms().root, "mediaType": INDEX.replace("index", "manifest")})
    with pytest.raises(ImageInvalid, match="announced as"):
        layout(folder).choose("", None)
