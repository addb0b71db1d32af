"""Where the target would find a module."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters import shims
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from tests.interpreters.trees import AMD64, Tree
from tests.probe import running

LIBRARY = "/usr/local/lib/python3.11"
SITE = f"{LIBRARY}/site-packages"


@pytest.fixture
def python(tree: Tree) -> Tree:
    """A tree with a CPython 3.11 that has `_struct` linked in and `_ssl` beside it."""
    names = "{'MODBUILT_NAMES': '_struct  '\n                   '_ssl',\n 'MODSHARED_NAMES': '_ssl',\n 'SOABI': 'cpython-311-x86_64-linux-gnu'}"
    tree.python().write(f"{LIBRARY}/_sysconfigdata__linux_x86_64-linux-gnu.py", f"build_time_vars = {names}\n")
    return tree.write(f"{LIBRARY}/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so")


def search(tree: Tree, *env: str) -> Search:
    """A search from /app."""
    return Search(tree.files, tree.target(*env, workdir="/app"))


def kind_of(tree: Tree, name: str) -> tuple[str, str | None] | None:
    """Who would load a module, and its file."""
    found = search(tree).module(name)
    return (found.kind, found.path) if found else None


def test_a_package_comes_before_a_module_and_an_extension_before_source(python: Tree) -> None:
    """FileFinder's order: packages, then extensions, source, bytecode."""
    for path in ("a/__init__.py", "a.py", "b.cpython-311-x86_64-linux-gnu.so", "b.py", "c.abi3.so", "c.pyc", "d.pyc"):
        python.write(f"/app/{path}")
    python.write("/app/e.cpython-310-x86_64-linux-gnu.so")
    assert kind_of(python, "a") == ("source", "/app/a/__init__.py")
    assert kind_of(python, "b") == ("extension", "/app/b.cpython-311-x86_64-linux-gnu.so")
    assert kind_of(python, "c") == ("extension", "/app/c.abi3.so")
    assert kind_of(python, "d") == ("bytecode", "/app/d.pyc")
    assert kind_of(python, "e") is None


def test_the_first_entry_of_the_path_wins(python: Tree) -> None:
    """The program's folder is before the standard library, and that before site-packages."""
    python.write("/app/a.py").write(f"{LIBRARY}/a.py").write(f"{LIBRARY}/b.py").write(f"{SITE}/b.py")
    assert kind_of(python, "a") == ("source", "/app/a.py")
    assert kind_of(python, "b") == ("source", f"{LIBRARY}/b.py")


def test_linked_in_and_frozen_modules_are_not_shadowed(python: Tree) -> None:
    """A file `os.py` or `_struct.py` beside the program is never imported by that name."""
    for name in ("sys", "_struct", "os", "abc", "_ssl"):
        python.write(f"/app/{name}.py")
    assert kind_of(python, "sys") == ("builtin", None)
    assert kind_of(python, "_struct") == ("builtin", None)
    assert kind_of(python, "os") == ("source", f"{LIBRARY}/os.py")
    assert kind_of(python, "_ssl") == ("source", "/app/_ssl.py")


def test_a_frozen_module_without_its_source_cannot_be_read(python: Tree) -> None:
    """It is there all the same."""
    found = search(python).module("abc")
    assert found is not None
    assert (found.kind, "frozen" in found.doubt) == ("unknown", True)


def test_what_may_be_linked_in_is_unknown_where_the_build_does_not_say(tree: Tree) -> None:
    """Without `_sysconfigdata`, `math` may be in the interpreter; `nosuch` is not."""
    tree.python().write("/app/math.py")
    assert kind_of(tree, "math") == ("unknown", None)
    assert kind_of(tree, "nosuch") is None


def test_a_namespace_is_gathered_over_the_whole_path(python: Tree) -> None:
    """PEP 420: folders without `__init__`, unless a package or module of that name comes anywhere on the path."""
    python.write("/app/ns/a.py").write(f"{SITE}/ns/b.py").folder("/app/late").write(f"{SITE}/late.py")
    found = search(python).module("ns")
    assert found is not None
    assert (found.kind, found.places) == ("namespace", ("/app/ns", f"{SITE}/ns"))
    assert kind_of(python, "ns.b") == ("source", f"{SITE}/ns/b.py")
    assert kind_of(python, "late") == ("source", f"{SITE}/late.py")


def test_submodules_are_looked_for_in_their_package_alone(python: Tree) -> None:
    """Not along sys.path, and not in a module that is none."""
    python.write("/app/p/__init__.py").write("/app/p/q.py").write("/app/r.py").write("/app/m.py")
    assert kind_of(python, "p.q") == ("source", "/app/p/q.py")
    assert kind_of(python, "p.r") is None
    assert kind_of(python, "m.r") is None
    assert kind_of(python, "nosuch.r") is None


