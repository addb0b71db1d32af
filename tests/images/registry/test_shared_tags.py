"""Tags that several writers add to: nothing that was added is lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import OCI_INDEX
from spybuild.images.registry import shared_tags
from spybuild.images.registry.shared_tags import Form, SharedTag
from spybuild.images.registry.transport import Patience
from tests.fakes.registry import Fault, digest_of, running
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable
from tests.images.small import INDEX, MANIFEST

TAG = "sha256-0"
FORM = Form(
    OCI_INDEX, "manifests", lambda document, listed: encoded({**document, "mediaType": INDEX, "manifests": listed})
)


def encoded(document: Any) -> bytes:
    """JSON."""
    return json.dumps(document).encode()


@pytest.fixture
def registry() -> Iterator[FakeWritableRegistry]:
    """A registry that takes lists of manifests that it does not have."""
    with running(_Lenient()) as server:
        yield server


class _Lenient(FakeWritableRegistry):
    """Does not look at what a list names, and calls `on_write` before a tag is written."""

    on_write: Callable[[], None] = staticmethod(lambda: None)

    def _put(self, name: str, what: str, asked: Any) -> Any:
        self.on_write()
        document = json.loads(asked.body)
        if self.honours_conditions and not self._condition_holds(name, what, asked):
            return 412, {}, b""
        assert isinstance(document["manifests"], list)
        self.manifests[name, what] = asked.headers["content-type"], asked.body
        return 201, {"Docker-Content-Digest": digest_of(asked.body)}, b""


def entry(number: int) -> dict[str, Any]:
    """An entry."""
    return {"mediaType": MANIFEST, "digest": digest_of(str(number).encode()), "size": 1}


def shared(registry: FakeWritableRegistry, locks: Path, **options: Any) -> SharedTag:
    """The tag, as one writer sees it."""
    return SharedTag(writable(registry, **options), TAG, FORM, 0.01, locks)


def listed(registry: FakeWritableRegistry) -> list[str]:
    """What the tag lists."""
    return [each["digest"] for each in json.loads(registry.manifests["shop/api", TAG][1])["manifests"]]


def others_write(registry: FakeWritableRegistry, *numbers: int) -> None:
    """Somebody replaces the list."""
    registry.manifests["shop/api", TAG] = INDEX, encoded({"mediaType": INDEX, "manifests": list(map(entry, numbers))})


def test_entries_are_added_once(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """To what is there; what is there already costs no write."""
    others_write(registry, 1)
    assert shared(registry, tmp_path).add([entry(2), entry(3)]) == 1
    assert listed(registry) == [entry(number)["digest"] for number in (1, 2, 3)]
    assert shared(registry, tmp_path).add([entry(3)]) == 0


def test_what_else_the_document_says_stays(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """Annotations, and entries that are none of ours to judge."""
    odd = [{"size": 3}, 7, entry(1), {**entry(1), "platform": {"os": "x"}}]
    there = {"mediaType": INDEX, "annotations": {"a": "b"}, "manifests": odd}
    registry.manifests["shop/api", TAG] = INDEX, encoded(there)
    shared(registry, tmp_path).add([entry(2)])
    document = json.loads(registry.manifests["shop/api", TAG][1])
    assert document == {**there, "manifests": [*odd, entry(2)]}


def test_the_write_of_a_writer_who_read_earlier_is_made_good(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """It replaces the list right after us; we look again, and add ours to its."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            others_write(registry, 7)

    assert shared(registry, tmp_path, pause=pause).add([entry(1)]) == 2
    assert set(listed(registry)) == {entry(1)["digest"], entry(7)["digest"]}
    assert len(pauses) == 2


