"""What is taken apart of the large image."""

import tarfile
from pathlib import Path

import pytest

from benchmarks import hashing
from benchmarks.large import _layer_digest, _recorded
from tests.images.small import SmallImage, as_archive


def one_layer() -> SmallImage:
    image = SmallImage()
    image.index([image.platform("linux/amd64", [{"srv/app.py": b"X = 1\n"}])])
    return image


def test_the_layer_is_found_through_index_and_manifest(tmp_path: Path) -> None:
    """The digest is that of the stored layer."""
    image = one_layer()
    archive = as_archive(image.into_layout(tmp_path / "layout"), tmp_path / "image.tar")
    with tarfile.open(archive) as tar:
        assert image.blobs[_layer_digest(tar)].startswith(b"\x1f\x8b")


def test_only_files_with_a_hash_are_recorded(tmp_path: Path) -> None:
    """RECORD itself and bytecode have none (PEP 376)."""
    folder = tmp_path / "a-1.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text('a/__init__.py,sha256=x,3\n"a/b,c.py",sha256=y,3\na-1.dist-info/RECORD,,\n')
    assert list(_recorded(tmp_path)) == ["a/__init__.py", "a/b,c.py"]


@pytest.mark.parametrize("flags", [(), ("--hash",)])
def test_hashing_reads_the_files_that_it_is_told(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """With and without hashes; a file that is not there is no measurement."""
    archive = as_archive(one_layer().into_layout(tmp_path / "layout"), tmp_path / "image.tar")
    names = tmp_path / "names"
    names.write_text("/srv/app.py\n")
    assert hashing.main(str(archive), str(names), *flags) == 0
    names.write_text("/srv/other.py\n")
    with pytest.raises(FileNotFoundError):
        hashing.main(str(archive), str(names), *flags)
