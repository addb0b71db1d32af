"""What the Docker engine makes of a daemon's answers, before it runs anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spybuild.engines.docker import DockerEngine
from spybuild.errors import EngineUnavailable, ImageInvalid, ImageNotFound, SpyBuildError
from tests.fakes.daemon import running
from tests.images.small import SmallImage, as_archive, two_platforms

NAME = "shop/api:1"
CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
SEEN = {
    "Id": f"sha256:{'1' * 64}",
    "Os": "linux",
    "Architecture": "amd64",
    "Config": {"Env": None, "Labels": {"a": "b"}},
}


def exported(image: SmallImage, folder: Path) -> bytes:
    """What `docker save` writes of an image in the containerd store."""
    image.into_layout(folder / "layout", "1")
    return as_archive(folder / "layout", folder / "a.tar").read_bytes()


@contextmanager
def engine(answers: dict[str, Any], version: str = "1.51") -> Iterator[DockerEngine]:
    """The engine of a daemon that answers so."""
    with running({"GET /containers/json": [], "GET /info": {}, **answers}, version) as (_, address):
        made = DockerEngine(address)
        try:
            yield made
        finally:
            made.close()


def hiding(export: object) -> dict[str, Any]:
    """The answers of a Docker 26 whose store keeps indexes that its API does not tell of."""
    return {f"GET /images/{NAME}/json": SEEN, f"GET /images/{NAME}/get": export, "GET /info": CONTAINERD}


def test_a_store_that_hides_its_indexes_is_opened_by_its_export(tmp_path: Path) -> None:
    """All platforms, each with its own config."""
    small = two_platforms()
    with engine(hiding(exported(small, tmp_path)), "1.45") as docker:
        image = docker.open(NAME)
        assert (str(image.digest), image.kind) == (small.root["digest"], "index")
        assert [str(each.platform) for each in image.platforms] == ["linux/amd64", "linux/arm64"]
        assert {each.reference for each in image.platforms} == {small.root["digest"]}
        assert [docker.label(each, "none") for each in image.platforms] == [None, None]


@pytest.mark.parametrize("export", [b"", b"no tar" * 200, (500, "boom"), (404, "gone")])
def test_an_export_that_is_no_image_was_a_key_error(export: object) -> None:
    """It is one clear error, whatever the daemon sends."""
    with engine(hiding(export), "1.45") as docker, pytest.raises((ImageInvalid, EngineUnavailable, ImageNotFound)):
        docker.open(NAME)


@pytest.mark.parametrize("config", [(404, "gone"), (500, "boom"), {"Id": "x"}])
def test_a_config_that_is_gone_was_a_traceback(config: object) -> None:
    """An image may be removed between two questions, and an answer may make no sense."""
    with engine({f"GET /images/{NAME}/json": SEEN}) as docker:
        image = docker.open(NAME).platforms[0]
        docker._configs.clear()
    with engine({f"GET /images/{SEEN['Id']}/json": config}) as docker, pytest.raises(SpyBuildError):
        docker.label(image, "a")


@pytest.mark.parametrize("seen", [{}, {"Os": 1}, {**SEEN, "Config": 3}, {**SEEN, "RepoDigests": ["a@b"]}])
def test_an_answer_that_makes_no_sense(seen: object) -> None:
    """It is the engine's fault, and said so."""
    with engine({f"GET /images/{NAME}/json": seen}) as docker, pytest.raises(EngineUnavailable, match="makes no sense"):
        docker.open(NAME)
