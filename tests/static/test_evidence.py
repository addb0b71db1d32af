"""Static evidence put together."""

from pathlib import Path

import pytest

from spybuild.errors import InterpreterNotFound
from spybuild.interpreters.magic import is_foreign
from spybuild.model.facts import Facts, ModuleFacts, Outcome, Question
from spybuild.model.image import ImageConfig
from spybuild.static.evidence import StaticRequest, static_facts
from tests.interpreters.trees import AMD64, Tree, elf

SITE = "/usr/local/lib/python3.11/site-packages"
DATA = "build_time_vars = {'SOABI': 'cpython-311-x86_64-linux-gnu',\n 'MODBUILT_NAMES': 'time'}\n"
OWN, OTHER = (3495).to_bytes(2, "little") + b"\r\n", (3571).to_bytes(2, "little") + b"\r\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A root filesystem with a Python."""
    tree = Tree(tmp_path / "root").python()
    return tree.write("/usr/local/lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py", DATA)


def facts(tree: Tree, *modules: str, **more: object) -> Facts:
    """Static facts of an image that starts in /app."""
    config = ImageConfig(workdir="/app", env=("MODE=image",))
    return static_facts(tree.files, config, AMD64, StaticRequest(modules, **more))  # type: ignore[arg-type]


def module(tree: Tree, name: str) -> ModuleFacts:
    """The facts of one module."""
    return facts(tree, name).modules[0]


def test_facts_have_the_probes_shape(tree: Tree) -> None:
    """Interpreter, machine, path, answers, modules in the order asked for."""
    tree.write("/app/a.py", "def f(x: int) -> str: ...\nVERSION = 3\n").write("/app/b.py", "class C: pass\n")
    told = facts(tree, "b", "a.py", questions=(Question(name="MODE", equals="given"),), environment={"MODE": "given"})
    assert (told.interpreter.version, told.interpreter.cache_tag) == ("3.11.2", "cpython-311")
    assert told.interpreter.soabi == "cpython-311-x86_64-linux-gnu"
    assert told.environment[0].equals is True
    assert [(each.requested, each.name, each.path, each.outcome) for each in told.modules] == [
        ("b", "b", "/app/b.py", Outcome.IMPORTED),
        ("a.py", "a", "/app/a.py", Outcome.IMPORTED),
    ]
    assert [each.name for each in told.modules[1].functions] == ["f"]
    assert [each.name for each in told.modules[0].classes] == ["C"]


def test_what_is_given_changes_the_path_but_not_which_interpreter_starts(tree: Tree) -> None:
    """Engines look for it along the image's own PATH; the probe then takes on what is given."""
    tree.python("/opt/py", "3.12.1").write("/opt/lib/there.py")
    told = facts(tree, "there", environment={"PATH": "/opt/py/bin", "PYTHONPATH": "/opt/lib"})
    assert told.interpreter.executable == "/usr/local/bin/python3"
    assert told.modules[0].path == "/opt/lib/there.py"


def test_missing_and_ambiguous_modules_are_told_as_the_probe_tells_them(tree: Tree) -> None:
    """With the files that a name may stand for."""
    tree.write("/app/a/x.py").write("/app/b/x.py")
    told = module(tree, "x.py")
    assert (told.outcome, told.candidates) == (Outcome.AMBIGUOUS, ("/app/a/x.py", "/app/b/x.py"))
    told = module(tree, "nosuch.inner")
    assert told.error is not None
    assert (told.outcome, told.name, told.error.message) == (
        Outcome.MISSING,
        "nosuch.inner",
        "No module named 'nosuch'",
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.abi3.so", elf(), "compiled, and no .pyi beside it"),
        ("x.pyc", OWN + bytes(12), "compiled, and no source or .pyi beside it"),
    ],
)
def test_compiled_modules_import_and_every_name_of_theirs_is_undecided(
    tree: Tree, name: str, content: bytes, reason: str
) -> None:
    """Nobody can tell their names without running them."""
    told = module(tree.write(f"/app/{name}", content), "x")
    assert told.outcome is Outcome.IMPORTED
    assert [(each.name, each.reason) for each in told.undecided] == [("*", reason)]


