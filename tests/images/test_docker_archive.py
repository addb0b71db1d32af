"""What `docker save` writes, of all its ages."""

import json
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound, SpyBuildError
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source
from spybuild.images.source import Source
from tests.fakes.registry import digest_of
from tests.images.small import as_archive, encoded, tar_of, two_platforms

LOWER, UPPER = tar_of({"etc/arch": b"amd64"}), tar_of({"srv/app.py": b"X = 1\n"})
CONFIG = {
    "os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["python3"], "Labels": {"a": "b"}},
    "rootfs": {"type": "layers", "diff_ids": [digest_of(LOWER), digest_of(UPPER)]},
    "history": [{"created_by": "COPY 0"}, {"created_by": "COPY 1"}],
}  # fmt: skip
NAME = "h.example:5000/shop/api:1"
_opened: list[Source] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Sources are closed after each test."""
    yield
    while _opened:
        _opened.pop().close()


def opened(path: Path, suffix: str = "", scheme: str = "docker-archive") -> Source:
    """The image in an archive."""
    _opened.append(open_source(f"{scheme}://{path}{suffix}", store=LayerStore()))
    return _opened[-1]


def first_files(source: Source) -> object:
    """The files of its first platform."""
    return source.files(source.image().platforms[0])


def old(path: Path, config: bytes = encoded(CONFIG), *, name: str = "", **changes: Any) -> Path:
    """An archive as Docker up to 24 writes it: the second layer is a link to a folder elsewhere."""
    named = name or f"{digest_of(config)[7:]}.json"
    entry = {"Config": named, "RepoTags": [NAME], "Layers": ["one/layer.tar", "two/layer.tar"], **changes}
    files = {named: config, "one/layer.tar": LOWER, "real/layer.tar": UPPER, "manifest.json": encoded([entry])}
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file, content in files.items():
            member = tarfile.TarInfo(file)
            member.size = len(content)
            tar.addfile(member, BytesIO(content))
        link = tarfile.TarInfo("two/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../real/layer.tar"
        tar.addfile(link)
    path.write_bytes(buffer.getvalue())
    return path


def new(folder: Path, path: Path, change: Any = None) -> Path:
    """An archive as Docker writes it since 25, with the containerd store: a layout, and a list of the first platform."""
    image = two_platforms()
    image.into_layout(folder, "1")
    index = json.loads(image.all_blobs()[image.root["digest"]])
    manifest = json.loads(image.all_blobs()[index["manifests"][0]["digest"]])
    entry = {
        "Config": f"blobs/{manifest['config']['digest'].replace(':', '/')}",
        "RepoTags": [NAME],
        "Layers": [f"blobs/{layer['digest'].replace(':', '/')}" for layer in manifest["layers"]],
    }
    (folder / "manifest.json").write_bytes(encoded([entry] if change is None else change(entry, folder)))
    return as_archive(folder, path)


def test_an_old_archive_has_one_platform_and_no_digest(tmp_path: Path) -> None:
    """Its config and layers are all there is."""
    source = opened(old(tmp_path / "a.tar"))
    image = source.image()
    assert (image.digest, image.kind, [(str(each.platform), each.digest) for each in image.platforms]) == (
        None, "image", [("linux/amd64", None)],
    )  # fmt: skip
    config = source.config(image.platforms[0])
    assert (config.history, config.labels, config.argv) == (("COPY 0", "COPY 1"), {"a": "b"}, ("python3",))
    files = source.files(image.platforms[0])
    assert (files.read("/etc/arch"), files.read("/srv/app.py")) == (b"amd64", b"X = 1\n")


@pytest.mark.parametrize("suffix", ["", ":1", f":{NAME}"])
def test_an_image_is_named_by_its_tag_or_all_of_its_name(tmp_path: Path, suffix: str) -> None:
    """Or not at all, where it is alone."""
    assert opened(old(tmp_path / "a.tar"), suffix).image().platforms


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    """The message says what is."""
    path = old(tmp_path / "a.tar")
    with pytest.raises(ImageNotFound, match="no image '2'") as caught:
        opened(path, ":2")
    assert NAME in caught.value.hint
    with pytest.raises(ImageNotFound, match="keeps no digests"):
        opened(path, f"@{digest_of(b'x')}")


def test_of_several_images_one_is_to_be_named(tmp_path: Path) -> None:
    """And each can be."""
    config = encoded(CONFIG)
    entry = {"Config": "c.json", "Layers": ["l"]}
    entries = [{**entry, "RepoTags": ["shop/api:1"]}, {**entry, "RepoTags": ["docker.io/library/python:2"]}]
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of({"c.json": config, "l": LOWER, "manifest.json": encoded(entries)}))
    with pytest.raises(ImageNotFound, match="2 images"):
        opened(path)
    for suffix in (":1", ":shop/api:1", ":2", ":python:2"):
        assert opened(path, suffix).image().reference.endswith(suffix)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Layers": ["one/layer.tar"]}, "tells of 2 layers"),
        ({"Layers": ["one/layer.tar", "gone/layer.tar"]}, "lacks the layer"),
        ({"Layers": ["one/layer.tar", "one/layer.tar"]}, "does not match"),
        ({"Layers": ["one/layer.tar", "../../../etc/passwd"]}, "lacks the layer"),
        ({"Config": "gone.json"}, "has no 'gone.json'"),
        ({"Config": "/etc/passwd"}, "has no '/etc/passwd'"),
        ({"Config": "one/layer.tar"}, "no sound JSON"),
        ({"layers": []}, "engines would take"),
        ({"Layers": "one"}, "is not a list"),
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """Each with its own word."""
    path = old(tmp_path / "a.tar", **changes)
    with pytest.raises(ImageInvalid, match=words):
        first_files(opened(path))


def test_a_config_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    """Engines name it by its digest."""
    with pytest.raises(ImageInvalid, match="damaged"):
        opened(old(tmp_path / "a.tar", name=f"{'a' * 64}.json"))
    assert opened(old(tmp_path / "b.tar", name="config.json")).image().platforms


def test_a_tar_of_something_else(tmp_path: Path) -> None:
    """It is no archive of an image."""
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of({"README": b"hello"}))
    with pytest.raises(ImageInvalid, match=r"no archive of `docker save`"):
        opened(path)
    with pytest.raises(ImageInvalid, match="no OCI layout"):
        opened(path, scheme="oci-archive")


@pytest.mark.parametrize("scheme", ["docker-archive", "oci-archive"])
def test_a_new_archive_is_a_layout(tmp_path: Path, scheme: str) -> None:
    """With all platforms, and their digests."""
    source = opened(new(tmp_path / "layout", tmp_path / "a.tar"), scheme=scheme)
    image = source.image()
    assert str(image.digest) == two_platforms().root["digest"]
    assert [str(each.platform) for each in image.platforms] == ["linux/amd64", "linux/arm64"]


def other_layers(entry: dict[str, Any], _: Path) -> list[dict[str, Any]]:
    """A list with the layers the other way round."""
    return [{**entry, "Layers": entry["Layers"][::-1]}]


def other_image(entry: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """A list of another image, under the name of the layout's."""
    (folder / "evil.json").write_bytes(encoded(CONFIG))
    (folder / "evil.tar").write_bytes(UPPER)
    return [{**entry, "Config": "evil.json", "Layers": ["evil.tar", "evil.tar"]}]