@pytest.mark.parametrize(
    "trick",
    ["__path__.append('/x')", "import sys; sys.modules[__name__ + '.moves'] = x", "from sys import modules", "\xff"],
)
def test_a_package_that_may_provide_submodules_itself_leaves_them_unknown(python: Tree, trick: str) -> None:
    """`six.moves` has no file; a package that plays with the import system may have more than its folder shows."""
    python.write("/app/six/__init__.py", trick).write("/app/six/there.py")
    expected = None if trick == "\xff" else ("unknown", None)
    assert kind_of(python, "six.moves") == expected


def test_a_submodule_that_its_package_replaces_by_name_is_unknown(python: Tree) -> None:
    """The package runs first, and what it puts into sys.modules is what the import finds."""
    python.write("/app/p/__init__.py", "import sys\nsys.modules['p.q'] = object()\n")
    python.write("/app/p/q.py").write("/app/p/r.py")
    assert kind_of(python, "p.q") == ("unknown", None)
    assert kind_of(python, "p.r") == ("source", "/app/p/r.py")


def test_os_path_is_posixpath(python: Tree) -> None:
    """`os` is no package; it puts its `path` into sys.modules."""
    python.write(f"{LIBRARY}/posixpath.py")
    assert kind_of(python, "os.path") == ("source", f"{LIBRARY}/posixpath.py")


def test_an_archive_on_the_path_makes_what_comes_after_it_unknown(python: Tree) -> None:
    """It may hold any module; what an earlier entry has is found."""
    python.write("/usr/local/lib/python311.zip", "PK").write("/app/a.py").write(f"{SITE}/b.py")
    assert kind_of(python, "a") == ("source", "/app/a.py")
    assert kind_of(python, "b") == ("unknown", None)
    assert kind_of(python, "nosuch") == ("unknown", None)


@pytest.mark.parametrize("line", ["import anything", "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; evil()"])
def test_an_unknown_start_up_hook_leaves_absence_unknown(python: Tree, line: str) -> None:
    """It may install a finder; modules that are found stay found."""
    python.write(f"{SITE}/hook.pth", f"{line}\n").write("/app/a.py")
    assert kind_of(python, "a") == ("source", "/app/a.py")
    found = search(python).module("nosuch")
    assert found is not None
    assert (found.kind, f"{SITE}/hook.pth:1" in found.doubt) == ("unknown", True)


def test_sitecustomize_is_a_hook_but_for_debians(python: Tree) -> None:
    """Debian's reports crashes to apport, and nothing else."""
    debians = Path(__file__).with_name("debians_sitecustomize.txt").read_text()
    assert kind_of(python.write(f"{LIBRARY}/sitecustomize.py", debians), "nosuch") is None
    assert kind_of(python.write(f"{LIBRARY}/sitecustomize.py", debians + "import evil\n"), "nosuch") is not None


SHIM = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack').add_shim(); "
)


def test_setuptools_shim_leaves_distutils_alone_in_doubt(python: Tree) -> None:
    """distutils-precedence.pth is in every image with setuptools."""
    python.write(f"{SITE}/distutils-precedence.pth", SHIM).write(f"{LIBRARY}/distutils/__init__.py")
    assert kind_of(python, "distutils") == ("unknown", None)
    assert kind_of(python, "nosuch") is None


def shipped(tree: Tree, distribution: str, path: str, content: str) -> Tree:
    """A file of a site folder, with the RECORD of the distribution that ships it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
    tree.write(f"{SITE}/{distribution}-1.dist-info/RECORD", f"{path},sha256={digest},{len(content)}\n")
    return tree.write(f"{SITE}/{path}", content)


def test_a_setuptools_shim_is_believed_by_setuptools_own_record_only(python: Tree) -> None:
    """Its name proves nothing: another's RECORD, another content, or a file that comes before it, leaves it unknown."""
    python.write(f"{SITE}/distutils-precedence.pth", SHIM)
    shipped(python, "evil", "_distutils_hack/__init__.py", "import os\n")
    assert kind_of(python, "nosuch") == ("unknown", None)
    shipped(python, "setuptools", "_distutils_hack/__init__.py", "import os\n")
    assert kind_of(python, "nosuch") is None
    python.write(f"{SITE}/_distutils_hack/override.py", "import evil\n")
    assert kind_of(python, "nosuch") == ("unknown", None)
    (python.root / f"{SITE[1:]}/_distutils_hack/override.py").unlink()
    python.write(f"{LIBRARY}/_distutils_hack.py", "import evil\n")
    assert kind_of(python, "nosuch") == ("unknown", None)


