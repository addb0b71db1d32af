"""Pushing to a registry, and what may go wrong."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry import uploads
from spybuild.images.registry.credentials import Login
from spybuild.images.registry.failures import Interrupted
from spybuild.images.registry.uploads import Sent
from spybuild.images.registry.writing import Conflict, WritableRepository
from spybuild.model.digests import Digest
from tests.fakes.registry import PASSWORD, USER, FakeTokenServer, Fault, _Handler, digest_of, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable
from tests.images.small import INDEX

CONTENT = b"some bytes of a layer" * 1000
BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))
DOCUMENT = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}, indent=5).encode()
EMPTY_INDEX = Descriptor(INDEX, Digest.of(DOCUMENT), len(DOCUMENT))


@pytest.fixture
def registry() -> Iterator[FakeWritableRegistry]:
    """An empty registry."""
    with running(FakeWritableRegistry()) as server:
        yield server


def push(repository: WritableRepository, content: bytes = CONTENT, blob: Descriptor = BLOB) -> Sent:
    """Push these bytes as that blob."""
    return repository.push_blob(blob, lambda: io.BytesIO(content))


def test_a_blob_is_sent_once(registry: FakeWritableRegistry) -> None:
    """It is looked for first."""
    assert push(writable(registry)) is Sent.SENT
    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert push(writable(registry)) is Sent.PRESENT
    assert len(registry.written("/uploads/")) == 2


def test_what_was_sent_or_found_is_not_looked_for_again(registry: FakeWritableRegistry) -> None:
    """The platforms of an image share layers, and attestations their empty config."""
    repository = writable(registry)
    assert (push(repository), push(repository)) == (Sent.SENT, Sent.PRESENT)
    assert len(registry.paths(str(BLOB.digest))) == 1
    registry.asked.clear()
    another = writable(registry)
    assert (push(another), push(another)) == (Sent.PRESENT, Sent.PRESENT)
    assert len(registry.paths("/blobs/")) == 1


@pytest.mark.parametrize("relative", [True, False])
def test_where_to_send_may_be_a_path_or_an_address(registry: FakeWritableRegistry, relative: bool) -> None:
    """With a query of its own, which stays."""
    registry.relative = relative
    push(writable(registry))
    assert registry.asked[-1].query == {"_state": ["opaque"], "digest": [str(BLOB.digest)]}


def test_an_empty_blob(registry: FakeWritableRegistry) -> None:
    """It has a digest, and no body."""
    push(writable(registry), b"", Descriptor("x/y", Digest.of(b""), 0))
    assert registry.blobs[digest_of(b"")] == b""


def test_a_blob_is_mounted_from_another_repository(registry: FakeWritableRegistry) -> None:
    """No bytes go over the line."""
    push(writable(registry, "staging/api"))
    registry.asked.clear()
    assert push(writable(registry, "prod/api", mount_from="staging/api")) is Sent.MOUNTED
    assert ("prod/api", str(BLOB.digest)) in registry.links
    assert not any(each.body for each in registry.asked)


def test_a_registry_that_does_not_mount_gets_the_bytes(registry: FakeWritableRegistry) -> None:
    """202: it gives a place to send to."""
    push(writable(registry, "staging/api"))
    registry.can_mount = False
    assert push(writable(registry, "prod/api", mount_from="staging/api")) is Sent.SENT


@pytest.mark.parametrize("why", ["method", "size"])
def test_a_blob_goes_in_pieces_where_it_cannot_go_at_once(
    registry: FakeWritableRegistry, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The registry does not take it whole, or a proxy limits a request's size."""
    monkeypatch.setattr(uploads, "_PIECE", 4096)
    registry.takes_whole_blobs, registry.largest = why != "method", 4096 if why == "size" else None
    assert push(writable(registry)) is Sent.SENT
    assert registry.blobs[str(BLOB.digest)] == CONTENT
    ranges = [each.headers["content-range"] for each in registry.asked if each.method == "PATCH"]
    assert ranges[:2] == ["0-4095", "4096-8191"]
    assert sum(1 for _ in ranges) == 6