def more_images(entry: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """A list with one image more."""
    return [entry, *other_image({**entry, "RepoTags": ["other:1"]}, folder)]


@pytest.mark.parametrize("change", [other_layers, other_image, more_images])
@pytest.mark.parametrize("scheme", ["docker-archive", "oci-archive"])
def test_an_archive_that_tells_two_stories_is_refused(tmp_path: Path, change: Any, scheme: str) -> None:
    """Docker with the classic store loads what manifest.json says, with containerd's what index.json says."""
    with pytest.raises(ImageInvalid, match="tell of different images"):
        opened(new(tmp_path / "layout", tmp_path / "a.tar", change), scheme=scheme)


def test_a_platform_chosen_by_digest_agrees_with_the_list(tmp_path: Path) -> None:
    """The list has another platform of the same image."""
    path = new(tmp_path / "layout", tmp_path / "a.tar")
    arm = opened(path).image().platforms[1]
    assert [str(each.platform) for each in opened(path, f"@{arm.digest}").image().platforms] == ["linux/arm64"]


def test_two_images_of_one_tag_each_agree_with_their_own_entry(tmp_path: Path) -> None:
    """`docker save api:1 worker:1`: what the list says of the one is not held against the other."""
    folder = tmp_path / "layout"
    api, worker = two_platforms(), two_platforms()
    worker.root = worker.platform("linux/amd64", [{"w": b""}])
    worker.into_layout(folder)
    api.into_layout(folder)
    entries, listed = [], []
    for name, image in (("api", api), ("worker", worker)):
        root = json.loads(image.all_blobs()[image.root["digest"]])
        manifest = root if "config" in root else json.loads(image.all_blobs()[root["manifests"][0]["digest"]])
        listed.append({
            "Config": f"blobs/{manifest['config']['digest'].replace(':', '/')}", "RepoTags": [f"{name}:1"],
            "Layers": [f"blobs/{layer['digest'].replace(':', '/')}" for layer in manifest["layers"]],
        })  # fmt: skip
        names = {"io.containerd.image.name": f"docker.io/library/{name}:1", "org.opencontainers.image.ref.name": "1"}
        entries.append({**image.root, "annotations": names})
    (folder / "index.json").write_bytes(encoded({"schemaVersion": 2, "manifests": entries}))
    (folder / "manifest.json").write_bytes(encoded(listed))
    path = as_archive(folder, tmp_path / "a.tar")
    assert len(opened(path, ":docker.io/library/api:1").image().platforms) == 2
    assert len(opened(path, ":worker:1").image().platforms) == 1
    (folder / "manifest.json").write_bytes(encoded([{**listed[1], "RepoTags": ["api:1"]}, listed[1]]))
    with pytest.raises(SpyBuildError, match="different images"):
        opened(as_archive(folder, tmp_path / "b.tar"), ":docker.io/library/api:1")
