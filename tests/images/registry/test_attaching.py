"""Artifacts are listed where readers look for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.attaching import (
    EMPTY,
    EMPTY_CONFIG,
    Sharing,
    add_layers,
    as_json,
    make_listed,
    push_bytes,
)
from spybuild.images.registry.referrers import find_referrers
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest
from tests.fakes.registry import Fault, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable
from tests.images.small import MANIFEST

SUBJECT = Digest.of(b"an image")
KIND = "application/vnd.example+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"


@pytest.fixture(params=[True, False])
def registry(request: pytest.FixtureRequest) -> Iterator[FakeWritableRegistry]:
    """A registry that lists referrers, then one that does not."""
    with running(FakeWritableRegistry(referrers=request.param)) as server:
        yield server


@pytest.fixture
def sharing(tmp_path: Path) -> Sharing:
    """No waiting."""
    return Sharing(0.001, tmp_path)


def artifact(repository: WritableRepository, note: str = "") -> Descriptor:
    """Push a manifest about the subject."""
    push_bytes(repository, EMPTY, EMPTY_CONFIG.media_type)
    document = {
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": KIND, "config": as_json(EMPTY_CONFIG), "layers": [],
        "subject": {"mediaType": MANIFEST, "digest": str(SUBJECT), "size": 8}, "annotations": {"note": note},
    }  # fmt: skip
    content = json.dumps(document).encode()
    made = Descriptor(MANIFEST, Digest.of(content), len(content), annotations={"note": note}, artifact_type=KIND)
    repository.push_manifest(made, content)
    return made


def test_what_is_listed_is_found(registry: FakeWritableRegistry, sharing: Sharing) -> None:
    """With its type; under the tag only where the registry keeps no list."""
    client = writable(registry)
    made = [artifact(client, note) for note in "ab"]
    make_listed(client, SUBJECT, made, sharing)
    found = find_referrers(client, SUBJECT)
    assert [(each.digest, each.artifact_type) for each in found.found] == [(each.digest, KIND) for each in made]
    assert (("shop/api", f"sha256-{SUBJECT.hex}") in registry.manifests) != found.has_api


def test_the_entries_of_the_tag_say_what_they_are(sharing: Sharing) -> None:
    """As gh and Kyverno want it: artifactType and annotations."""
    with running(FakeWritableRegistry()) as registry:
        client = writable(registry)
        made = artifact(client, "a")
        make_listed(client, SUBJECT, [made], sharing)
        index = json.loads(registry.manifests["shop/api", f"sha256-{SUBJECT.hex}"][1])
    assert (index["schemaVersion"], index["mediaType"]) == (2, "application/vnd.oci.image.index.v1+json")
    assert index["manifests"] == [
        {
            "mediaType": MANIFEST,
            "digest": str(made.digest),
            "size": made.size,
            "artifactType": KIND,
            "annotations": {"note": "a"},
        }
    ]


def test_a_registry_that_lists_late_is_waited_for(sharing: Sharing) -> None:
    """And gets no tag."""
    with running(FakeWritableRegistry(referrers=True)) as registry:
        client = writable(registry)
        made = artifact(client)
        empty: dict[str, Any] = {"schemaVersion": 2, "manifests": []}
        registry.faults = [("/referrers/", Fault(body=json.dumps(empty).encode()))]
        make_listed(client, SUBJECT, [made], sharing)
        assert ("shop/api", f"sha256-{SUBJECT.hex}") not in registry.manifests


def test_a_registry_that_only_says_that_it_lists_gets_the_tag(sharing: Sharing) -> None:
    """Its `OCI-Subject` is not believed, nor its empty list."""
    with running(FakeWritableRegistry(referrers=True)) as registry:
        registry.says_subject = True
        client = writable(registry)
        made = artifact(client)
        assert registry.referrers is not None
        registry.referrers.clear()
        make_listed(client, SUBJECT, [made], sharing)
        assert [each.digest for each in find_referrers(client, SUBJECT).found] == [made.digest]
        assert ("shop/api", f"sha256-{SUBJECT.hex}") in registry.manifests


def test_a_registry_that_does_not_answer_is_an_error(registry: FakeWritableRegistry, sharing: Sharing) -> None:
    """Nothing half attached is reported as done."""
    client = writable(registry)
    made = artifact(client)
    registry.faults = [("/referrers/", Fault(status=500))] * 3
    with pytest.raises(SourceUnavailable):
        make_listed(client, SUBJECT, [made], sharing)


def test_layers_are_added_to_cosigns_tag(registry: FakeWritableRegistry, sharing: Sharing) -> None:
    """Each layer is an attestation; the config lists them all, as cosign's does."""
    client, tag = writable(registry), f"sha256-{SUBJECT.hex}.att"
    layers = [{**as_json(push_bytes(client, note, ENVELOPE)), "annotations": {"n": str(note)}} for note in (b"a", b"b")]
    for layer in layers:
        add_layers(client, tag, [layer], sharing)
    document = json.loads(registry.manifests["shop/api", tag][1])
    config = json.loads(registry.blobs[document["config"]["digest"]])
    assert document["layers"] == layers
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in layers]
    assert document["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
