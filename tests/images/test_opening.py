"""From a reference to an image."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spybuild.daemon.address import Address
from spybuild.daemon.api import EngineApi
from spybuild.errors import EngineUnavailable, ImageInvalid, ImageNotFound, SourceUnavailable, SpyBuildError, UsageError
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source, split_path
from spybuild.images.registry.transport import Transport
from spybuild.images.source import Source
from tests.fakes.registry import FakeRegistry, Fault, digest_of, running
from tests.images.registry.asking import hasty
from tests.images.small import MANIFEST, as_archive, two_platforms

BOTH = ["linux/amd64", "linux/arm64"]
_opened: list[Source] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Sources are closed after each test."""
    yield
    while _opened:
        _opened.pop().close()


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """An empty registry."""
    with running(FakeRegistry()) as server:
        yield server


def nowhere() -> EngineApi:
    """A daemon that is not there."""
    return EngineApi(Address("unix:///nowhere/docker.sock"))


def opened(reference: str, store: LayerStore | None = None, transport: Transport | None = None) -> Source:
    """The source that a reference names."""
    source = open_source(reference, store=store or LayerStore(), client=nowhere, transport=transport or hasty())
    _opened.append(source)
    return source


def platforms(reference: str) -> list[str]:
    """An image's platforms."""
    return [str(each.platform) for each in opened(reference).image().platforms]


def all_of(source: Source) -> list[object]:
    """Everything a source tells of an image, but for what it is called."""
    image = source.image()
    told: list[object] = [image.digest, image.kind]
    for each in image.platforms:
        files = source.files(each)
        told += [
            each.platform,
            each.digest,
            source.config(each),
            [(entry, files.read(entry.path) if entry.size else b"") for entry in files.walk()],
        ]
    return told


def test_every_source_tells_the_same(registry: FakeRegistry, tmp_path: Path) -> None:
    """Platforms, digests, configs, files: byte for byte."""
    image = two_platforms()
    layout = image.into_layout(tmp_path / "layout", "1")
    archive = as_archive(layout, tmp_path / "a.tar")
    references = [
        image.into_registry(registry), f"oci-dir://{layout}", f"oci-dir://{layout}:1", f"oci-archive://{archive}",
        f"docker-archive://{archive}:1", f"oci-archive://{archive}@{image.root['digest']}",
        f"registry://{registry.address}/shop/api:nonsense@{image.root['digest']}",
    ]  # fmt: skip
    told = [all_of(opened(reference)) for reference in references]
    assert all(each == told[0] for each in told)
    assert len(told[0]) == 10


def test_what_is_known_is_not_fetched_again(registry: FakeRegistry, tmp_path: Path) -> None:
    """Each layer once, shared ones too; the next time, manifests and configs only."""
    image = two_platforms()
    reference, store = image.into_registry(registry), LayerStore(LayerCache(tmp_path / "cache"))
    all_of(opened(reference, store))
    layers = [digest for digest, content in image.blobs.items() if content.startswith(b"\x1f\x8b")]
    fetched = [path.rpartition("/")[2] for path in registry.paths("/blobs/")]
    assert sorted(each for each in fetched if each in layers) == sorted(layers)
    registry.asked.clear()
    transport = hasty()
    again = opened(reference, LayerStore(LayerCache(tmp_path / "cache")), transport)
    all_of(again)
    assert [path for path in registry.paths("/blobs/") if path.rpartition("/")[2] in layers] == []
    assert transport.requests == len(registry.asked) == 6  # /v2/, the index, two manifests, two configs


def test_the_index_alone_is_fetched_to_know_the_platforms(registry: FakeRegistry) -> None:
    """Registries count what is pulled."""
    platforms(two_platforms().into_registry(registry))
    assert len(registry.paths("/manifests/")) == 1
    assert registry.paths("/blobs/") == []


def test_a_name_is_the_daemons_or_else_the_registrys(registry: FakeRegistry) -> None:
    """Without a daemon it is read from the registry."""
    assert platforms(two_platforms().into_registry(registry).removeprefix("registry://")) == BOTH


def test_a_name_that_nobody_knows_says_so_of_both(registry: FakeRegistry) -> None:
    """Whichever is to be mended, the message names it."""
    with pytest.raises(ImageNotFound, match=r"no Docker daemon answers.*; and .*has no image"):
        opened(f"{registry.address}/nothing:1")
    registry.faults = [("/v2/", Fault(status=500))] * 3
    with pytest.raises(SourceUnavailable, match=r"no Docker daemon answers.*; and .*answers 500"):
        opened(f"{registry.address}/nothing:1")


