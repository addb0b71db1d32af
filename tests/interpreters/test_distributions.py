"""The distributions that are installed for a target."""

import importlib.metadata
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.distributions import Installed, installed
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from tests.interpreters.trees import AMD64, Tree

SITE = "/usr/local/lib/python3.11/site-packages"


def put(tree: Tree, folder: str, **files: str | bytes) -> Tree:
    """A metadata folder with these files."""
    names = {"direct_url": "direct_url.json", "requires": "requires.txt"}
    for name, content in files.items():
        tree.write(f"{folder}/{names.get(name, name)}", content)
    return tree


def all_of(tree: Tree, *env: str) -> tuple[Installed, ...]:
    """The distributions of the tree's Python."""
    return installed(tree.files, tree.target(*env, workdir="/app"))


def one(tree: Tree) -> Installed:
    """The only distribution."""
    (found,) = all_of(tree)
    return found


@pytest.fixture
def python(tree: Tree) -> Tree:
    """A tree with a Python and nothing installed."""
    return tree.python()


METADATA = """Metadata-Version: 2.1
Name: Typing_Extensions
Version: 4.9.0
Requires-Python: >=3.8
Requires-Dist: a>=1; python_version < "3.9"
Requires-Dist: b[x]~=2.0 ; extra == 'fast'
Provides-Extra: Fast_One

Name: not-this
Version: 0
"""


def test_a_distribution_is_read(python: Tree) -> None:
    """The head of METADATA counts; the description below it is text."""
    record = "te.py,sha256=abc,12\n../../../bin/te,sha256=def,3\nte.dist-info/RECORD,,\n"
    folder = f"{SITE}/typing_extensions-4.9.0.dist-info"
    found = one(put(python, folder, METADATA=METADATA, RECORD=record, INSTALLER="uv\n", direct_url=""))
    assert (found.name, found.key, str(found.version)) == ("Typing_Extensions", "typing-extensions", "4.9.0")
    assert [str(each) for each in found.requires] == ['a>=1; python_version < "3.9"', 'b[x]~=2.0; extra == "fast"']
    assert (str(found.requires_python), found.extras, found.installer) == (">=3.8", ("fast-one",), "uv")
    assert (found.folder, found.location, found.problems) == (folder, SITE, ())
    assert found.record is not None
    assert [each.path for each in found.record] == [f"{SITE}/te.py", "/usr/local/bin/te", f"{SITE}/te.dist-info/RECORD"]
    assert [(each.algorithm, each.hash, each.size) for each in found.record] == [
        ("sha256", "abc", 12),
        ("sha256", "def", 3),
        ("", "", None),
    ]


def test_quoted_and_strange_lines_of_record(python: Tree) -> None:
    """RFC 4180 quotes; absolute paths stand for themselves; what is malformed is told by its line."""
    record = '"a,b.py",sha256=x,1\n/etc/x,,\n\nfew\nc.py,nohash,1\nd.py,,-1\ne.py,sha256=,\n,,\nf//g.py,,\n'
    found = one(put(python, f"{SITE}/x-1.dist-info", METADATA="Name: x\nVersion: 1\n", RECORD=record))
    assert found.record is not None
    assert [each.path for each in found.record] == [f"{SITE}/a,b.py", "/etc/x", f"{SITE}/f/g.py"]
    assert [problem.partition(":")[0] for problem in found.problems] == [f"RECORD, line {n}" for n in (4, 5, 6, 7, 8)]


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("Name: x\nVersion: not a version\n", "no version"),
        ("Name: x\nVersion: 1\nRequires-Dist: ???\n", "no requirement"),
        ("Name: x\nVersion: 1\nRequires-Dist: a; " + "(" * 1900 + "\n", "no requirement"),
        ("Name: x\nVersion: 1\nRequires-Dist: " + "a" * 3000 + "\n", "no requirement"),
        ("Name: x\nVersion: 1\nRequires-Python: three\n", "no version range"),
        ("Version: 1\n", "no Name"),
        ("Name: x\nName: y\nVersion: 1\n", "no Name, or more than one"),
        ("", "no Name"),
    ],
)
def test_malformed_metadata_is_a_problem_and_no_failure(python: Tree, metadata: str, words: str) -> None:
    """The distribution is told of all the same, by its folder's name where there is no other."""
    found = one(put(python, f"{SITE}/x-1.dist-info", METADATA=metadata))
    assert found.key == "x"
    assert any(words in problem for problem in found.problems)


def test_a_folder_without_metadata_goes_by_its_name(python: Tree) -> None:
    """What is left of a distribution that was removed by hand."""
    found = one(put(python, f"{SITE}/left_over-1.5.dist-info", RECORD=""))
    assert (found.key, str(found.version), found.metadata) == ("left-over", "1.5", None)
    assert found.problems == ("it has no METADATA",)


