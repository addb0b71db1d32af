"""Soundness that is kept between runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from spybuild.images.files import Files
from spybuild.images.layers.cache import LayerCache
from spybuild.images.rootfs import FolderFiles
from spybuild.integrity import keeping
from spybuild.integrity.keeping import soundness_of
from spybuild.model.digests import Digest
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import Soundness
from spybuild.model.target import Target
from tests.integrity.making import AMD64, SITE, distribution, put, target

MANIFEST = Digest.of(b"manifest")
SECRET = "hunter2hunter2"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root filesystem with a distribution, in which nothing is undecided."""
    (tmp_path / "root").mkdir()
    distribution(tmp_path / "root", "shop", "1.0", {"shop/__init__.py": ""})
    return tmp_path / "root"


@pytest.fixture
def kept(tmp_path: Path) -> LayerCache:
    """An empty cache."""
    return LayerCache(tmp_path / "cache")


def ask(
    kept: LayerCache | None,
    root: Path,
    manifest: Digest | None = MANIFEST,
    *,
    of: Target | None = None,
    secrets: tuple[str, ...] = (),
) -> Soundness:
    """The soundness of the tree, as if it were that manifest's."""
    files: Files = FolderFiles(root)
    config = ImageConfig(env=(f"TOKEN={SECRET}",))
    return soundness_of(kept, manifest, files, of or target(), AMD64, config, secrets=secrets)


def notes(tmp_path: Path) -> list[Path]:
    """What is kept."""
    return sorted((tmp_path / "cache").glob("*.note"))


def test_what_is_known_of_a_manifest_is_not_gathered_again(kept: LayerCache, root: Path) -> None:
    """The second answer is the first one, word for word: the tree is not looked at (here, it has changed)."""
    first = ask(kept, root)
    put(root, f"{SITE}/shop/__init__.py", "edited = True\n")
    assert ask(kept, root) == first == ask(LayerCache(root.parent / "cache"), root)
    assert ask(None, root) != first


def test_another_question_has_another_answer(kept: LayerCache, root: Path, tmp_path: Path) -> None:
    """Another manifest, none, another interpreter, other secrets' names: each is gathered for itself."""
    first = ask(kept, root)
    put(root, f"{SITE}/shop/__init__.py", "edited = True\n")
    assert ask(kept, root, Digest.of(b"other")) != first
    assert ask(kept, root, None) != first
    assert ask(kept, root, of=replace(target(), executable="/usr/bin/python3")) != first
    assert ask(kept, root, secrets=("TOKEN",)) != first
    assert len(notes(tmp_path)) == 4


def test_a_secrets_value_is_in_no_note_and_no_name(kept: LayerCache, root: Path, tmp_path: Path) -> None:
    """Names are kept, values are not."""
    assert ask(kept, root, secrets=("TOKEN",)).leaks
    (note,) = notes(tmp_path)
    assert SECRET.encode() not in note.read_bytes()
    assert SECRET not in note.name
    assert note.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 31])
def test_a_damaged_note_is_gathered_anew(kept: LayerCache, root: Path, tmp_path: Path, damage: bytes) -> None:
    """Cut off, or changed in one byte: it is not believed."""
    first = ask(kept, root)
    (note,) = notes(tmp_path)
    content = note.read_bytes()
    for broken in (damage, content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
        note.write_bytes(broken)
        assert ask(kept, root) == first
        assert note.read_bytes() == content


def test_a_note_that_is_no_soundness_is_gathered_anew(kept: LayerCache, root: Path, tmp_path: Path) -> None:
    """As of another version of this program."""
    first = ask(kept, root)
    (note,) = notes(tmp_path)
    kept.remember(note.stem, b'{"python": 1}')
    assert ask(kept, root) == first


def test_a_doubt_is_not_kept(kept: LayerCache, root: Path, tmp_path: Path) -> None:
    """It may be of the surroundings, and gone the next time."""
    put(root, f"{SITE}/shop-1.0.dist-info/RECORD", "shop/__init__.py,md5=abc,0\n")
    assert ask(kept, root).undecided
    assert notes(tmp_path) == []


def test_what_other_code_found_out_is_not_believed(
    kept: LayerCache, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even under the same version's number."""
    ask(kept, root)
    monkeypatch.setattr(keeping, "_code", lambda: "other")
    ask(kept, root)
    assert len(notes(tmp_path)) == 2
