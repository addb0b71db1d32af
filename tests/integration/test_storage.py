"""Attestations in real registries: what we store cosign verifies, what cosign stores we read, and nothing is lost."""

import base64
import json
import multiprocessing
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from spybuild.attestation.attaching import Attaching
from spybuild.attestation.signers import SignerWithKey
from spybuild.attestation.storage import find_attachments
from spybuild.attestation.subjects import require_validated
from spybuild.attestation.trust import Trust
from spybuild.errors import ImageNotFound, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.attaching import Sharing
from spybuild.images.registry.credentials import login_for
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.referrers import find_referrers, listed_by_api, tag_of
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import TEST_RESULT, Verified
from spybuild.model.digests import Digest
from tests.attestation.making import signing_key
from tests.gate.promoting import KEY
from tests.integration.signing import KEY_ROOT, SIGNER, cosign, push, repository, statement_on
from tests.stack import RegistryWithLogin, Stack

pytestmark = pytest.mark.stack

NAME = "storage/app"
TRUST = Trust((KEY.public,))
WRITERS = 64


@pytest.fixture(params=["registry", "registry_referrers"])
def client(request: pytest.FixtureRequest, stack: Stack) -> WritableRepository:
    """A repository without, then one with, the referrers API."""
    return repository(getattr(stack, request.param).address, NAME)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with our key's public half, and what cosign wants for a trusted root."""
    (tmp_path / "ours.pub").write_text(KEY.public.pem)
    (tmp_path / "root.json").write_text(KEY_ROOT)
    return tmp_path


def verified(client: WritableRepository, subject: Digest, trust: Trust = TRUST) -> int:
    """How many attestations on it hold."""
    examined = find_attachments(client, subject).examine(trust, datetime.now(UTC))
    return sum(isinstance(each, Verified) for each in examined)


def check(keys: Path, key: str, *flags: str) -> list[str]:
    """The arguments for verifying with a key."""
    usual = ["--type", TEST_RESULT, "--insecure-ignore-tlog", f"--key={keys}/{key}.pub"]
    return ["verify-attestation", *usual, *flags]


@pytest.mark.parametrize("major", ["2", "3"])
def test_cosign_verifies_what_we_store(stack: Stack, client: WritableRepository, keys: Path, major: str) -> None:
    """On the index and on a platform, by digest; not what nobody attested, and not with another key."""
    root = push(client, "1")
    subjects = require_validated(client, root.digest, [])
    for subject in (root, subjects.others[0]):
        signed = SIGNER.sign(statement_on(subject))
        Attaching(client).attach(subject, signed, datetime.now(UTC))
        image = f"{client.name}@{subject.digest}"
        flags = ["--new-bundle-format", f"--trusted-root={keys}/root.json", image]
        done = cosign(stack, major, *check(keys, "ours", *flags), folder=keys)
        assert done.returncode == 0, done.stderr
        payload = json.loads(base64.b64decode(json.loads(done.stdout)["payload"]))
        assert payload["subject"][0]["digest"]["sha256"] == subject.digest.hex
        if major == "3":  # the `tree` of version 2 looks at tags alone
            assert str(signed.digest) in cosign(stack, major, "tree", image, folder=keys).stdout
        (keys / "other.pub").write_text(signing_key().public.pem)
        assert cosign(stack, major, *check(keys, "other", *flags), folder=keys).returncode != 0
    alone = f"{client.name}@{subjects.others[1].digest}"
    flags = ["--new-bundle-format", f"--trusted-root={keys}/root.json", alone]
    assert cosign(stack, major, *check(keys, "ours", *flags), folder=keys).returncode != 0
    assert verified(client, root.digest) == 1


def test_cosign_2_verifies_the_older_form(stack: Stack, client: WritableRepository, keys: Path) -> None:
    """From the tag `.att`, with several attestations in it; `tree` shows them."""
    root = push(client, "1")
    for number in range(3):
        signed = SIGNER.sign(statement_on(root, number))
        Attaching(client, legacy=True).attach(root, signed, datetime.now(UTC))
    image = f"{client.name}@{root.digest}"
    done = cosign(stack, "2", *check(keys, "ours", image), folder=keys)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert ".att" in cosign(stack, "2", "tree", image, folder=keys).stdout
    assert verified(client, root.digest) == 6


