"""Small images in a registry that takes pushes, for tests of what is attached to them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.writing import WritableRepository
from tests.fakes.registry import running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable
from tests.images.small import SmallImage, two_platforms


@contextmanager
def registry_with(image: SmallImage, *, referrers: bool, name: str = "shop/api") -> Iterator[FakeWritableRegistry]:
    """A registry that has the image under the tag `1`."""
    with running(FakeWritableRegistry(referrers=referrers)) as server:
        server.put_image(name, image.documents, image.blobs, **{"1": image.root["digest"]})
        yield server


@contextmanager
def small_registry(*, referrers: bool = True) -> Iterator[tuple[FakeWritableRegistry, WritableRepository, Descriptor]]:
    """A registry with an image of two platforms; its repository, and the index."""
    with registry_with(two_platforms(), referrers=referrers) as server:
        client = writable(server)
        yield server, client, client.manifest("1")[0]


def about(subject: Descriptor) -> dict[str, Any]:
    """What a statement on a manifest says of its subject."""
    return {"subject": [{"name": "_", "digest": {subject.digest.algorithm: subject.digest.hex}}]}


def documents(server: FakeWritableRegistry, name: str = "shop/api") -> dict[str, Any]:
    """Everything that has a name in the repository, as JSON."""
    return {key[1]: json.loads(value[1]) for key, value in server.manifests.items() if key[0] == name}
