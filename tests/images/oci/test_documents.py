"""JSON of strangers."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import ImageInvalid
from spybuild.images.oci.documents import LARGEST_DOCUMENT, read_archive_list, read_document

WHAT = "the manifest"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"layers": [], "layers": []}',
        b'{"config": {"digest": "a", "digest": "b"}}',
        b'{"annotations": {"a": "\\ud800"}}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_sound_object_is_refused(content: bytes) -> None:
    """Broken JSON, repeated keys, half characters, endless numbers and endless depth: one clear error."""
    with pytest.raises(ImageInvalid, match=WHAT):
        read_document(content, WHAT)


def test_a_huge_document_is_not_parsed() -> None:
    """4 MiB is what registries take as a manifest."""
    with pytest.raises(ImageInvalid, match="larger than 4 MiB"):
        read_document(b" " * (LARGEST_DOCUMENT + 1), WHAT)


@pytest.mark.parametrize("key", ["Layers", "LAYERS", "layer\u017f", "MediaType", "env", "Config"])
def test_a_key_that_only_engines_would_understand_is_refused(key: str) -> None:
    """Go's decoder takes `Layers`, and even a long s at its end, for `layers`: the engine would see layers that we do not."""
    with pytest.raises(ImageInvalid, match="engines would take"):
        read_document(json.dumps({key: []}).encode(), WHAT)


def test_names_of_labels_may_differ_in_case() -> None:
    """They are no keys of a format."""
    node = read_document(b'{"annotations": {"Config": "a", "config": "b", "CONFIG": "c"}}', WHAT)
    assert node.mapping("annotations") == {"Config": "a", "config": "b", "CONFIG": "c"}


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        ("text", 1), ("text", ["a"]), ("number", "1"), ("number", True), ("number", 1.0), ("texts", "a"),
        ("texts", [1]), ("mapping", []), ("mapping", {"a": 1}), ("node", []), ("node", "a"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(read: str, wrong: object) -> None:
    """Nothing is made of a text where a number is due, nor of true."""
    node = read_document(json.dumps({"size": wrong}).encode(), WHAT)
    with pytest.raises(ImageInvalid, match="'size' of the manifest is not"):
        getattr(node, read)("size")


def test_null_is_nothing() -> None:
    """Go writes null for an empty list."""
    node = read_document(b'{"layers": null, "config": null, "mediaType": null, "annotations": null}', WHAT)
    assert (list(node.nodes("layers")), node.node("config"), node.text("mediaType"), node.mapping("annotations")) == (
        [], None, "", {},
    )  # fmt: skip


def test_a_docker_archive_writes_its_keys_large() -> None:
    """`Config` and `Layers` are right in manifest.json, and `config` is not."""
    assert read_archive_list(b'[{"Config": "c", "Layers": []}]', "it")[0].text("Config") == "c"
    with pytest.raises(ImageInvalid, match="engines would take"):
        read_archive_list(b'[{"Config": "c", "config": "d"}]', "it")
    for content in (b"{}", b"[1]", b"[" * 200_000):
        with pytest.raises(ImageInvalid):
            read_archive_list(content, "it")


_VALUES = st.recursive(
    st.none() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(st.binary(max_size=60) | _VALUES.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_document_or_refused(content: bytes) -> None:
    """There is no third outcome."""
    try:
        node = read_document(content, WHAT)
    except ImageInvalid:
        return
    assert node.value == json.loads(content)
