"""Layers indexed once, kept in a cache, and read again only where they must be."""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from spybuild.errors import EnvironmentProblem, ImageInvalid, UsageError
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.store import LayerStore
from spybuild.model.digests import Digest
from tests.images.layers.making import Counted, hard_link, layer_of, tar_of

BIG = bytes(range(256)) * 500
TAR = tar_of(
    ("app/a.py", b"X = 1\n"), ("app/data.bin", BIG), ("app/other.bin", BIG + b"2"), hard_link("link", "app/data.bin")
)


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    """An empty cache."""
    return LayerCache(tmp_path / "layers")


def entries(tmp_path: Path) -> list[Path]:
    """What is in the cache's folder."""
    return sorted((tmp_path / "layers").iterdir())


def test_a_layer_is_read_once(cache: LayerCache) -> None:
    """The second store finds it in the cache, with contents, hashes and links."""
    counted = Counted(TAR)
    for _ in range(3):
        files = LayerStore(cache).files([counted.layer])
        assert files.read("/app/a.py") == b"X = 1\n"
        assert files.names("/app") == ("a.py", "data.bin", "other.bin")
    assert counted.opened == 1


def test_without_a_cache_folder_it_works_too() -> None:
    """One process still reads a layer once, also for two platforms at the same time."""
    counted = Counted(TAR)
    store = LayerStore()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: store.files([counted.layer]), range(4)))
    assert [files.read("/app/a.py") for files in found] == [b"X = 1\n"] * 4
    assert counted.opened == 1


def test_contents_that_were_not_kept_come_together(cache: LayerCache) -> None:
    """What is expected is read in one more pass, when the first of it is asked for; hashes cost none."""
    counted = Counted(TAR)
    files = LayerStore(cache).files([counted.layer])
    files.expect(["/app/a.py", "/app/data.bin", "/app/other.bin", "/link", "/none"])
    assert counted.opened == 1
    assert [files.read(path) for path in ("/link", "/app/other.bin", "/app/data.bin")] == [BIG, BIG + b"2", BIG]
    assert files.sha256("/app/data.bin") == hashlib.sha256(BIG).hexdigest()
    assert counted.opened == 2


def test_a_layer_that_changed_since_it_was_indexed(cache: LayerCache) -> None:
    """Its bytes are held against the digests again, and nothing of them is given out."""
    counted = Counted(TAR)
    files = LayerStore(cache).files([counted.layer])
    counted.stored = layer_of(tar_of(("app/a.py", b"X = 2\n"), ("app/data.bin", b"other"))).open().read()
    with pytest.raises(ImageInvalid, match="cannot be used"):
        files.read("/app/data.bin")


def test_nothing_of_a_bad_layer_is_kept(cache: LayerCache, tmp_path: Path) -> None:
    """A wrong digest, found at the very end, leaves the cache empty."""
    for bad in (
        replace(Counted(TAR).layer, diff_id=Digest.of(b"x")), replace(Counted(TAR).layer, digest=Digest.of(b"x")),
        layer_of(TAR[:1000]),
    ):  # fmt: skip
        with pytest.raises(ImageInvalid, match=r"layer sha256:.* cannot be used: "):
            LayerStore(cache).files([bad])
    assert entries(tmp_path) == []


def test_a_cached_tar_does_not_vouch_for_other_stored_bytes(cache: LayerCache) -> None:
    """A manifest that names evil bytes and an honest tar is found out, although that tar is in the cache."""
    LayerStore(cache).files([Counted(TAR).layer])
    evil = layer_of(tar_of(("app/a.py", b"EVIL = 1\n")))
    with pytest.raises(ImageInvalid, match="which the image's config names"):
        LayerStore(cache).files([replace(evil, diff_id=Digest.of(TAR))])


def test_an_uncompressed_layer_is_found_where_it_came_compressed(cache: LayerCache) -> None:
    """A daemon's archive has the tars that a registry has compressed."""
    LayerStore(cache).files([Counted(TAR).layer])
    plain, nameless = Counted(TAR, compression=""), Counted(TAR, compression="")
    assert LayerStore(cache).files([plain.layer]).read("/app/a.py") == b"X = 1\n"
    LayerStore(cache).files([replace(nameless.layer, digest=None, size=None)])
    assert plain.opened == nameless.opened == 0