def test_the_least_size_of_a_piece_is_the_registrys(
    registry: FakeWritableRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`OCI-Chunk-Min-Length`."""
    monkeypatch.setattr(uploads, "_PIECE", 4096)
    registry.takes_whole_blobs = False
    minimum = Fault(headers={"OCI-Chunk-Min-Length": "10000"}, method="POST")
    registry.faults = [("/uploads/", minimum)] * 2
    push(writable(registry))
    assert [len(each.body) for each in registry.asked if each.method == "PATCH"] == [10000, 10000, 1000]


def test_a_blob_that_is_too_large_in_pieces_too_is_said_to_be(
    registry: FakeWritableRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, with what to do."""
    monkeypatch.setattr(uploads, "_PIECE", 4096)
    registry.largest = 1000
    with pytest.raises(SourceUnavailable, match="too large: 'request entity too large'") as caught:
        push(writable(registry))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("method", "status"),
    [("PUT", 404), *((method, status) for method in ("POST", "PUT") for status in (429, 500, 502, 503))],
)
def test_an_upload_that_fails_is_begun_anew(registry: FakeWritableRegistry, method: str, status: int) -> None:
    """Its session may be gone; content goes by its digest, so doing it twice is as doing it once."""
    registry.faults = [("/uploads/", Fault(status=status, method=method, is_lost=True))] * 2
    assert push(writable(registry)) is Sent.SENT
    assert registry.blobs[str(BLOB.digest)] == CONTENT


@pytest.mark.parametrize("is_lost", [True, False])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_upload_that_is_cut_is_begun_anew(registry: FakeWritableRegistry, method: str, is_lost: bool) -> None:
    """Whether the registry had done it or not."""
    registry.faults = [("/uploads/", Fault(hangs_up=True, method=method, is_lost=is_lost))] * 2
    assert push(writable(registry)) is Sent.SENT


def test_an_upload_whose_answer_was_lost_is_not_sent_twice(registry: FakeWritableRegistry) -> None:
    """A registry may take its time with a large blob, and a proxy hang up on us meanwhile."""
    registry.faults = [("/uploads/", Fault(hangs_up=True, method="PUT"))]
    assert push(writable(registry)) is Sent.SENT
    assert len([each for each in registry.asked if each.method == "PUT"]) == 1


def test_an_upload_that_fails_again_and_again_is_given_up(registry: FakeWritableRegistry) -> None:
    """After three attempts here."""
    registry.faults = [("/uploads/", Fault(hangs_up=True, method="PUT", is_lost=True))] * 3
    with pytest.raises(Interrupted):
        push(writable(registry))
    registry.faults = [("/uploads/", Fault(status=503, method="PUT", is_lost=True))] * 3
    with pytest.raises(SourceUnavailable, match=r"answers 503.*it was asked for"):
        push(writable(registry))
    assert len([each for each in registry.asked if each.method == "PUT"]) == 6


def test_a_busy_registry_says_how_long_to_wait(registry: FakeWritableRegistry) -> None:
    """429 with Retry-After, in the middle of an upload."""
    pauses: list[float] = []
    busy = Fault(status=429, method="PUT", is_lost=True, headers={"Retry-After": "3"})
    registry.faults = [("/uploads/", busy)]
    push(writable(registry, pause=pauses.append))
    assert pauses == [3]


@pytest.mark.parametrize(
    ("content", "words"), [(CONTENT[:-1] + b"X", "damaged or forged"), (CONTENT[:-1], "1 bytes early")]
)
def test_content_that_is_not_its_digests_is_told(registry: FakeWritableRegistry, content: bytes, words: str) -> None:
    """It is the content's fault, not the registry's; nothing is stored."""
    with pytest.raises(ImageInvalid, match=words):
        push(writable(registry), content)
    assert registry.blobs == {}


def test_a_registry_that_says_another_digest_is_refused(registry: FakeWritableRegistry) -> None:
    """It has understood something else."""
    lie = {"Docker-Content-Digest": digest_of(b"other")}
    registry.faults = [("/uploads/", Fault(headers=lie, method="PUT"))]
    with pytest.raises(ImageInvalid, match="says that it has"):
        push(writable(registry))
    registry.faults = [("/manifests/", Fault(headers=lie, method="PUT"))]
    with pytest.raises(ImageInvalid, match="says that it has"):
        writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT, "1")


@pytest.mark.parametrize("place", ["", "http://127.0.0.1:99999/x", "http://127.0.0.1:port/", "http://[", "//[::1"])
def test_a_registry_that_does_not_say_where_to_send(registry: FakeWritableRegistry, place: str) -> None:
    """There is nothing to be done; an address that none can be was a crash."""
    registry.faults = [("/uploads/", Fault(headers={"Location": place}, method="POST"))]
    with pytest.raises(ImageInvalid, match="where to send"):
        push(writable(registry))