def test_virtualenvs_shim_is_believed_by_its_content(python: Tree) -> None:
    """No distribution of the image ships it; one that is not there fails, and so provides nothing."""
    python.write(f"{SITE}/_virtualenv.pth", "import _virtualenv")
    assert kind_of(python, "nosuch") is None
    python.write(f"{SITE}/_virtualenv.py", "import evil\n")
    assert kind_of(python, "nosuch") == ("unknown", None)
    with_content = FolderFiles(python.root)
    digest = with_content.sha256(f"{SITE}/_virtualenv.py")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shims, "_VIRTUALENV", frozenset({bytes.fromhex(digest)}))
        assert kind_of(python, "nosuch") is None


FINDER = """
from __future__ import annotations
MAPPING: dict[str, str] = {'inner': '/src/inner', 'single': '/src/single', 'space.part': '/src/part'}
NAMESPACES: dict[str, list[str]] = {'space': ['/src/space']}
"""


def test_editable_installs_of_setuptools_are_followed(python: Tree) -> None:
    """Their finder's table is read, not executed; what no file stands for is absent again."""
    python.write(f"{SITE}/__editable__.x-1.pth", "import __editable___x_1_finder; __editable___x_1_finder.install()")
    shipped(python, "x", "__editable___x_1_finder.py", FINDER)
    python.write("/src/inner/__init__.py").write("/src/inner/deep.py").write("/src/single.py")
    python.write("/src/space/own.py").write("/src/part/__init__.py")
    assert kind_of(python, "inner") == ("source", "/src/inner/__init__.py")
    assert kind_of(python, "inner.deep") == ("source", "/src/inner/deep.py")
    assert kind_of(python, "single") == ("source", "/src/single.py")
    assert kind_of(python, "space.own") == ("source", "/src/space/own.py")
    assert kind_of(python, "space.part") == ("source", "/src/part/__init__.py")
    assert kind_of(python, "nosuch") is None


@pytest.mark.parametrize("table", ["MAPPING = f()", "MAPPING: dict[str, str] = {1: [}", "", "MAPPING = {'a': {" * 500])
def test_a_finder_that_is_not_setuptools_own_is_an_unknown_hook(python: Tree, table: str) -> None:
    """Its table does not read as a literal."""
    python.write(f"{SITE}/__editable__.x-1.pth", "import __editable___x_1_finder; __editable___x_1_finder.install()")
    shipped(python, "x", "__editable___x_1_finder.py", f"{table}\nNAMESPACES = {{}}\n")
    assert kind_of(python, "nosuch") == ("unknown", None)


def test_a_finder_that_no_record_has_is_an_unknown_hook(python: Tree) -> None:
    """Whoever wrote it, it was not an installer."""
    python.write(f"{SITE}/__editable__.x-1.pth", "import __editable___x_1_finder; __editable___x_1_finder.install()")
    shipped(python, "x", "__editable___x_1_finder.py", FINDER).write(f"{SITE}/__editable___x_1_finder.py", FINDER + "#")
    assert kind_of(python, "inner") == ("unknown", None)


def test_old_namespace_packages_are_found(python: Tree) -> None:
    """One line for each of them: setuptools wrote a `-nspkg.pth` for each distribution of one."""
    line = (
        "import sys, types, os;has_mfs = sys.version_info > (3, 5);"
        "p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('zope',));"
        "importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery');"
        "m = has_mfs and sys.modules.setdefault('zope', importlib.util.module_from_spec("
        "importlib.machinery.PathFinder.find_spec('zope', [os.path.dirname(p)])));"
        "m = m or sys.modules.setdefault('zope', types.ModuleType('zope'));"
        "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)"
    )
    python.write(f"{SITE}/zope.interface-5-nspkg.pth", line).write(f"{SITE}/zope/interface/__init__.py")
    assert kind_of(python, "zope.interface") == ("source", f"{SITE}/zope/interface/__init__.py")
    assert kind_of(python, "nosuch") is None
    python.write(f"{SITE}/zope.interface-5-nspkg.pth", f"{line};evil()")
    assert kind_of(python, "nosuch") == ("unknown", None)


def test_stubs_are_found_beside_a_module_and_in_a_stubs_package(python: Tree) -> None:
    """PEP 561: `<name>-stubs` anywhere on the path comes before a `.pyi` beside the module."""
    python.write(f"{SITE}/fast.abi3.so").write(f"{SITE}/fast.pyi").write("/app/p/__init__.py").write(
        "/app/p/__init__.pyi"
    )
    python.write("/app/p/q.abi3.so").write(f"{SITE}/p-stubs/q.pyi").write("/app/p/q.pyi").write("/app/bare.abi3.so")
    found = {name: search(python).module(name) for name in ("fast", "p", "p.q", "bare")}
    assert {name: each and each.stub for name, each in found.items()} == {
        "fast": f"{SITE}/fast.pyi",
        "p": "/app/p/__init__.pyi",
        "p.q": f"{SITE}/p-stubs/q.pyi",
        "bare": None,
    }


