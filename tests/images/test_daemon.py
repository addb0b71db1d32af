"""Images of daemons: what they tell, and what they export."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spybuild.daemon.api import EngineApi
from spybuild.errors import EngineUnavailable, ImageInvalid, ImageNotFound
from spybuild.images.daemon import DaemonSource
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.store import LayerStore
from tests.fakes.daemon import FakeDaemon, running
from tests.fakes.registry import digest_of
from tests.images.small import INDEX, SmallImage, as_archive, encoded, tar_of, two_platforms

NAME = "shop/api:1"
LOWER, UPPER = tar_of({"srv/arch.py": b"amd64"}), tar_of({"srv/app.py": b"X = 1\n"})
CONFIG = {
    "os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["python3"]},
    "rootfs": {"type": "layers", "diff_ids": [digest_of(LOWER), digest_of(UPPER)]},
    "history": [{"created_by": "COPY 0"}, {"created_by": "COPY 1"}],
}  # fmt: skip
ID = digest_of(encoded(CONFIG))
PUSHED = digest_of(b"what the registry has")
HISTORY = [{"CreatedBy": "COPY 1", "Id": ID}, {"CreatedBy": "COPY 0", "Id": "<missing>"}]
SEEN = {
    "Id": ID, "RepoTags": [NAME], "RepoDigests": [f"shop/api@{PUSHED}"], "Os": "linux", "Architecture": "amd64",
    "Config": {"Env": ["PATH=/usr/bin"], "Cmd": ["python3"], "Entrypoint": None, "Labels": None},
    "RootFS": {"Type": "layers", "Layers": [digest_of(LOWER), digest_of(UPPER)]},
}  # fmt: skip


def exported(**changes: Any) -> bytes:
    """What a classic store's `docker save` gives."""
    entry = {"Config": f"{ID[7:]}.json", "RepoTags": None, "Layers": ["0/layer.tar", "1/layer.tar"]}
    files = {f"{ID[7:]}.json": encoded(CONFIG), "0/layer.tar": LOWER, "1/layer.tar": UPPER}
    return tar_of({**files, "manifest.json": encoded([{**entry, **changes}])})


def classic(seen: dict[str, Any] | None = None, export: object = None) -> dict[str, Any]:
    """The answers of a daemon with the classic store."""
    told = seen or SEEN
    return {
        f"GET /images/{NAME}/json": told, f"GET /images/{ID}/json": told, f"GET /images/{ID}/history": HISTORY,
        f"GET /images/{ID}/get": exported() if export is None else export, "GET /info": {"DriverStatus": [["Backing Filesystem", "extfs"]]},
    }  # fmt: skip


def containerd(image: SmallImage, folder: Path) -> bytes:
    """What a containerd store's `docker save` gives."""
    image.into_layout(folder / "layout", "1")
    return as_archive(folder / "layout", folder / "a.tar").read_bytes()


@contextmanager
def source(
    answers: dict[str, Any], version: str, store: LayerStore | None = None
) -> Iterator[tuple[DaemonSource, FakeDaemon]]:
    """An image of a daemon that answers so."""
    with running(answers, version) as (daemon, address):
        made = DaemonSource(NAME, EngineApi(address), store or LayerStore())
        try:
            yield made, daemon
        finally:
            made.close()


def test_a_classic_store_exports_what_is_not_known(tmp_path: Path) -> None:
    """Once; the next time its JSON is enough. The digest is the registry's, as the store remembers it."""
    for exports in (1, 0):
        with source(classic(), "1.41", LayerStore(LayerCache(tmp_path))) as (image, daemon):
            platform = image.image().platforms[0]
            assert (str(image.image().digest), str(platform.platform), platform.reference) == (
                PUSHED,
                "linux/amd64",
                ID,
            )
            config, files = image.config(platform), image.files(platform)
            assert (config.history, config.argv) == (("COPY 0", "COPY 1"), ("python3",))
            assert (files.read("/srv/app.py"), files.read("/srv/arch.py")) == (b"X = 1\n", b"amd64")
            assert len([what for what, _, _ in daemon.asked if what.endswith("/get")]) == exports


def test_an_image_that_was_never_pushed_has_no_digest() -> None:
    """And one with two may be either: none is reported."""
    for digests in ([], [f"a@{PUSHED}", f"b@{digest_of(b'other')}"]):
        with source(classic({**SEEN, "RepoDigests": digests}), "1.41") as (image, _):
            assert image.image().digest is None


@pytest.mark.parametrize(
    ("export", "words"),
    [
        (exported(Layers=["1/layer.tar", "0/layer.tar"]), "does not match"),
        (exported(Layers=["0/layer.tar"]), "tells of 2 layers"),
        (b"no tar" * 200, "damaged"),
        (tar_of({"a": b""}), "no archive of"),
        (tar_of({"c.json": encoded({**CONFIG, "author": "x"}), "manifest.json": encoded([{"Config": "c.json", "Layers": []}])}), "exports sha256"),
    ],
)  # fmt: skip
def test_an_export_of_something_else_is_refused(export: bytes, words: str) -> None:
    """Its config must be the image's, its layers those that were told of."""
    with source(classic(export=export), "1.41") as (image, _), pytest.raises(ImageInvalid, match=words):
        image.files(image.image().platforms[0])