class _Zeros(io.RawIOBase):
    """Gives zeros without end."""

    def read(self, size: int = -1, /) -> bytes:
        return bytes(size)


def test_a_large_blob_is_never_in_memory(registry: FakeWritableRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB are sent with less than 4 MiB held, to a server that drops them."""
    blob = Descriptor("x/y", Digest("sha256", "0" * 64), 64 << 20)
    monkeypatch.setattr(_Handler, "do_PUT", _dropping)
    tracemalloc.start()
    with pytest.raises(ImageInvalid, match="damaged or forged"):
        writable(registry).push_blob(blob, lambda: _Zeros())  # type: ignore[arg-type, return-value]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def _dropping(handler: _Handler) -> None:
    """Take a body without keeping it, and refuse."""
    left = int(handler.headers["Content-Length"])
    while left:
        left -= len(handler.rfile.read(min(left, 1 << 16)))
    handler.send_response(400)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def test_a_manifest_keeps_its_bytes_and_type(registry: FakeWritableRegistry) -> None:
    """Under its digest, and under a tag."""
    client = writable(registry)
    client.push_manifest(EMPTY_INDEX, DOCUMENT)
    client.push_manifest(EMPTY_INDEX, DOCUMENT, "1")
    assert registry.manifests["shop/api", "1"] == (INDEX, DOCUMENT)
    assert client.manifest("1") == (EMPTY_INDEX, DOCUMENT)
    assert client.has_manifest(EMPTY_INDEX)
    assert not client.has_manifest(Descriptor(INDEX, Digest.of(b"x"), 1))


def test_a_registry_may_tell_that_it_lists_referrers(registry: FakeWritableRegistry) -> None:
    """`OCI-Subject`."""
    registry.faults = [("/manifests/", Fault(headers={"OCI-Subject": "sha256:0"}, method="PUT"))]
    assert writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT)
    assert not writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT)


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=429), Fault(hangs_up=True)])
def test_a_manifest_is_sent_again(registry: FakeWritableRegistry, fault: Fault) -> None:
    """The same bytes under the same name."""
    registry.faults = [("/manifests/", fault)] * 2
    writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT, "1")
    assert registry.manifests["shop/api", "1"] == (INDEX, DOCUMENT)


def test_with_a_condition_a_failure_is_told_and_nothing_is_sent_again(registry: FakeWritableRegistry) -> None:
    """Somebody else may have written meanwhile."""
    registry.honours_conditions = True
    client = writable(registry)
    client.push_manifest(EMPTY_INDEX, DOCUMENT, "1", {"If-None-Match": "*"})
    with pytest.raises(Conflict):
        client.push_manifest(EMPTY_INDEX, DOCUMENT, "1", {"If-None-Match": "*"})
    client.push_manifest(EMPTY_INDEX, DOCUMENT, "1", {"If-Match": client.tagged("1")[2]})
    registry.asked.clear()
    for fault, error in ((Fault(status=503), Conflict), (Fault(hangs_up=True), Interrupted)):
        registry.faults = [("/manifests/", fault)]
        with pytest.raises(error):
            client.push_manifest(EMPTY_INDEX, DOCUMENT, "1", {})
    assert len(registry.written("/manifests/")) == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not let us write shop/api"),
        (403, "does not let us write shop/api"),
        (404, "has no place for shop/api"),
        (413, "too large"),
        (429, "asked too often"),
        (500, "answers 500"),
        (400, "answers 400"),
    ],
)
def test_a_no_tells_the_registrys_words(registry: FakeWritableRegistry, status: int, words: str) -> None:
    """They say more than a number."""
    registry.faults = [("/manifests/", Fault(status=status))] * 3
    with pytest.raises(SourceUnavailable, match=f"{words.replace('shop', '.*shop')}.*it was asked for"):
        writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT, "1")


@pytest.mark.parametrize("condition", [None, {}])
@pytest.mark.parametrize("code", ["DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"])
def test_a_manifest_refused_while_another_sends_its_blob_is_sent_again(
    registry: FakeWritableRegistry, code: str, condition: dict[str, str] | None
) -> None:
    """Docker-registry says `DIGEST_INVALID` while somebody else writes its link to the same blob."""
    early = Fault(status=400, method="PUT", is_lost=True, body=json.dumps({"errors": [{"code": code}]}).encode())
    registry.faults = [("/manifests/", early)] * 2
    writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT, "1", condition)
    assert registry.manifests["shop/api", "1"] == (INDEX, DOCUMENT)
    registry.faults = [("/manifests/", early)] * 9
    with pytest.raises(SourceUnavailable, match=f"answers 400 when given .*{code}"):
        writable(registry).push_manifest(EMPTY_INDEX, DOCUMENT, "2", condition)


def test_threads_send_the_same_blob_once(registry: FakeWritableRegistry) -> None:
    """The platforms of an image are attested side by side, and each attestation has the same empty config."""
    repository = writable(registry)
    with ThreadPoolExecutor(4) as threads:
        sent = sorted(threads.map(lambda _: push(repository), range(4)))
    assert sent == sorted([Sent.SENT, *[Sent.PRESENT] * 3])
    assert len(registry.written("/uploads/")) == 2


def test_a_manifest_without_its_blobs_is_refused_by_the_registry(registry: FakeWritableRegistry) -> None:
    """Its words are ours."""
    content = json.dumps({"schemaVersion": 2, "manifests": [{"digest": digest_of(b"x")}]}).encode()
    with pytest.raises(SourceUnavailable, match="manifest unknown"):
        writable(registry).push_manifest(Descriptor(INDEX, Digest.of(content), len(content)), content)


def test_a_token_is_for_pushing_and_for_the_repository_that_is_mounted_from(registry: FakeWritableRegistry) -> None:
    """Two scopes, in one question; of another registry's repository there is nothing to ask."""
    push(writable(registry, "staging/api"))
    with running(FakeTokenServer()) as tokens:
        registry.challenge, registry.allows = (
            f'Bearer realm="http://{tokens.address}/token",service="s"',
            tokens.accepts,
        )
        client = writable(registry, "prod/api", lambda: Login(USER, PASSWORD), "staging/api")
        assert push(client) is Sent.MOUNTED
        assert tokens.asked[0].query["scope"] == ["repository:prod/api:pull,push", "repository:staging/api:pull"]
        writable(registry, "prod/api", lambda: Login(identity_token="it"), "staging/api").has_blob(BLOB.digest)
        assert tokens.asked[-1].form["scope"] == ["repository:prod/api:pull,push repository:staging/api:pull"]


def test_a_token_that_runs_out_during_an_upload_is_renewed(registry: FakeWritableRegistry) -> None:
    """Each is good for one request; the content is read again from its beginning."""
    with running(FakeTokenServer()) as tokens:
        tokens.uses = 1
        registry.challenge, registry.allows = f'Bearer realm="http://{tokens.address}/token"', tokens.accepts
        assert push(writable(registry, login=lambda: Login(USER, PASSWORD))) is Sent.SENT
        assert len(tokens.given) > 1
    assert registry.blobs[str(BLOB.digest)] == CONTENT


def test_a_login_does_not_go_to_where_the_bytes_go(registry: FakeWritableRegistry) -> None:
    """An upload's address may be a storage service's."""
    registry.challenge, registry.allows = 'Basic realm="r"', lambda header: header.startswith("Basic ")
    with running(FakeWritableRegistry()) as storage:
        elsewhere = {"Location": f"http://{storage.address}/v2/x/blobs/uploads/s"}
        storage._uploads["s"] = bytearray()
        client = writable(registry, login=lambda: Login(USER, PASSWORD))
        client.has_blob(BLOB.digest)
        registry.faults = [("/uploads/", Fault(headers=elsewhere, method="POST"))]
        assert push(client) is Sent.SENT
        assert storage.asked[-1].body == CONTENT
        assert "authorization" not in storage.asked[-1].headers
    assert "authorization" in registry.asked[-1].headers


def test_bytes_go_over_tls_or_on_this_machine(registry: FakeWritableRegistry) -> None:
    """Wherever the registry sends us."""
    registry.faults = [("/uploads/", Fault(headers={"Location": "http://storage.example/x"}, method="POST"))]
    with pytest.raises(SourceUnavailable, match="plain 'http'"):
        push(writable(registry))


def test_mounting_from_another_registry_is_not_tried(registry: FakeWritableRegistry) -> None:
    """It has nothing there."""
    from spybuild.images.registry.names import RepositoryName
    from tests.images.registry.asking import hasty

    other = RepositoryName("registry.example", "staging/api")
    client = WritableRepository(RepositoryName(registry.address, "prod/api"), hasty(), lambda _: None, other)
    push(client)
    posted: list[Any] = [each for each in registry.asked if each.method == "POST"]
    assert posted[0].query == {}