def test_editable_installs_are_known_by_direct_url(python: Tree) -> None:
    """PEP 610; broken or hostile JSON is a problem."""
    url = '{"url": "file:///src", "dir_info": {"editable": true}}'
    found = one(put(python, f"{SITE}/x-1.dist-info", METADATA="Name: x\nVersion: 1\n", direct_url=url))
    assert (found.editable, found.direct_url) == (True, "file:///src")
    for text in ("{", "[" * 100_000, "[]", '{"url": 1, "dir_info": []}'):
        found = one(put(python, f"{SITE}/x-1.dist-info", direct_url=text))
        assert (found.editable, found.direct_url) == (False, "")


def test_develop_installs_are_known_by_their_egg_link(python: Tree) -> None:
    """`setup.py develop`: the tree is on the path by easy-install.pth, its egg-info is in it."""
    python.write(f"{SITE}/easy-install.pth", "/src/old\n").write(f"{SITE}/old.egg-link", "/src/old\n.")
    requires = "a>=1\n\n[fast]\nb\n\n[:python_version < '3.9']\nc @ https://h/c.zip\n\n[x:os_name == 'nt']\nd\n"
    put(python, "/src/old/old.egg-info", requires=requires)
    found = one(python.write("/src/old/old.egg-info/PKG-INFO", "Name: old\nVersion: 3\n"))
    assert (found.editable, found.location, str(found.version)) == (True, "/src/old", "3")
    wanted = (
        "a>=1",
        'b; extra == "fast"',
        'c @ https://h/c.zip ; python_version < "3.9"',
        'd; os_name == "nt" and extra == "x"',
    )
    assert found.requires == tuple(map(Requirement, wanted))


def test_debians_packages_and_eggs_are_distributions_too(python: Tree) -> None:
    """An `.egg-info` file, an egg on the path; neither has a RECORD."""
    python.write(f"{SITE}/apt-2.6.egg-info", "Name: python-apt\nVersion: 2.6\n").write(
        f"{SITE}/e.pth", "./z-1-py3.11.egg\n"
    )
    python.write(f"{SITE}/z-1-py3.11.egg/EGG-INFO/PKG-INFO", "Name: z\nVersion: 1\n")
    assert {(each.key, str(each.version), each.record) for each in all_of(python)} == {
        ("python-apt", "2.6", None),
        ("z", "1", None),
    }


def test_distributions_come_in_the_order_of_the_path(python: Tree) -> None:
    """Of two with one name, the import system takes the first."""
    put(python, f"{SITE}/x-1.dist-info", METADATA="Name: x\nVersion: 1\n")
    put(python, "/opt/x-2.dist-info", METADATA="Name: x\nVersion: 2\n")
    assert [str(each.version) for each in all_of(python, "PYTHONPATH=/opt")] == ["2", "1"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    metadata=st.binary(max_size=300),
    record=st.binary(max_size=300),
    url=st.binary(max_size=60),
    old=st.text(max_size=80),
)
def test_no_metadata_makes_the_list_fail(python: Tree, metadata: bytes, record: bytes, url: bytes, old: str) -> None:
    """Whatever the files hold: it is a value."""
    if not (python.root / "app").exists():
        python.folder("/app")
    folder = f"{SITE}/x-1.dist-info"
    python.write(f"{folder}/METADATA", b"Name: x\n" + metadata).write(f"{folder}/RECORD", record)
    python.write(f"{folder}/direct_url.json", url).write(f"{folder}/requires.txt", old.encode("utf-8", "replace"))
    found = one(python)
    assert all(each.path.startswith("/") for each in found.record or ())


def test_this_interpreters_distributions_are_those_it_names_itself() -> None:
    """importlib.metadata is the oracle: names, versions, the number of requirements and of files."""
    config = ImageConfig(workdir="/", env=(f"HOME={Path.home()}",))
    files = FolderFiles(Path("/"))
    found = installed(files, read_target(files, config, AMD64, python=sys.executable))
    sites = {each.location for each in found}
    wanted = {
        (each.metadata["Name"], each.version, len(each.requires or ()), len(each.files or ()))
        for each in importlib.metadata.distributions(path=sorted(sites))
    }
    assert {(each.name, each.version_text, len(each.requires), len(each.record or ())) for each in found} == wanted
    assert [each.problems for each in found if each.problems] == []


@pytest.mark.parametrize("head", ["Name: x\nVersion: {}", "Name: {}\nVersion: 1", "Requires-Python: >={}"])
def test_numbers_of_a_hundred_thousand_digits_are_a_problem_and_no_crash(python: Tree, head: str) -> None:
    """Python refuses to read such an integer with a ValueError of its own."""
    python.write(f"{SITE}/x-1.dist-info/METADATA", head.format("9" * 100_000) + "\n")
    found = one(python)
    assert found.problems
    assert max(map(len, (found.name, found.version_text, *found.problems))) < 400
