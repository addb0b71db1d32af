"""Static evidence and the probe speak of the same module."""

from pathlib import Path
from typing import Any

import pytest

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.facts import Outcome
from spybuild.model.image import ImageConfig
from tests.interpreters.trees import AMD64, Tree
from tests.probe import running

FILES = (
    "app/plugin.py", "app/pkg/__init__.py", "app/pkg/mod.py", "app/pkg/sub/__init__.py", "app/ns/deep/inner.py",
    "app/a/twice.py", "app/b/twice.py", "app/json.py", "app/os.py", "app/with-dash.py", "app/x/with-dash/m.py",
    "app/node_modules/hidden.py", "app/site-packages/hidden.py", "app/class.py", "app/data.txt", "app/abc.py",
    "other/out.py", "other/pk/__init__.py", "other/pk/inner.py",
)  # fmt: skip
NAMES = (
    "plugin.py", "plugin", "pkg/mod.py", "pkg", "pkg.mod", "mod.py", "inner.py", "ns.deep.inner", "twice.py",
    "json.py", "json", "os.py", "with-dash.py", "m.py", "nosuch", "nosuch.py", "nosuch.x", "hidden.py", "./plugin.py",
    "broken.py", "linked.py", "folder/out.py", "out.py", "abc.py", "abc", "data.txt", "class.py", "xml.dom",
    "xml/dom/minidom.py", "minidom.py", "__init__.py", "pkg/__init__.py", "os.path", "ns", "a", "pkg/nosuch.py",
    "../other/out.py", ".", "..", "", "pkg.", "pkg//mod.py", "plugin.py/", "colorsys", "ns/deep", "spam.so",
)  # fmt: skip
PYPY = [each for each in running.interpreters() if "pypy" in each]
BY_PATH = ("other/out.py", "other/pk/inner.py", "app/pkg", "app/data.txt", "app", "nosuch.py", "app/abc.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with every kind of name in it."""
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "app/broken.py").symlink_to("/nowhere")
    (tmp_path / "app/linked.py").symlink_to(tmp_path / "other/out.py")
    (tmp_path / "app/folder").symlink_to(tmp_path / "other")
    return tmp_path


def told_by_search(search: Search, name: str, app: str) -> tuple[object, ...]:
    """Outcome, name, path and candidates."""
    asked = search.requested(name, app, app)
    if asked.found is None:
        name_told = asked.requested if asked.by_import_name else None
        return (asked.outcome, name_told, None, list(asked.candidates))
    return (Outcome.IMPORTED, asked.requested if asked.by_import_name else asked.found.name, asked.found.path, [])


def told_by_probe(module: dict[str, Any]) -> tuple[object, ...]:
    """Outcome, name, path and candidates."""
    return (Outcome(module["outcome"]), module["name"], module["path"], list(module["candidates"]))


@pytest.mark.parametrize("python", [*PYPY, *running.since(3, 12)])
def test_every_name_stands_for_the_module_that_the_probe_finds(python: str, project: Path) -> None:
    """Import names, file names, paths; ambiguous, missing, shadowed, and those that no import could name."""
    app = str(project / "app")
    names = [*NAMES, *(str(project / each) for each in BY_PATH)]
    probe = running.ask(python, names, workdir=app, entry_dir=app, env={"HOME": app})
    config = ImageConfig(workdir=app, env=(f"HOME={app}",))
    files = FolderFiles(Path("/"))
    search = Search(files, read_target(files, config, AMD64, python=python))
    for name, module in zip(names, probe["modules"], strict=True):
        wanted, told = told_by_probe(module), told_by_search(search, name, app)
        if wanted[0] is Outcome.FAILED:  # when the module runs; the search only says which it is
            assert told[0] in (Outcome.FAILED, Outcome.IMPORTED), name
        elif not (told[2] is None and search.module(name) and search.module(name).kind == "unknown"):  # type: ignore[union-attr]
            assert told == wanted, name


def test_a_file_outside_of_the_path_brings_its_folder(tree: Tree) -> None:
    """Its own imports find what lies beside it, as `python path/to/file.py` would."""
    tree.python().write("/srv/tool.py").write("/srv/helper.py")
    search = Search(tree.files, tree.target(workdir="/app"))
    asked = search.requested("/srv/tool.py", "/app", "/app")
    assert asked.found is not None
    assert (asked.found.name, asked.search.target.search_path[0]) == ("tool", "/srv")
    helper = asked.search.module("helper")
    assert helper is not None
    assert helper.path == "/srv/helper.py"
    assert search.module("helper") is None


def test_too_many_files_are_no_answer(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search found that had to end early may be neither all nor the right one."""
    monkeypatch.setattr("spybuild.interpreters.naming._MOST_ENTRIES", 3)
    tree.python().write("/app/a/x.py").write("/app/b/c/x.py").write("/app/d/y.py")
    asked = Search(tree.files, tree.target(workdir="/app")).requested("x.py", "/app", "/app")
    assert (asked.found, asked.outcome) == (None, Outcome.UNREADABLE)
    assert asked.error is not None
    assert "name it by its path" in asked.error[1]


def test_an_init_file_in_the_root_folder_ends_the_way_up(tree: Tree) -> None:
    """The root has no folder above it: its `__init__.py` must not be gone around for ever."""
    tree.python().write("/__init__.py").write("/app/__init__.py").write("/app/m.py")
    asked = Search(tree.files, tree.target(workdir="/app")).requested("m.py", "/app", "/app")
    assert asked.found is not None
    assert (asked.found.name, asked.found.path) == ("app.m", "/app/m.py")


def test_folders_that_links_lead_to_are_not_searched(tree: Tree) -> None:
    """A link to the folder above would make the search endless."""
    tree.python().write("/app/a/x.py").link("/app/a/up", "..").link("/app/b", "a")
    asked = Search(tree.files, tree.target(workdir="/app")).requested("x.py", "/app", "/app")
    assert asked.found is not None
    assert asked.found.path == "/app/a/x.py"