@pytest.mark.parametrize("name", ["broken.inner.leaf", "broken/inner/leaf.py"])
def test_a_module_of_a_package_that_fails_cannot_be_imported(tree: Tree, name: str) -> None:
    """Importing `broken.inner.leaf` imports `broken` first; the error is the package's, the names are the module's."""
    tree.write("/app/broken/__init__.py", "raise ValueError('no')\n").write("/app/broken/inner/__init__.py")
    told = module(tree.write("/app/broken/inner/leaf.py", "A = 1\n"), name)
    assert told.error is not None
    assert (told.outcome, told.name, told.error.message) == (Outcome.FAILED, "broken.inner.leaf", "no")


def test_a_builtin_module_is_undecided_and_a_namespace_has_nothing(tree: Tree) -> None:
    """A namespace package runs no code: it binds no name."""
    assert module(tree, "time").undecided[0].name == "*"
    told = module(tree.write("/app/ns/leaf.py"), "ns")
    assert (told.outcome, told.undecided, told.path) == (Outcome.IMPORTED, (), None)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.abi3.so", elf(machine=183), "another machine"),
        ("x.abi3.so", b"no ELF at all", "invalid ELF header"),
        ("x.pyc", OTHER + bytes(12), "bad magic number in 'x'"),
    ],
)
def test_what_its_loader_refuses_is_a_failed_import(tree: Tree, name: str, content: bytes, words: str) -> None:
    """An arm64 extension in an amd64 image, bytecode of Python 3.13 in 3.11."""
    told = module(tree.write(f"/app/{name}", content), "x")
    assert told.error is not None
    assert (told.outcome, words in told.error.message) == (Outcome.FAILED, True)


def test_what_a_start_up_hook_may_provide_is_unreadable(tree: Tree) -> None:
    """Neither there nor missing: never a pass, and the hook is named."""
    told = module(tree.write(f"{SITE}/hook.pth", "import hook\n"), "nosuch")
    assert told.error is not None
    assert (told.outcome, f"{SITE}/hook.pth:1" in told.error.message) == (Outcome.UNREADABLE, True)


def test_modules_have_their_distribution(tree: Tree) -> None:
    """As the probe names it, for versions of modules without `__version__`."""
    tree.write(f"{SITE}/x.py", "Y = 1\n").write(f"{SITE}/x-1.dist-info/RECORD", "x.py,,\n")
    tree.write(f"{SITE}/x-1.dist-info/METADATA", "Name: x\nVersion: 1.5\n")
    owner = module(tree, "x").distribution
    assert owner is not None
    assert (owner.name, owner.version) == ("x", "1.5")


def test_names_that_are_no_utf8_do_not_break_the_facts(tree: Tree) -> None:
    """A folder's name may be any bytes; facts are text."""
    tree.write("/app/\udcff/x.py", "Y = 1\n").write("/app/\udcfe/x.py")
    told = module(tree, "x.py")
    assert (told.outcome, told.candidates) == (Outcome.AMBIGUOUS, ("/app/\\udcfe/x.py", "/app/\\udcff/x.py"))
    (tree.root / "app/\udcfe/x.py").unlink()
    assert module(tree, "x.py").outcome is Outcome.UNREADABLE
    assert facts(tree.write(f"{SITE}/p.pth", b"/app/\xff\n")).sys_path


def test_two_files_of_one_made_up_name_are_two_modules(tree: Tree) -> None:
    """Both are loaded as `spybuild_my_tool`, each on its own."""
    tree.write("/a/my-tool.py", "A = 1\n").write("/b/my-tool.py", "B = 1\n")
    told = facts(tree, "/a/my-tool.py", "/b/my-tool.py").modules
    assert [[each.name for each in one.variables] for one in told] == [["A"], ["B"]]


def test_no_interpreter_is_an_error(tmp_path: Path) -> None:
    """Nothing can be said without the target's version and path."""
    with pytest.raises(InterpreterNotFound):
        facts(Tree(tmp_path / "empty"), "x")


@pytest.mark.parametrize(
    ("number", "minor", "foreign"),
    [
        (3495, (3, 11), False),
        (3571, (3, 11), True),
        (3439, (3, 10), False),
        (3495, (3, 10), True),
        (3627, (3, 14), False),
    ],
)
def test_bytecode_is_known_by_its_magic_number(number: int, minor: tuple[int, int], foreign: bool) -> None:
    """The numbers that these releases of CPython write."""
    assert is_foreign(number.to_bytes(2, "little") + b"\r\n", minor) is foreign
    assert is_foreign(b"", minor)
