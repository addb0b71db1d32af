"""What tests of signing with the stack share: cosign, keys, and images that are like no other."""

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from spybuild.attestation.signers import SignerWithKey
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest
from tests.attestation.making import statement
from tests.attestation.registries import about
from tests.gate.promoting import KEY, nobody
from tests.images.small import SmallImage
from tests.stack import Stack

Cosign = Callable[..., subprocess.CompletedProcess[str]]
# enough of a trusted root for cosign to verify what a key signed
KEY_ROOT = '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


def cosign(
    stack: Stack, major: str, *arguments: str, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one major version of cosign without anybody's configuration."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COSIGN_PASSWORD": "", **variables}
    command = [stack.cosign[major], *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def repository(address: str, name: str, mount_from: str = "") -> WritableRepository:
    """A repository of the stack."""
    source = RepositoryName(address, mount_from) if mount_from else None
    return WritableRepository(RepositoryName(address, name), Transport(), nobody, source)


def push(client: WritableRepository, tag: str, layer_bytes: int = 10, layers: int = 1) -> Descriptor:
    """Push an image of two platforms that is like no other under a tag; its index."""
    image = SmallImage()
    platforms = [
        image.platform(name, [{f"srv/{number}": os.urandom(layer_bytes)} for number in range(layers)])
        for name in ("linux/amd64", "linux/arm64/v8")
    ]
    image.index([*platforms, *(image.attestation(each) for each in platforms)])
    for digest, content in image.blobs.items():
        blob = Descriptor("application/octet-stream", Digest.parse(digest), len(content))
        client.push_blob(blob, lambda content=content: io.BytesIO(content))  # type: ignore[misc]
    for digest, (kind, content) in image.documents.items():  # the index is the last one
        client.push_manifest(Descriptor(kind, Digest.parse(digest), len(content)), content)
    content = image.documents[image.root["digest"]][1]
    root = Descriptor(image.root["mediaType"], Digest.parse(image.root["digest"]), len(content))
    client.push_manifest(root, content, tag)
    return root


def statement_on(subject: Descriptor, number: int = 0) -> bytes:
    """A statement that it passed."""
    return statement(**about(subject), predicate={"result": "PASSED", "configuration": [], "n": number})


SIGNER = SignerWithKey(KEY)