def test_docker_means_the_daemon() -> None:
    """No registry is asked in its place."""
    with pytest.raises(EngineUnavailable):
        opened("docker://python:3.13").image()


def test_an_image_id_is_the_daemons(registry: FakeRegistry) -> None:
    """Registries do not know it."""
    with pytest.raises(EngineUnavailable):
        opened(f"sha256:{'a' * 64}")


@pytest.mark.parametrize(
    "reference",
    [
        "", "UPPER", "ftp://h.example/a", "registry://", "docker://", "oci-dir://", "registry://h.example/A",
        "registry://ann:hunter2@h.example/a", f"registry://h.example/a@md5:{'a' * 32}", f"registry://sha256:{'a' * 64}",
        "docker://a b", "oci-dir://a\0b", "registry://../../etc",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_a_mistake_of_the_command_line(reference: str) -> None:
    """Exit code 2, and no password is shown."""
    with pytest.raises(UsageError) as caught:
        opened(reference)
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)


def test_a_path_may_hold_colons(tmp_path: Path) -> None:
    """What exists is the path; behind it come tag and digest."""
    digest = digest_of(b"")
    path = tmp_path / "a:b@c"
    path.mkdir()
    for suffix, tag, expected in (
        ("", "", None),
        (":1", "1", None),
        (f"@{digest}", "", digest),
        (f":h:5/x:1@{digest}", "h:5/x:1", digest),
    ):
        found = split_path(f"{path}{suffix}")
        assert (found[0], found[1], str(found[2]) if found[2] else None) == (path, tag, expected)


@pytest.mark.parametrize("scheme", ["oci-dir", "oci-archive", "docker-archive", "rootfs"])
@pytest.mark.parametrize("suffix", ["", ":1", f"@{digest_of(b'')}"])
def test_a_path_that_is_not_there(tmp_path: Path, scheme: str, suffix: str) -> None:
    """One clear message for each."""
    with pytest.raises(ImageNotFound):
        opened(f"{scheme}://{tmp_path}/nothing{suffix}")


def test_a_layer_that_is_damaged_in_the_registry(registry: FakeRegistry, tmp_path: Path) -> None:
    """It is refused, nothing of it is kept, and the sound one is read the next time."""
    image = two_platforms()
    reference, store = image.into_registry(registry), LayerStore(LayerCache(tmp_path / "cache"))
    digest = next(digest for digest, content in image.blobs.items() if content.startswith(b"\x1f\x8b"))
    sound = registry.blobs[digest]
    for damaged in (sound[:-8] + b"01234567", sound[:20] + b"x" * 8 + sound[28:]):
        registry.faults = [(digest, Fault(body=damaged))]
        with pytest.raises(ImageInvalid):
            all_of(opened(reference, store))
    assert len(all_of(opened(reference, store))) == 10


def test_a_closed_source_leaves_nothing(tmp_path: Path) -> None:
    """No file of it stays open."""
    archive = as_archive(two_platforms().into_layout(tmp_path / "layout", "1"), tmp_path / "a.tar")
    before = set(Path("/proc/self/fd").iterdir())
    source = open_source(f"oci-archive://{archive}", store=LayerStore())
    source.image()
    source.close()
    assert set(Path("/proc/self/fd").iterdir()) <= before


@pytest.mark.parametrize("scheme", ["oci-dir", "oci-archive", "rootfs"])
def test_a_path_that_the_system_refuses(scheme: str) -> None:
    """Too long: no crash."""
    with pytest.raises(ImageNotFound):
        opened(f"{scheme}://{'a' * 5000}:1")


def test_errors_have_exit_code_3(registry: FakeRegistry, tmp_path: Path) -> None:
    """All that is about the world around us."""
    (tmp_path / "a.tar").write_bytes(b"x" * 2000)
    (tmp_path / "layout").mkdir()
    registry.manifests["a", "1"] = MANIFEST, json.dumps({"mediaType": MANIFEST}).encode()
    for reference in (
        f"registry://{registry.address}/nothing", f"registry://{registry.address}/a:1", "docker://python",
        f"oci-archive://{tmp_path}/a.tar", f"oci-dir://{tmp_path}/layout", f"rootfs://{tmp_path}/layout",
    ):  # fmt: skip
        with pytest.raises(SpyBuildError) as caught:
            opened(reference).image()
        assert caught.value.exit_code == 3
        assert "\n\n" not in str(caught.value)
