"""Promotion between real registries: complete, with its evidence, and never half done."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from spybuild.attestation.attaching import Attaching
from spybuild.images.oci.descriptors import check
from spybuild.images.registry.copying import plan
from spybuild.images.registry.credentials import login_for
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.referrers import find_referrers
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.uploads import Sent
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import TEST_RESULT
from spybuild.model.digests import Digest
from tests.gate.promoting import KEY, attest, promoted, promoted_with
from tests.integration.signing import KEY_ROOT, SIGNER, cosign, push, repository, statement_on
from tests.stack import RegistryWithLogin, Stack

pytestmark = pytest.mark.stack

KILLS = 7  # in each of three ways


@dataclass(frozen=True)
class Way:
    """From staging to production."""

    source: WritableRepository
    destination: WritableRepository

    def promote(self, tag: str = "1") -> Any:
        """Promote the tag."""
        return promoted(f"{self.source.name}:{tag}", f"{self.destination.name}:{tag}")


@pytest.fixture(params=["registry>registry", "registry>registry_referrers", "registry_referrers>registry"])
def way(request: pytest.FixtureRequest, stack: Stack) -> Way:
    """Within a registry, and between one that lists referrers and one that does not; repositories that are new."""
    source, destination = (getattr(stack, each).address for each in request.param.split(">"))
    number = uuid.uuid4().hex
    return Way(repository(source, f"staging/{number}"), repository(destination, f"prod/{number}"))


def complete(client: WritableRepository, tag: str, *, read: bool = False) -> Digest:
    """The digest of an image of which everything is there; read to the last byte, if wanted."""
    root, content = client.manifest(tag)
    for document in plan(client, root, content):
        for blob in document.blobs:
            assert client.has_blob(blob.digest)
            if read:
                with client.open_blob(blob) as stream:
                    check(stream.read(), blob, "a blob")
    return root.digest


def test_an_image_and_its_evidence_arrive(way: Way, stack: Stack, tmp_path: Path) -> None:
    """Cosign verifies at the destination what was attested at the source; a second run moves nothing."""
    root = push(way.source, "1", layer_bytes=1 << 20)
    attest(way.source, "1")
    Attaching(way.source, legacy=True).attach(root, SIGNER.sign(statement_on(root)), datetime.now(UTC))
    outcome = way.promote()
    assert outcome.is_tagged, (outcome.decision.all_reasons, outcome.problems)
    assert complete(way.destination, "1", read=True) == root.digest
    is_same = way.source.name.host == way.destination.name.host
    assert (outcome.moved.mounted > 5, outcome.moved.bytes > 2 << 20) == (is_same, not is_same)
    assert outcome.moved.referrers == 5  # two platforms, two on the index, and `.att`
    (tmp_path / "root.json").write_text(KEY_ROOT)
    (tmp_path / "ours.pub").write_text(KEY.public.pem)
    flags = ["--type", TEST_RESULT, "--insecure-ignore-tlog", f"--key={tmp_path}/ours.pub", f"{way.destination.name}:1"]
    bundles = ["--new-bundle-format", f"--trusted-root={tmp_path}/root.json"]
    for major, form in (("2", []), ("2", bundles), ("3", bundles)):
        done = cosign(stack, major, "verify-attestation", *form, *flags, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    again = way.promote()
    assert (again.is_tagged, again.moved.bytes, again.moved.mounted, again.moved.manifests) == (False, 0, 0, 0)


def test_what_the_gate_refuses_stays(way: Way) -> None:
    """Left unattested: the destination has no tag."""
    push(way.source, "1")
    attest(way.source, "1", "linux/arm64")
    outcome = way.promote()
    assert outcome.decision.exit_code == 4
    assert any("linux/arm64" in reason for reason in outcome.decision.all_reasons)
    assert outcome.moved.manifests == 0


def test_cosigns_signatures_and_sboms_of_others_arrive(way: Way, stack: Stack, tmp_path: Path) -> None:
    """A signature by cosign 2 under `.sig`, one by cosign 3 as a referrer, an SBOM attached by oras."""
    root = push(way.source, "1")
    attest(way.source, "1")
    image = f"{way.source.name}@{root.digest}"
    (tmp_path / "plain.pem").write_bytes(KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = ["import-key-pair", "--key", str(tmp_path / "plain.pem"), "--output-key-prefix", str(tmp_path / "ck")]
    assert cosign(stack, "3", *key, folder=tmp_path).returncode == 0
    sign = ["sign", "--yes", "--tlog-upload=false", f"--key={tmp_path}/ck.key"]
    for major, how in (("2", []), ("3", ["--use-signing-config=false", "--new-bundle-format"])):
        done = cosign(stack, major, *sign, *how, image, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    (tmp_path / "sbom.json").write_text("{}")
    assert stack.oras
    command = [stack.oras, "attach", "--plain-http", "--artifact-type", "application/spdx+json", image, "sbom.json"]
    subprocess.run(
        command, check=True, capture_output=True, cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    )
    outcome = way.promote()
    assert outcome.is_tagged, outcome.decision.all_reasons
    assert outcome.problems == ()
    listed = {each.digest for each in find_referrers(way.source, root.digest).found}
    assert {each.digest for each in find_referrers(way.destination, root.digest).found} == listed
    assert len(listed) == 3
    check_signature = ["verify", "--insecure-ignore-tlog", f"--key={tmp_path}/ck.pub", f"{way.destination.name}:1"]
    done = cosign(stack, "2", *check_signature, folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_killed_at_any_moment_the_tag_is_the_old_or_the_new_image(way: Way) -> None:
    """Twenty-one times in all, at random; each time a new image over the last one. Then it is run again to its end."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.test_promote"])
    images = ["old", *map(str, range(KILLS))]
    roots = {}
    for name in images:
        roots[name] = push(way.source, name, layer_bytes=256 << 10, layers=3).digest
        attest(way.source, name)
    names = [(f"{way.source.name}:{name}", f"{way.destination.name}:live") for name in images]
    took = time.monotonic()
    assert promoted(*names[0]).is_tagged
    took = time.monotonic() - took
    live, cut = roots["old"], 0
    for name, arguments in zip(images[1:], names[1:], strict=True):
        process = context.Process(target=promoted_with, args=(*arguments, KEY.public.pem))
        process.start()
        process.join(random.uniform(0.02, 1.1 * took))
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        cut += process.exitcode != 0
        found = complete(way.destination, "live")
        assert found in (live, roots[name])
        live = found
    assert cut > 1
    outcome = promoted(*names[-1])
    assert outcome.decision.admitted
    assert complete(way.destination, "live", read=True) == roots[images[-1]]


def test_with_tokens_blobs_are_mounted(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is for both repositories."""
    found = stack.registry_bearer
    assert isinstance(found, RegistryWithLogin)
    login = {"auths": {found.address: {"username": found.username, "password": found.password}}}
    (tmp_path / "auth.json").write_text(json.dumps(login))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    number, host = uuid.uuid4().hex, found.address
    staging = WritableRepository(RepositoryName(host, f"staging/{number}"), Transport(), login_for)
    root, content = staging.manifest(str(push(staging, "1").digest))
    prod = WritableRepository(RepositoryName(host, f"prod/{number}"), Transport(), login_for, staging.name)
    blobs = {blob for document in plan(staging, root, content) for blob in document.blobs}
    assert {prod.push_blob(blob, lambda: pytest.fail("it was sent")) for blob in blobs} == {Sent.MOUNTED}