def test_what_was_seen_and_is_gone_is_put_back(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """A third writer's entry that the second one has taken away."""
    others_write(registry, 1)
    calls: list[float] = []

    def pause(seconds: float) -> None:
        calls.append(seconds)
        if len(calls) == 1:
            others_write(registry, 9)

    shared(registry, tmp_path, pause=pause).add([entry(2)])
    assert set(listed(registry)) == {entry(number)["digest"] for number in (1, 2, 9)}


def test_a_condition_keeps_others_entries_where_it_is_honoured(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """412 means: read again. The other's entry was never gone."""
    registry.honours_conditions = True
    assert isinstance(registry, _Lenient)
    others_write(registry, 1)
    races = iter([5, 6])

    def race() -> None:
        if (number := next(races, None)) is not None:
            others_write(registry, 1, number)

    registry.on_write = race
    assert shared(registry, tmp_path).add([entry(2)]) == 3
    assert set(listed(registry)) >= {entry(number)["digest"] for number in (1, 2, 6)}


@pytest.mark.parametrize("tag", ['W/"weak"', "", '"another"'])
def test_a_condition_that_can_never_hold_is_dropped(registry: FakeWritableRegistry, tmp_path: Path, tag: str) -> None:
    """A weak entity tag, none, or one that means something else to the registry."""
    registry.honours_conditions = True
    others_write(registry, 1)
    registry.faults = [(f"/manifests/{TAG}", Fault(headers={"ETag": tag}, method="GET"))] * 5
    shared(registry, tmp_path).add([entry(2)])
    assert set(listed(registry)) == {entry(1)["digest"], entry(2)["digest"]}


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=429), Fault(hangs_up=True), Fault(status=409)])
@pytest.mark.parametrize("is_lost", [True, False])
def test_a_write_that_fails_is_looked_into(
    registry: FakeWritableRegistry, tmp_path: Path, fault: Fault, is_lost: bool
) -> None:
    """Whether the registry had done it or not."""
    others_write(registry, 1)
    failing = Fault(fault.status, hangs_up=fault.hangs_up, method="PUT", is_lost=is_lost)
    registry.faults = [(f"/manifests/{TAG}", failing)] * 2
    shared(registry, tmp_path).add([entry(2)])
    assert set(listed(registry)) == {entry(1)["digest"], entry(2)["digest"]}


def test_a_registry_that_drops_what_it_takes_is_found_out(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """201, and nothing there: after a while that is an error."""
    registry.faults = [(f"/manifests/{TAG}", Fault(status=201, is_lost=True, method="PUT"))] * 10_000
    patience = Patience(connect=2, read=0.5, attempts=3, total=0.5, pace=2)
    with pytest.raises(SourceUnavailable, match="does not keep"):
        shared(registry, tmp_path, patience=patience).add([entry(2)])


@pytest.mark.parametrize(("kind", "document"), [(MANIFEST, {"config": {}, "layers": []}), (INDEX, {"manifests": {}})])
def test_what_is_no_list_is_not_touched(
    registry: FakeWritableRegistry, tmp_path: Path, kind: str, document: Any
) -> None:
    """Somebody's image may be called so."""
    registry.manifests["shop/api", TAG] = kind, encoded({"mediaType": kind, "schemaVersion": 2, **document})
    with pytest.raises(ImageInvalid, match="nothing is added"):
        shared(registry, tmp_path).add([entry(1)])
    assert not registry.written()


def test_a_list_does_not_grow_without_end(registry: FakeWritableRegistry, tmp_path: Path) -> None:
    """No reader would read it all."""
    others_write(registry, *range(1000))
    with pytest.raises(ImageInvalid, match="more than 1000"):
        shared(registry, tmp_path).add([entry(1000)])


@pytest.mark.parametrize("has_locks", [True, False])
def test_64_writers_at_once_lose_nothing(
    registry: FakeWritableRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_locks: bool
) -> None:
    """With one lock, as on one machine; and without any, as on 64 machines."""
    if not has_locks:
        monkeypatch.setattr(shared_tags, "alone", lambda *_: nullcontext())

    def add(number: int) -> None:
        client = writable(registry, patience=Patience(), pause=time.sleep)
        SharedTag(client, TAG, FORM, 0.2, tmp_path).add([entry(number)])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(listed(registry)) == {entry(number)["digest"] for number in range(64)}