def test_layers_other_than_told_are_refused() -> None:
    """What the API says and what it exports must be one image."""
    told = {**SEEN, "RootFS": {"Layers": [digest_of(b"other"), digest_of(UPPER)]}}
    with source(classic(told), "1.41") as (image, _), pytest.raises(ImageInvalid, match="exports other layers"):
        image.files(image.image().platforms[0])


def test_a_store_that_hides_its_indexes_is_exported(tmp_path: Path) -> None:
    """Docker 26 and 27 with the containerd store: the export is the only way to all platforms."""
    small = two_platforms()
    answers = {
        f"GET /images/{NAME}/json": {**SEEN, "Id": small.root["digest"]}, f"GET /images/{NAME}/get": containerd(small, tmp_path),
        f"GET /images/{small.root['digest']}/get": containerd(small, tmp_path),
        "GET /info": {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
    }  # fmt: skip
    with source(answers, "1.45") as (image, _):
        found = image.image()
        assert (str(found.digest), found.kind) == (small.root["digest"], "index")
        assert [str(each.platform) for each in found.platforms] == ["linux/amd64", "linux/arm64"]
        assert [image.files(each).read("/srv/arch.py") for each in found.platforms] == [b"amd64", b"arm64"]


def one_platform(tmp_path: Path) -> tuple[SmallImage, dict[str, Any]]:
    """An index of one platform, and what Docker 28 tells of it."""
    small = SmallImage()
    entry = small.platform("linux/amd64", [{"srv/arch.py": b"amd64"}, {"srv/app.py": b"X = 1\n"}])
    root = small.index([entry])["digest"]
    manifest = json.loads(small.all_blobs()[entry["digest"]])
    diff_ids = json.loads(small.all_blobs()[manifest["config"]["digest"]])["rootfs"]["diff_ids"]
    described = {"Kind": "image", "Descriptor": entry, "ImageData": {"Platform": entry["platform"]}}
    told = {**SEEN, "Id": root, "RootFS": {"Layers": diff_ids}}
    answers = {
        f"GET /images/{NAME}/json": {**told, "Descriptor": {"mediaType": INDEX, "digest": root}, "Manifests": [described]},
        f"GET /images/{root}/json": {**told, "Descriptor": entry}, f"GET /images/{root}/history": HISTORY,
        f"GET /images/{root}/get": containerd(small, tmp_path),
    }  # fmt: skip
    return small, answers


def test_a_store_that_tells_of_its_index_exports_what_is_not_known(tmp_path: Path) -> None:
    """Platform by platform; the next time its JSON is enough."""
    small, answers = one_platform(tmp_path)
    for exports in (1, 0):
        with source(answers, "1.51", LayerStore(LayerCache(tmp_path / "cache"))) as (image, daemon):
            platform = image.image().platforms[0]
            assert (str(image.image().digest), image.image().kind) == (small.root["digest"], "index")
            assert image.files(platform).read("/srv/arch.py") == b"amd64"
            assert image.config(platform).history == ("COPY 0", "COPY 1")
            queries = [query for what, query, _ in daemon.asked if what.endswith("/get")]
            assert len(queries) == exports
            assert all(
                json.loads(query["platform"][0]) == {"os": "linux", "architecture": "amd64"} for query in queries
            )


def test_a_platform_that_was_never_pulled(tmp_path: Path) -> None:
    """It is listed, for the index has it; reading it says how to get it."""
    small, answers = one_platform(tmp_path)
    answers[f"GET /images/{small.root['digest']}/json"] = (404, "image was found but does not provide the platform")
    with source(answers, "1.51") as (image, _):
        with pytest.raises(ImageNotFound, match="no image shop/api:1 for linux/amd64") as caught:
            image.files(image.image().platforms[0])
        assert "docker pull --platform linux/amd64 shop/api:1" in caught.value.hint


def test_the_api_may_tell_of_another_image_for_the_platform(tmp_path: Path) -> None:
    """Of two entries for one platform it tells of the first: the other one is found by its digest in the export."""
    small, answers = one_platform(tmp_path)
    other = {"mediaType": INDEX, "digest": digest_of(b"first")}
    answers[f"GET /images/{small.root['digest']}/json"] = {**SEEN, "Id": ID, "Descriptor": other}
    with source(answers, "1.51") as (image, _):
        assert image.files(image.image().platforms[0]).read("/srv/arch.py") == b"amd64"


@pytest.mark.parametrize(
    ("answer", "error"),
    [((404, "No such image"), ImageNotFound), ((500, "boom"), EngineUnavailable), ({}, EngineUnavailable), ({"Os": 1}, EngineUnavailable)],
)  # fmt: skip
def test_a_daemon_that_says_no_or_nonsense(answer: object, error: type[Exception]) -> None:
    """One clear error each."""
    with source({**classic(), f"GET /images/{NAME}/json": answer}, "1.41") as (image, _), pytest.raises(error):
        image.image()


@pytest.mark.parametrize("what", ["json", "history", "get"])
def test_a_daemon_that_stops_answering(what: str) -> None:
    """Wherever it does."""
    with source({**classic(), f"GET /images/{ID}/{what}": (500, "boom")}, "1.41") as (image, _):
        platform = image.image().platforms[0]
        with pytest.raises(EngineUnavailable, match="boom"):
            image.files(platform)


def test_a_closed_source_leaves_no_export() -> None:
    """The file had no name, and is closed."""
    with source(classic(), "1.41") as (image, _):
        image.files(image.image().platforms[0])
        before = len(list(Path("/proc/self/fd").iterdir()))
        image.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before - 1
