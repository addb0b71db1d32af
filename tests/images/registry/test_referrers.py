"""What is attached to an image."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.errors import SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.oci.documents import read_document
from spybuild.images.registry.referrers import Referrers, find_referrers, may_be, read_entries
from spybuild.model.digests import Digest
from tests.fakes.registry import FakeRegistry, Fault, running
from tests.images.registry.asking import repository
from tests.images.small import INDEX, MANIFEST, SmallImage, encoded

SUBJECT = Digest.of(b"an image")
BUNDLE, SBOM = "application/vnd.dev.sigstore.bundle.v0.3+json", "application/spdx+json"
EMPTY = "application/vnd.oci.empty.v1+json"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with the referrers API."""
    with running(FakeRegistry()) as server:
        server.referrers = {}
        yield server


def attach(registry: FakeRegistry, kind: str, *, told: str | None = None, note: str = "") -> dict[str, Any]:
    """An artifact about the subject; `told` is what its entry says it is."""
    image = SmallImage()
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": image.blob(b"{}", EMPTY), "layers": [],
        "subject": {"mediaType": MANIFEST, "digest": str(SUBJECT), "size": 8}, "annotations": {"note": note},
    }  # fmt: skip
    entry = image.document(manifest)
    registry.add("shop/api", image.documents, image.blobs)
    return {**entry, "artifactType": kind if told is None else told}


def by_api(registry: FakeRegistry, *entries: dict[str, Any]) -> None:
    """What the API answers."""
    assert registry.referrers is not None
    registry.referrers[str(SUBJECT)] = list(entries)


def by_tag(registry: FakeRegistry, *entries: dict[str, Any]) -> None:
    """What the tag holds."""
    index = encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)})
    registry.manifests["shop/api", f"sha256-{SUBJECT.hex}"] = INDEX, index


def look(registry: FakeRegistry) -> Referrers:
    """What is found."""
    return find_referrers(repository(registry), SUBJECT)


def found(registry: FakeRegistry, kind: str = "") -> list[str]:
    """The digests found that may be of a type."""
    return [str(each.digest) for each in look(registry).found if may_be(each, kind)]


def test_nothing_is_attached(registry: FakeRegistry) -> None:
    """With the API and without."""
    assert found(registry) == []
    registry.referrers = None
    assert found(registry) == []


def test_both_ways_are_read_and_merged(registry: FakeRegistry) -> None:
    """Registries exist that have the API, and clients that write the tag all the same."""
    one, two, three = (attach(registry, BUNDLE, note=note) for note in "123")
    by_api(registry, one, two)
    by_tag(registry, two, three)
    assert found(registry) == [one["digest"], two["digest"], three["digest"]]


def test_the_tag_alone(registry: FakeRegistry) -> None:
    """A registry without the API answers 404 there."""
    entry = attach(registry, BUNDLE)
    registry.referrers = None
    by_tag(registry, entry)
    assert found(registry) == [entry["digest"]]


@pytest.mark.parametrize("status", [400, 404, 405, 406, 501])
def test_some_noes_mean_no_api(registry: FakeRegistry, status: int) -> None:
    """Others mean that we do not know."""
    by_tag(registry, attach(registry, BUNDLE))
    registry.faults = [("/referrers/", Fault(status=status))]
    assert len(found(registry)) == 1


@pytest.mark.parametrize("status", [401, 403, 500])
def test_other_noes_leave_us_ignorant(registry: FakeRegistry, status: int) -> None:
    """No evidence found and no evidence seen are two things."""
    registry.faults = [("/referrers/", Fault(status=status))] * 3
    with pytest.raises(SourceUnavailable):
        found(registry)


def test_a_page_for_people_is_no_api(registry: FakeRegistry) -> None:
    """Some answer 200 to everything."""
    registry.faults = [("/referrers/", Fault(body=b"<html>", headers={"Content-Type": "text/html"}))]
    assert found(registry) == []


def test_the_filter_is_ours(registry: FakeRegistry) -> None:
    """Entries that say nothing, or the config's type, have to be looked into; what they say for sure is believed."""
    right, empty = attach(registry, BUNDLE), attach(registry, BUNDLE, told=EMPTY, note="e")
    sbom, silent = attach(registry, SBOM), attach(registry, BUNDLE, told="", note="s")
    by_api(registry, right, empty, sbom, silent)
    assert found(registry, BUNDLE) == [right["digest"], empty["digest"], silent["digest"]]
    assert not registry.paths(right["digest"])


