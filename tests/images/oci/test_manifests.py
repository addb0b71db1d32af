"""Manifests, indexes and configs."""

import json
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.manifests import media_type_of, read_config, read_index, read_manifest, require_image
from spybuild.model.platforms import Platform
from tests.images.small import CONFIG, INDEX, MANIFEST

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DIGEST = f"sha256:{'a' * 64}"
ENTRY = {"mediaType": CONFIG, "digest": DIGEST, "size": 2}


def encoded(**document: Any) -> bytes:
    """A document."""
    return json.dumps(document).encode()


@pytest.mark.parametrize("kind", [INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])
def test_the_source_and_the_document_name_one_type(kind: str) -> None:
    """Either may be silent; parameters and case of a Content-Type do not count."""
    assert media_type_of(encoded(mediaType=kind), kind, "it") == kind
    assert media_type_of(encoded(mediaType=kind), "application/json", "it") == kind
    assert media_type_of(encoded(), f"{kind.upper()}; charset=utf-8", "it") == kind


def test_a_manifest_without_a_type_is_known_by_what_it_holds() -> None:
    """OCI manifests need not name theirs."""
    assert media_type_of(encoded(manifests=[]), "", "it") == INDEX
    assert media_type_of(encoded(config={}, layers=[]), "application/octet-stream", "it") == MANIFEST


def test_a_document_announced_as_another_is_refused() -> None:
    """CVE-2021-41190: one engine would read an index, the other a manifest."""
    with pytest.raises(ImageInvalid, match="announced as"):
        media_type_of(encoded(mediaType=INDEX), MANIFEST, "it")


@pytest.mark.parametrize(
    ("content", "announced", "words"),
    [
        (encoded(schemaVersion=1, name="a"), "application/json", "schema 1"),
        (b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        (b"{}", "application/vnd.acme.thing+json", "application/vnd.acme.thing"),
        (encoded(mediaType="application/vnd.acme.thing"), "", "application/vnd.acme.thing"),
        (encoded(manifests=[], layers=[], config={}), "", "no image's"),
        (b"{}", "", "no image's"),
    ],
)
def test_types_that_are_no_images_are_refused_by_name(content: bytes, announced: str, words: str) -> None:
    """And so is Docker's schema 1, which has no config and no digests of its own."""
    with pytest.raises(ImageInvalid, match=words):
        media_type_of(content, announced, "it")


def test_a_document_that_is_both_is_neither() -> None:
    """CVE-2021-41190 again: an index that has layers, a manifest that has manifests."""
    both = encoded(manifests=[ENTRY], layers=[ENTRY], config=ENTRY)
    with pytest.raises(ImageInvalid, match="at once"):
        read_index(both, "it")
    with pytest.raises(ImageInvalid, match="at once"):
        read_manifest(both, "it")


def test_a_manifest_tells_its_parts() -> None:
    """Config, layers, and of artifacts their type and subject."""
    manifest = read_manifest(encoded(config=ENTRY, layers=[ENTRY, ENTRY], artifactType="a/b", subject=ENTRY), "it")
    assert (manifest.is_image, len(manifest.layers), manifest.artifact_type, str(manifest.subject)) == (
        True, 2, "a/b", DIGEST,
    )  # fmt: skip


def test_an_artifact_is_no_image() -> None:
    """A chart, a signature, a model: its config is not one of an image."""
    chart = {**ENTRY, "mediaType": "application/vnd.cncf.helm.config.v1+json"}
    with pytest.raises(ImageNotFound, match="helm"):
        require_image(read_manifest(encoded(config=chart, layers=[]), "it"), "it")


@pytest.mark.parametrize("document", [{}, {"config": ENTRY}, {"layers": []}, {"config": [], "layers": []}])
def test_a_manifest_without_config_or_layers_is_refused(document: dict[str, Any]) -> None:
    """Both are required."""
    with pytest.raises(ImageInvalid):
        read_manifest(encoded(**document), "it")


def test_an_index_of_a_million_entries_is_refused() -> None:
    """Its list is counted before it is read."""
    with pytest.raises(ImageInvalid, match="10000 are the most"):
        read_index(encoded(manifests=[{}] * 10_001), "it")


def test_a_config_is_read_whole() -> None:
    """How it is run, for what, and what its layers unpack to; history in its order, with what adds no layer."""
    config = read_config(
        encoded(
            os="linux", architecture="arm", variant="v7", rootfs={"type": "layers", "diff_ids": [DIGEST]},
            history=[{"created_by": "ADD rootfs /"}, {"created_by": "ENV A=1", "empty_layer": True}, {}],
            config={"Env": ["A=1"], "Entrypoint": ["/bin/a"], "Cmd": None, "WorkingDir": "/srv", "User": "1:2", "Labels": {"x": "y"}},
        ),
        "it",
    )  # fmt: skip
    assert (config.platform, [str(each) for each in config.diff_ids]) == (Platform("linux", "arm", "v7"), [DIGEST])
    assert config.run.history == ("ADD rootfs /", "ENV A=1", "")
    assert (config.run.env, config.run.entrypoint, config.run.cmd) == (("A=1",), ("/bin/a",), ())
    assert (config.run.workdir, config.run.user, config.run.labels) == ("/srv", "1:2", {"x": "y"})


@pytest.mark.parametrize(
    "document",
    [
        {"rootfs": {"type": "layers", "diff_ids": ["sha256:short"]}},
        {"rootfs": {"type": "windows", "diff_ids": []}},
        {"config": {"Env": "A=1"}},
        {"config": {"Entrypoint": "python"}},
        {"config": {"Labels": {"a": 1}}},
        {"config": {"env": ["A=1"]}},
        {"history": [1]},
    ],
)
def test_a_config_that_breaks_its_format_is_refused(document: dict[str, Any]) -> None:
    """Never half read."""
    with pytest.raises(ImageInvalid):
        read_config(encoded(os="linux", architecture="amd64", **document), "it")