@pytest.mark.parametrize(
    ("major", "how", "in_tag"),
    [("2", ["--new-bundle-format"], False), ("2", [], True), ("3", ["--use-signing-config=false"], False)],
)
def test_we_verify_what_cosign_stores(
    stack: Stack, client: WritableRepository, keys: Path, major: str, how: list[str], in_tag: bool
) -> None:
    """In each of its forms; beside ours, which both find."""
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (keys / "plain.pem").write_bytes(pem)
    imported = cosign(
        stack,
        "3",
        "import-key-pair",
        "--key",
        str(keys / "plain.pem"),
        "--output-key-prefix",
        str(keys / "ck"),
        folder=keys,
    )
    assert imported.returncode == 0, imported.stderr
    (keys / "predicate.json").write_text('{"result": "PASSED", "configuration": []}')
    root = push(client, "1")
    flags = ["--yes", "--type", TEST_RESULT, "--predicate", str(keys / "predicate.json"), "--tlog-upload=false"]
    done = cosign(
        stack, major, "attest", *flags, *how, f"--key={keys}/ck.key", f"{client.name}@{root.digest}", folder=keys
    )
    assert done.returncode == 0, done.stderr
    (found,) = find_attachments(client, root.digest).found
    assert (found.annotations is not None) == in_tag
    assert verified(client, root.digest) == 1
    Attaching(client, legacy=in_tag).attach(root, SIGNER.sign(statement_on(root)), datetime.now(UTC))
    assert verified(client, root.digest) == (3 if in_tag else 2)
    done = cosign(
        stack, major, *check(keys, "ours", *([] if in_tag else ["--new-bundle-format", f"--trusted-root={keys}/root.json"])),
        f"{client.name}@{root.digest}", folder=keys,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def attach(address: str, subject: Descriptor, number: int, locks: Path | None) -> None:
    """One writer, with a key of its own."""
    signed = SignerWithKey(signing_key()).sign(statement_on(subject, number))
    Attaching(repository(address, NAME), sharing=Sharing(locks=locks)).attach(subject, signed, datetime.now(UTC))


def numbers(client: WritableRepository, subject: Digest) -> set[int]:
    """Which writers' attestations are there."""
    found = find_attachments(client, subject).found
    payloads = [json.loads(base64.b64decode(json.loads(each.content)["dsseEnvelope"]["payload"])) for each in found]
    return {each["predicate"]["n"] for each in payloads}


@pytest.mark.parametrize("kind", ["threads", "processes", "machines"])
def test_64_writers_at_once_on_one_index_lose_nothing(client: WritableRepository, tmp_path: Path, kind: str) -> None:
    """With threads; with processes; and with processes that have no lock in common, as on 64 machines."""
    root = push(client, "1")
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.test_storage"])
    maker = threading.Thread if kind == "threads" else context.Process
    folders = {number: tmp_path / str(number) if kind == "machines" else None for number in range(WRITERS)}
    writers = [maker(target=attach, args=(client.name.host, root, *each)) for each in folders.items()]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert all(getattr(each, "exitcode", 0) == 0 for each in writers)
    assert numbers(client, root.digest) == set(range(WRITERS))
    assert client.manifest("1")[0] == root


def test_the_same_again_is_not_piled_up(client: WritableRepository) -> None:
    """Signed anew by the same key: one attestation."""
    root = push(client, "1")
    kept = [Attaching(client).attach(root, SIGNER.sign(statement_on(root)), datetime.now(UTC), TRUST) for _ in range(3)]
    assert [each.is_new for each in kept] == [True, False, False]
    assert len({each.attestation for each in kept}) == 1
    assert len(find_referrers(client, root.digest).found) == 1


def test_the_tag_is_written_only_where_it_is_needed(client: WritableRepository) -> None:
    """A registry that lists referrers gets none."""
    root = push(client, "1")
    Attaching(client).attach(root, SIGNER.sign(statement_on(root)), datetime.now(UTC))
    try:
        has_tag = bool(client.head(tag_of(root.digest)))
    except ImageNotFound:
        has_tag = False
    assert has_tag == (listed_by_api(client, root.digest) is None)


@pytest.mark.parametrize("which", ["registry_basic", "registry_bearer"])
def test_with_a_login(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    """Basic, and Bearer with tokens for pushing; without a login, a sentence."""
    found = getattr(stack, which)
    assert isinstance(found, RegistryWithLogin)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    name = RepositoryName(found.address, NAME)
    with pytest.raises(SourceUnavailable, match="docker login"):
        push(WritableRepository(name, Transport(), login_for), "1")
    auth = base64.b64encode(f"{found.username}:{found.password}".encode()).decode()
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {found.address: {"auth": auth}}}))
    client = WritableRepository(name, Transport(), login_for)
    root = push(client, "1")
    Attaching(client).attach(root, SIGNER.sign(statement_on(root)), datetime.now(UTC))
    assert verified(client, root.digest) == 1