def test_the_entry_that_tells_the_type_is_believed(registry: FakeRegistry) -> None:
    """One list may have the config's type where the other has the artifact's."""
    entry = attach(registry, SBOM)
    by_api(registry, {**entry, "artifactType": EMPTY})
    by_tag(registry, entry)
    assert found(registry, BUNDLE) == []


@pytest.mark.parametrize(
    "bad", [{"mediaType": MANIFEST}, {}, {"digest": 1}, {"Digest": "x", "digest": "y"}, "text", None]
)
def test_a_bad_entry_hides_no_good_one(registry: FakeRegistry, bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    """In either list; it is told, and the log says so."""
    one, two = attach(registry, BUNDLE, note="1"), attach(registry, BUNDLE, note="2")
    by_api(registry, bad, one)
    by_tag(registry, bad, two)
    result = look(registry)
    assert [str(each.digest) for each in result.found] == [one["digest"], two["digest"]]
    assert len(result.problems) == 2
    assert "manifests[0]" in caplog.text


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b"{" * 100_000])
def test_a_list_that_cannot_be_read_hides_no_other(registry: FakeRegistry, content: bytes) -> None:
    """The API's, or the tag's."""
    entry = attach(registry, BUNDLE)
    by_api(registry, entry)
    registry.manifests["shop/api", f"sha256-{SUBJECT.hex}"] = INDEX, content
    assert found(registry) == [entry["digest"]]
    by_tag(registry, entry)
    registry.faults = [("/referrers/", Fault(body=content))]
    assert found(registry) == [entry["digest"]]
    assert look(registry).has_api


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([MANIFEST, str(SUBJECT)]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["mediaType", "digest", "size", "annotations", "x"]), inner)
    ),
    max_leaves=20,
)


@given(JSON | st.lists(JSON))
def test_a_list_may_hold_anything(listed: Any) -> None:
    """Whatever JSON there is: descriptors come out, and sentences; never an error."""
    problems: list[str] = []
    found = list(read_entries(read_document(json.dumps({"manifests": listed}).encode(), "it"), "manifests", problems))
    assert all(isinstance(each, Descriptor) for _, each in found)
    assert len(found) + len(problems) == (len(listed) if isinstance(listed, list) else 0) or len(problems) == 50


def test_pages_are_followed(registry: FakeRegistry) -> None:
    """To the last."""
    entries = [attach(registry, BUNDLE, note=str(number)) for number in range(7)]
    registry.page = 3
    by_api(registry, *entries)
    assert len(found(registry)) == 7
    assert len(registry.paths("/referrers/")) == 3


def test_pages_on_another_server_are_not_followed(registry: FakeRegistry) -> None:
    """Our login would go along."""
    entry = attach(registry, BUNDLE)
    by_api(registry, entry)
    registry.faults = [("/referrers/", Fault(headers={"Link": '<http://127.0.0.1:9/v2/x>; rel="next"'}))]
    result = look(registry)
    assert [str(each.digest) for each in result.found] == [entry["digest"]]
    assert "another server" in result.problems[0]


def test_pages_without_end_are_not_followed(registry: FakeRegistry) -> None:
    """A hundred are enough."""
    registry.faults = [("/referrers/", Fault(headers={"Link": '<?start=0>; rel="next"'}))] * 150
    assert "100 pages" in look(registry).problems[0]
    assert len(registry.paths("/referrers/")) == 100


def test_no_more_than_a_thousand_are_looked_at(registry: FakeRegistry) -> None:
    """Who may push could drown the evidence otherwise; it is told."""
    by_api(
        registry,
        *({"mediaType": MANIFEST, "digest": str(Digest.of(str(number).encode())), "size": 1} for number in range(1100)),
    )
    result = look(registry)
    assert len(result.found) == 1000
    assert "1100 referrers" in result.problems[0]


def test_the_problems_are_bounded_too(registry: FakeRegistry) -> None:
    """Ten thousand bad entries do not fill the memory with sentences."""
    by_api(registry, *({} for _ in range(10_000)))
    assert len(look(registry).problems) == 50


def test_a_tag_that_is_no_index_has_no_referrers(registry: FakeRegistry) -> None:
    """Somebody may have called an image so."""
    image = SmallImage()
    entry = image.platform("linux/amd64", [{"a": b""}])
    registry.manifests["shop/api", f"sha256-{SUBJECT.hex}"] = MANIFEST, image.documents[entry["digest"]][1]
    assert found(registry) == []
