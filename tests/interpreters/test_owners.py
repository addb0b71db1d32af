"""The distribution that a module belongs to, as the probe tells it."""

import sys
from pathlib import Path

import pytest

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.owners import Owners
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from tests.interpreters.trees import AMD64, Tree
from tests.probe import running

SITE = "/usr/local/lib/python3.11/site-packages"


def owner(tree: Tree, name: str, path: str | None) -> str:
    """Name and version of the owner."""
    found = Owners(tree.files).owner(name, path, ("/app", SITE))
    return f"{found.name} {found.version}" if found else ""


def test_the_owner_lists_the_file_in_its_record(tree: Tree) -> None:
    """Not the distribution that only looks alike."""
    tree.write(f"{SITE}/yaml_other-1.dist-info/RECORD", "yaml_other.py,,\n")
    tree.write(f"{SITE}/PyYAML-6.0.dist-info/RECORD", "yaml/__init__.py,sha256=x,1\n")
    tree.write(f"{SITE}/PyYAML-6.0.dist-info/METADATA", "Name: PyYAML\nVersion: 6.0\n\nName: no\n")
    assert owner(tree, "yaml", f"{SITE}/yaml/__init__.py") == "PyYAML 6.0"
    assert owner(tree, "yaml.x", f"{SITE}/yaml/x.py") == ""
    assert owner(tree, "yaml", None) == ""


def test_older_distributions_list_their_names_and_editable_ones_too(tree: Tree) -> None:
    """top_level.txt, where there is no RECORD, or the files are elsewhere."""
    tree.write(f"{SITE}/old.egg-info/top_level.txt", "old\n").write(
        f"{SITE}/old.egg-info/PKG-INFO", "Name: Old\nVersion: 1\n"
    )
    tree.write(f"{SITE}/ed-2.dist-info/direct_url.json", '{"dir_info": {"editable": true}}')
    tree.write(f"{SITE}/ed-2.dist-info/top_level.txt", "ed\n").write(
        f"{SITE}/ed-2.dist-info/METADATA", "Name: ed\nVersion: 2\n"
    )
    assert owner(tree, "old", f"{SITE}/old.py") == "Old 1"
    assert owner(tree, "ed.mod", "/src/ed/mod.py") == "ed 2"
    assert owner(tree, "other", "/src/other.py") == ""


@pytest.mark.parametrize("python", [*running.since(3, 12), sys.executable])
def test_owners_are_those_that_the_probe_names(python: str, tmp_path: Path) -> None:
    """Modules of pip and of the standard library, with several interpreters."""
    names = ["pip", "json", "packaging", "yaml"]
    told = running.ask(python, names, workdir=str(tmp_path), env={"HOME": str(tmp_path)})
    files = FolderFiles(Path("/"))
    config = ImageConfig(workdir=str(tmp_path), env=(f"HOME={tmp_path}",))
    search, owners = Search(files, read_target(files, config, AMD64, python=python)), Owners(files)
    for name, module in zip(names, told["modules"], strict=True):
        if module["outcome"] == "imported":
            found = search.module(name)
            assert found is not None
            here = owners.owner(name, found.path, search.target.search_path)
            assert (here and here.model_dump()) == module["distribution"], name