def test_links_are_followed_inside_the_image_and_broken_ones_are_nothing(python: Tree) -> None:
    """A link out of the image ends inside it."""
    python.write("/src/real.py").link("/app/linked.py", "/src/real.py").link("/app/broken.py", "/etc/passwd")
    assert kind_of(python, "linked") == ("source", "/app/linked.py")
    assert kind_of(python, "broken") is None


def test_no_name_makes_a_search_fail(python: Tree) -> None:
    """Names come from hostile source: empty parts, slashes, NULs, thousands of dots."""
    here = search(python.write("/app/a/__init__.py"))

    @given(name=st.text(max_size=40) | st.from_regex(r"[./a]{1,30}", fullmatch=True) | st.just("a." * 2000))
    def finds(name: str) -> None:
        found = here.module(name)
        assert found is None or found.path is None or found.path.startswith("/")

    finds()


FIND = """
import importlib.util, json, pkgutil, sys
names = set(sys.builtin_module_names) | {each.name for each in pkgutil.iter_modules()} | set(sys.argv[1:])
def tell(spec):
    if spec is None: return None
    if spec.origin in ("built-in", "frozen"): return [spec.origin, None]
    if spec.origin in (None, "namespace"): return ["namespace", None]
    kinds = {"SourceFileLoader": "source", "SourcelessFileLoader": "bytecode", "ExtensionFileLoader": "extension"}
    return [kinds.get(type(spec.loader).__name__, "other"), spec.origin]
answers = {}
for name in names:
    try: answers[name] = tell(importlib.util.find_spec(name))
    except ModuleNotFoundError: answers[name] = None
    except ValueError: pass  # imported already, by nobody knows whom
print(json.dumps(answers))
"""
PYPY = [each for each in running.interpreters() if "pypy" in each]
MORE = ("json.decoder", "json.nosuch", "nosuch", "email.mime.text", "importlib.metadata", "winreg", "xml.etree.nosuch")


@pytest.mark.parametrize("python", [*PYPY, *running.since(3, 10)])
def test_every_module_is_found_where_the_interpreter_itself_finds_it(python: str, tmp_path: Path) -> None:
    """All top-level modules of its library and site-packages; never a wrong answer, and hardly ever none."""
    done = subprocess.run([python, "-", *MORE], input=FIND, cwd=tmp_path, capture_output=True, text=True, check=True)
    config = ImageConfig(workdir=str(tmp_path), env=(f"HOME={Path.home()}",))
    files = FolderFiles(Path("/"))
    here = Search(files, read_target(files, config, AMD64, python=python))
    wrong, unknown = {}, 0
    for name, wanted in json.loads(done.stdout).items():
        found = here.module(name)
        if found is not None and found.kind == "unknown":
            unknown += wanted is not None
            continue
        told = found and [found.kind, found.path]
        if wanted and wanted[0] == "frozen":
            fits = found is not None and found.kind in ("source", "builtin")
        elif wanted and wanted[0] == "built-in":
            fits = found is not None and found.kind == "builtin"
        else:
            fits = told == wanted
        if not fits:
            wrong[name] = (told, wanted)
    assert {name: each for name, each in wrong.items() if name != "pyexpat.errors"} == {}  # PyPy's, after its import
    assert unknown <= 10  # distutils; `__pypy__.*`


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pth", "# a comment\f/srv/more\n"),
        ("a.pth", "\ufeff/srv/more\n"),
        ("a.pth", "# a\u2028/srv/more\n"),
        (".a.pth", "/srv/more\n"),
        (".a.pth", "import evil\n"),
    ],
)
def test_a_pth_line_that_releases_of_site_read_differently_is_no_path_for_sure(
    python: Tree, name: str, content: str
) -> None:
    """Form feeds end no line before 3.13, where byte order marks are paths; hidden files count before 3.11.8."""
    python.write(f"{SITE}/{name}", content).write("/srv/more/m.py")
    assert "/srv/more" not in python.target().search_path
    assert kind_of(python, "m") == ("unknown", None)


def test_hidden_files_that_macos_leaves_behind_are_no_hooks(python: Tree) -> None:
    """`._a.pth` in an archive from there is no text."""
    python.write(f"{SITE}/._a.pth", b"\x00\x05\x16\x07\xff\nimport x\n")
    assert kind_of(python, "nosuch") is None


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/sitecustomize/__init__.py",
        f"{SITE}/sitecustomize.abi3.so",
        f"{SITE}/usercustomize.pyc",
        "/usr/local/lib/python311.zip",
    ],
)
def test_customizations_of_every_form_are_hooks(python: Tree, path: str) -> None:
    """A package, an extension, bytecode; an archive on the path may hold one."""
    assert search(python.write(path, "x")).hooks.unknown == (path,)