@pytest.mark.parametrize("damage", ["cut", "rows", "tail", "empty", "description", "another"])
def test_a_damaged_entry_is_made_anew(cache: LayerCache, tmp_path: Path, damage: str) -> None:
    """Cut off, changed anywhere but in contents, or not this layer's: it is dropped and never used."""
    counted = Counted(TAR)
    expected = list(LayerStore(cache).files([counted.layer]).walk())
    (entry,) = entries(tmp_path)
    data = bytearray(entry.read_bytes())
    if damage == "another":
        other = LayerCache(tmp_path / "other")
        LayerStore(other).files([layer_of(tar_of(("b", b"1")))])
        data = bytearray(next((tmp_path / "other").iterdir()).read_bytes())
    at = {"rows": data.rfind(b"app\0data.bin"), "tail": len(data) - 20, "description": data.rfind(b"format")}.get(
        damage, 0
    )
    data[at] ^= 1
    entry.write_bytes(data[: {"cut": len(data) // 2, "empty": 0}.get(damage, len(data))])
    assert list(LayerStore(cache).files([counted.layer]).walk()) == expected
    assert counted.opened == 2
    LayerStore(cache).files([counted.layer])
    assert counted.opened == 2


def test_damaged_contents_are_read_from_the_layer(cache: LayerCache, tmp_path: Path) -> None:
    """Each has a checksum of its own."""
    counted = Counted(TAR)
    LayerStore(cache).files([counted.layer])
    (entry,) = entries(tmp_path)
    entry.write_bytes(entry.read_bytes().replace(b"X = 1\n", b"X = 2\n"))
    files = LayerStore(cache).files([counted.layer])
    assert files.read("/app/a.py") == b"X = 1\n"
    assert counted.opened == 2


def test_hashes_are_made_where_the_cached_index_has_none(cache: LayerCache) -> None:
    """An index without them serves who asks for none, and one with them serves both."""
    counted = Counted(tar_of(("lib/site-packages/x.so", BIG)))
    for hashes, opened in ((False, 1), (False, 1), (True, 2), (True, 2), (False, 2)):
        LayerStore(cache, hashes=hashes).files([counted.layer])
        assert counted.opened == opened
    assert LayerStore(cache).files([counted.layer]).sha256("/lib/site-packages/x.so") == hashlib.sha256(BIG).hexdigest()
    assert counted.opened == 2


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    """What was not used for longest leaves; an index that takes half of the room never enters."""
    cache = LayerCache(tmp_path / "layers", most=60_000)
    layers = [Counted(tar_of((f"{number}.py", bytes([number]) * 15_000))) for number in range(4)]
    for number, each in enumerate(layers):
        LayerStore(cache).files([each.layer])
        for entry in entries(tmp_path):
            os.utime(entry, (time.time() - 100 + number, entry.stat().st_mtime))
    os.utime(entries(tmp_path)[0])
    assert len(entries(tmp_path)) == 3
    assert sum(entry.stat().st_size for entry in entries(tmp_path)) <= 60_000
    huge = Counted(tar_of(("huge.py", b"x" * 40_000)))
    assert LayerStore(cache).files([huge.layer]).read("/huge.py") == b"x" * 40_000
    assert len(entries(tmp_path)) == 3


def test_what_processes_that_died_left_behind(tmp_path: Path) -> None:
    """Unfinished files leave after a day; younger ones are somebody's."""
    cache = LayerCache(tmp_path / "layers")
    old, young = tmp_path / "layers" / "a.tmp", tmp_path / "layers" / "b.tmp"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    LayerStore(cache).files([Counted(TAR).layer])
    assert young.exists()
    assert not old.exists()


def test_the_cache_folder_must_be_ours_alone(tmp_path: Path) -> None:
    """Who can write to it decides what we see, so another's folder, or an open one, is refused."""
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_text("")
    for name in ("open", "link", "file", "file/below"):
        with pytest.raises(UsageError, match="cannot be used"):
            LayerCache(tmp_path / name)
    if os.geteuid() == 0:
        (tmp_path / "theirs").mkdir()
        os.chown(tmp_path / "theirs", 1234, 1234)
        with pytest.raises(UsageError, match="others may write"):
            LayerCache(tmp_path / "theirs")
    LayerCache(tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o700


def test_where_the_cache_is(tmp_path: Path) -> None:
    """By its own variable, by XDG's, by HOME, or nowhere; only its own variable may fail."""
    own, base, home = str(tmp_path / "own"), str(tmp_path / "xdg"), str(tmp_path / "home")
    LayerCache.usual({"SPYBUILD_CACHE_DIR": own, "XDG_CACHE_HOME": base})
    LayerCache.usual({"XDG_CACHE_HOME": base, "HOME": home})
    LayerCache.usual({"XDG_CACHE_HOME": "relative", "HOME": home})
    made = ["own/layers", "xdg/spybuild/layers", "home/.cache/spybuild/layers"]
    assert [path for path in made if (tmp_path / path).is_dir()] == made
    assert LayerCache.usual({}) is LayerCache.usual({"HOME": "/dev/null"}) is None
    with pytest.raises(UsageError):
        LayerCache.usual({"SPYBUILD_CACHE_DIR": "/dev/null"})


def test_processes_may_write_the_same_entry_at_once(tmp_path: Path) -> None:
    """Each ends with a sound index, and one is left."""
    script = (
        "import sys; from pathlib import Path\n"
        "from spybuild.images.layers.cache import LayerCache\n"
        "from spybuild.images.layers.store import LayerStore\n"
        "from tests.images.layers.making import Counted, tar_of\n"
        "counted = Counted(tar_of(('app/a.py', b'X = 1\\n')))\n"
        "files = LayerStore(LayerCache(Path(sys.argv[1]))).files([counted.layer])\n"
        "assert files.read('/app/a.py') == b'X = 1\\n'\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "layers")]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0] * 3
    assert len(entries(tmp_path)) == 1


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no temporary file can be written, that is the error, and not the image's fault."""

    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_: Full())
    with pytest.raises(EnvironmentProblem, match="no room"):
        LayerStore().files([Counted(TAR).layer])


def test_without_any_folder_for_temporary_files_memory_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with a read-only root has none."""

    def none(*_: object) -> io.BytesIO:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    files = LayerStore().files([Counted(TAR).layer])
    assert files.read("/app/data.bin") == BIG


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(entries=3), "more than 3 entries"),
        (Limits(path=5), "too long"),
        (Limits(unpacked=1024), "unpacks to more"),
    ],
)
def test_limits(limits: Limits, why: str) -> None:
    """What goes over one is refused, and the layer is named."""
    layer = layer_of(tar_of(("some/long/" + "path/" * 60, b"1")))
    with pytest.raises(ImageInvalid, match=rf"layer sha256:.*{why}"):
        LayerStore(limits=limits).files([layer])


def test_contents_over_the_limit_are_read_again() -> None:
    """An index keeps no more than it may; the rest costs another pass."""
    counted = Counted(tar_of(("a.py", b"x" * 100), ("b.py", b"y" * 100)))
    files = LayerStore(limits=Limits(kept=150)).files([counted.layer])
    assert files.read("/a.py") + files.read("/b.py") == b"x" * 100 + b"y" * 100
    assert counted.opened == 2


def test_layers_of_other_kinds_are_refused_before_they_are_opened() -> None:
    """Nothing is downloaded of an encrypted layer."""
    counted = Counted(TAR)
    encrypted: Layer = replace(counted.layer, media_type=counted.layer.media_type + "+encrypted")
    with pytest.raises(ImageInvalid, match="encrypted"):
        LayerStore().files([encrypted])
    assert counted.opened == 0


def test_hashes_that_were_not_kept_come_together(cache: LayerCache) -> None:
    """However many files a RECORD names that no index hashed, the layer is read once more, and only if one is asked for."""
    counted = Counted(tar_of(*((f"opt/{number}.bin", BIG + bytes([number])) for number in range(20))))
    files = LayerStore(cache).files([counted.layer])
    files.expect(f"/opt/{number}.bin" for number in range(20))
    assert counted.opened == 1
    found = [files.sha256(f"/opt/{number}.bin") for number in range(20)]
    assert found == [hashlib.sha256(BIG + bytes([number])).hexdigest() for number in range(20)]
    assert counted.opened == 2


def test_notes_share_the_caches_bound(tmp_path: Path) -> None:
    """What was not used for longest leaves, be it an index or a note."""
    cache = LayerCache(tmp_path / "layers", most=3000)
    for number in range(4):
        cache.remember(f"note{number}", bytes(900))
        os.utime(tmp_path / "layers" / f"note{number}.note", (number, number))
    cache.remember("last", bytes(900))
    assert [cache.recall(f"note{number}") is not None for number in range(4)] == [False, False, True, True]
    assert cache.recall("last") == bytes(900)


def test_a_note_is_whole_or_not_there(tmp_path: Path) -> None:
    """Where there is no room for it, nothing of it stays; what is damaged is none."""
    cache = LayerCache(tmp_path / "layers")
    assert cache.recall("none") is None
    (tmp_path / "layers" / "link.note").symlink_to("/etc/passwd")
    assert cache.recall("link") is None
    cache.remember("a", b"content")
    (tmp_path / "layers" / "a.note").write_bytes((tmp_path / "layers" / "a.note").read_bytes()[:-1])
    assert cache.recall("a") is None
    assert [each.suffix for each in entries(tmp_path)] == [".note", ".note"]
