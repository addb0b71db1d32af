"""The interpreter of an image, told from its files."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spybuild.errors import EnvironmentProblem, ImageInvalid, InterpreterNotFound
from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.builds import version_text
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from tests.interpreters.trees import AMD64, DEBIANS_SITE, FEDORAS_SITE, MUSL, Tree, elf
from tests.probe import running


def test_the_official_image_is_read(tree: Tree) -> None:
    """Version from the binary, paths as getpath and site have them, the working directory first."""
    target = tree.python().target(workdir="/app")
    assert (target.implementation, target.version, target.libc) == ("CPython", (3, 11, 2), "glibc")
    assert (target.executable, target.binary) == ("/usr/local/bin/python3", "/usr/local/bin/python3.11")
    assert (target.prefix, target.base_prefix, target.stdlib) == ("/usr/local",) * 2 + ("/usr/local/lib/python3.11",)
    assert target.search_path == (
        "/app",
        "/usr/local/lib/python311.zip",
        "/usr/local/lib/python3.11",
        "/usr/local/lib/python3.11/lib-dynload",
        "/usr/local/lib/python3.11/site-packages",
    )
    assert target.suffixes == (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so")


def test_debian_looks_into_dist_packages(tree: Tree) -> None:
    """Its site.py says so; folders that are not there are not on the path."""
    tree.python("/usr", "3.13.5", site=DEBIANS_SITE)
    tree.folder("/usr/lib/python3/dist-packages").folder("/usr/local/lib/python3.13/dist-packages")
    target = tree.target()
    assert target.search_path[4:] == ("/usr/local/lib/python3.13/dist-packages", "/usr/lib/python3/dist-packages")
    assert ".abi3-x86_64-linux-gnu.so" in target.suffixes


def test_fedora_keeps_the_library_in_lib64_and_looks_into_usr_local(tree: Tree) -> None:
    """`sys.platlibdir` is told by the landmark, the extra prefix by its site.py."""
    tree.python("/usr", site=FEDORAS_SITE, lib="lib64").folder("/usr/local/lib/python3.11/site-packages")
    tree.folder("/usr/lib64/python3.11/site-packages")
    assert tree.target().search_path[1:] == (
        "/usr/lib64/python311.zip",
        "/usr/lib64/python3.11",
        "/usr/lib64/python3.11/lib-dynload",
        "/usr/local/lib/python3.11/site-packages",
        "/usr/lib64/python3.11/site-packages",
        "/usr/lib/python3.11/site-packages",
    )


def test_a_virtual_environment_has_its_own_prefix_and_its_homes_library(tree: Tree) -> None:
    """PEP 405: pyvenv.cfg is one folder above the executable; the system's packages are left out unless it says so."""
    tree.python().venv("/venv", "/usr/local/bin", "/usr/local/bin/python3")
    target = tree.target("VIRTUAL_ENV=/venv")
    assert (target.executable, target.binary) == ("/venv/bin/python", "/usr/local/bin/python3.11")
    assert (target.prefix, target.base_prefix) == ("/venv", "/usr/local")
    assert target.search_path[4:] == ("/venv/lib/python3.11/site-packages",)


def test_a_virtual_environment_may_include_the_systems_packages(tree: Tree) -> None:
    """They come after its own."""
    tree.python().venv("/venv", "/usr/local/bin", "/usr/local/bin/python3", system=True)
    sites = tree.target("VIRTUAL_ENV=/venv").search_path[4:]
    assert sites == ("/venv/lib/python3.11/site-packages", "/usr/local/lib/python3.11/site-packages")


def test_a_virtual_environment_without_its_interpreter_is_passed_over(tree: Tree) -> None:
    """As engines do, for a link to nowhere cannot be started."""
    tree.python().venv("/venv", "/opt/python/bin", "/opt/python/bin/python3")
    assert tree.target("VIRTUAL_ENV=/venv").executable == "/usr/local/bin/python3"


def test_a_copied_interpreter_finds_its_library_through_home(tree: Tree) -> None:
    """Python 3.10 resolves links and would find none above the copy; both read `home`."""
    tree.python(version="3.10.4").venv("/venv", "/usr/local/bin", "../nowhere", minor="3.10")
    tree.write("/copied/bin/python", elf("3.10.4"), 0o755).write("/copied/pyvenv.cfg", "home = /usr/local/bin\n")
    assert tree.target(python="/copied/bin/python").base_prefix == "/usr/local"


def test_the_image_s_path_decides_and_not_the_usual_one(tree: Tree) -> None:
    """Bare names are looked up along ENV PATH; entries that are not absolute are refused by container runtimes."""
    tree.python("/usr/local").python("/opt/py", "3.12.1")
    assert tree.target("PATH=.:opt/py/bin:/opt/py/bin:/usr/local/bin").version == (3, 12, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"#!/bin/sh\nexec pyenv exec python3\n", "is a script"), (b"MZ\x90", "is no program of Linux")],
)
def test_what_a_script_starts_cannot_be_known(tree: Tree, content: bytes, words: str) -> None:
    """The engine would start it: taking the next candidate instead could be another Python than the image's."""
    tree.python().write("/opt/pyenv/shims/python3", content, 0o755)
    with pytest.raises(InterpreterNotFound, match=words):
        tree.target("PATH=/opt/pyenv/shims:/usr/local/bin")


def test_an_image_without_python_says_where_it_was_looked_for(tree: Tree) -> None:
    """And how to name one; a folder or a file that may not be executed is none."""
    tree.folder("/usr/local/bin/python3").write("/usr/bin/python3", elf())
    with pytest.raises(InterpreterNotFound, match=r"'/opt/conda/bin/python'.*\n.*--python PATH"):
        tree.target()


def test_an_interpreter_without_its_standard_library_would_not_start(tree: Tree) -> None:
    """It looks for os.py of its own version, and dies without."""
    tree.write("/usr/bin/python3", elf("3.11.2"), 0o755).write("/usr/lib/python3.12/os.py")
    with pytest.raises(InterpreterNotFound, match="no standard library"):
        tree.target()


@pytest.mark.parametrize(("name", "text"), [("graalpy", ""), ("python2.7", "2.7.18")])
def test_interpreters_that_are_not_read_are_refused_by_name(tree: Tree, name: str, text: str) -> None:
    """GraalPy and Python 2 have other import systems."""
    tree.write(f"/opt/bin/{name}", elf(text), 0o755).link("/opt/bin/python3", name)
    with pytest.raises(InterpreterNotFound, match=r"GraalPy|Python 2"):
        tree.target(python="/opt/bin/python3")


def test_a_binary_that_hides_its_version_is_known_by_its_library(tree: Tree) -> None:
    """The minor version is the library's; the micro version only what came along with it."""
    tree.python(version="3.12.7").write("/usr/local/bin/python3.12", elf(""), 0o755)
    assert (tree.target().version, version_text(tree.files, tree.target())) == ((3, 12, -1), "3.12")
    assert tree.target("PYTHON_VERSION=3.11.9").version == (3, 12, -1)
    assert tree.target("PYTHON_VERSION=3.12.9").version == (3, 12, 9)
    tree.write("/usr/local/include/python3.12/patchlevel.h", '#define PY_VERSION              "3.12.7"\n')
    assert tree.target("PYTHON_VERSION=3.12.9").version == (3, 12, 7)


def test_a_release_candidate_keeps_its_stage_in_the_text(tree: Tree) -> None:
    """3.15.0rc1 comes before 3.15.0, which three numbers cannot say."""
    target = tree.python(version="3.15.0rc1").target()
    assert (target.version, version_text(tree.files, target)) == ((3, 15, 0), "3.15.0rc1")


def test_the_version_inside_a_shared_library_counts(tree: Tree) -> None:
    """PyPy's program is a stub of some kilobytes; all else is in libpypy."""
    needed = Path(shutil.which("pypy3") or "/nowhere")
    if not needed.exists():
        pytest.skip("no PyPy on this machine")
    target = read_target(FolderFiles(Path("/")), ImageConfig(), AMD64, python=str(needed))
    assert target.implementation == "PyPy"
    assert target.version[2] >= 0
    assert target.suffixes[0].startswith(f".pypy3{target.version[1]}-pp73")


@pytest.mark.parametrize(
    ("platform", "text", "tag"),
    [
        (Platform.parse("linux/arm/v7"), "", "cpython-311-arm-linux-gnueabihf"),
        (Platform.parse("linux/386"), "", "cpython-311-i386-linux-gnu"),
        (Platform.parse("linux/arm64"), "cpython-311-aarch64-linux-musl", "cpython-311-aarch64-linux-musl"),
        (Platform.parse("linux/arm64"), "no tag '", "cpython-311-aarch64-linux-gnu"),
    ],
)
def test_the_tag_of_extension_modules_is_the_builds_own(tree: Tree, platform: Platform, text: str, tag: str) -> None:
    """It stands in `_sysconfigdata`; else it is made as configure makes it."""
    data = f"build_time_vars = {{'EXT_SUFFIX': '.x.so',\n 'SOABI': '{text}',\n 'MODBUILT_NAMES': 'a '\n                   'b'}}\n"
    tree.python().write("/usr/local/lib/python3.11/_sysconfigdata__linux_x86_64-linux-gnu.py", data)
    assert tree.target(platform=platform).suffixes[0] == f".{tag}.so"


def test_the_tag_may_be_seen_on_the_librarys_own_extensions(tree: Tree) -> None:
    """Images are slimmed: `_sysconfigdata` is not always there."""
    tree.python().write("/usr/local/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-musl.so")
    assert tree.target().suffixes[0] == ".cpython-311-x86_64-linux-musl.so"


def test_a_free_threaded_build_is_known_by_its_names(tree: Tree) -> None:
    """Its library, archive and site folder carry the `t`; it has no abi3 modules."""
    tree.write("/usr/local/bin/python3", elf("3.13.0"), 0o755).folder("/usr/local/lib/python3.13t/site-packages")
    tree.write("/usr/local/lib/python3.13t/os.py").write("/usr/local/lib/python3.13t/site.py")
    target = tree.target()
    assert target.free_threaded
    assert target.suffixes == (".cpython-313t-x86_64-linux-gnu.so", ".so")
    assert target.search_path[1:] == (
        "/usr/local/lib/python313t.zip",
        "/usr/local/lib/python3.13t",
        "/usr/local/lib/python3.13t/lib-dynload",
        "/usr/local/lib/python3.13t/site-packages",
    )


def test_musl_is_told_by_the_programs_loader(tree: Tree) -> None:
    """PT_INTERP names it."""
    tree.python().write("/usr/local/bin/python3.11", elf(loader=MUSL), 0o755)
    assert tree.target().libc == "musl"


def test_pythonpath_and_the_users_folder_are_on_the_path(tree: Tree) -> None:
    """PYTHONPATH after the program's folder, relative to WORKDIR; the user's home is that of USER in /etc/passwd."""
    tree.python().write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
    site = "/home/app/.local/lib/python3.11/site-packages"
    tree.folder(site)
    env = ("PYTHONPATH=lib:/opt/x:/usr/local/lib/python3.11",)
    target = tree.target(*env, workdir="/app", user="1000:1000")
    assert target.search_path[:4] == ("/app", "/app/lib", "/opt/x", "/usr/local/lib/python3.11")
    assert target.search_path.count("/usr/local/lib/python3.11") == 1
    assert target.search_path[-2:] == (site, "/usr/local/lib/python3.11/site-packages")
    assert site not in tree.target(*env, "PYTHONNOUSERSITE=1", user="app").search_path
    assert site not in tree.target(*env).search_path


def test_pth_files_add_folders_that_exist_and_run_nothing(tree: Tree) -> None:
    """Sorted by name; comments, code and what is not there are passed over; relative to the site folder."""
    site = "/usr/local/lib/python3.11/site-packages"
    tree.python().folder("/src/b").folder("/src/a").folder(f"{site}/below")
    tree.write(f"{site}/b.pth", "/src/b\n# /src/a\nimport os; os.abort()\n\n/nowhere\nbelow\n")
    tree.write(f"{site}/a.pth", "/src/a\n/src/a\n").write(f"{site}/.hidden.pth", "/\n")
    assert tree.target().search_path[4:] == (site, "/src/a", "/src/b", f"{site}/below")


def test_endless_pth_files_are_refused(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clear error, not a search through a million folders."""
    site = "/usr/local/lib/python3.11/site-packages"
    tree.python().write(f"{site}/a.pth", "\n".join(f"x{number}" for number in range(50)))
    for number in range(50):
        tree.folder(f"{site}/x{number}")
    monkeypatch.setattr("spybuild.interpreters.starting._MOST_ENTRIES", 40)
    with pytest.raises(ImageInvalid, match=r"sys\.path longer than"):
        tree.target()


def test_links_that_go_round_are_no_interpreter(tree: Tree) -> None:
    """They end, and the next candidate is looked at."""
    tree.python().link("/opt/bin/python3", "python").link("/opt/bin/python", "python3")
    assert tree.target("PATH=/opt/bin:/usr/local/bin").executable == "/usr/local/bin/python3"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(config=st.binary(max_size=200), pth=st.binary(max_size=200), words=st.text(max_size=30))
def test_hostile_settings_end_in_a_target_or_one_clear_error(tree: Tree, config: bytes, pth: bytes, words: str) -> None:
    """Whatever pyvenv.cfg, .pth files and ENV say."""
    if not (tree.root / "usr").exists():
        tree.python().venv("/venv", "/usr/local/bin", "/usr/local/bin/python3")
    tree.write("/venv/pyvenv.cfg", config).write("/venv/lib/python3.11/site-packages/x.pth", pth)
    env = (f"PYTHONPATH={words}", f"HOME={words}", f"PYTHONHOME={words}", "VIRTUAL_ENV=/venv")
    try:
        target = tree.target(*env, workdir=words, cmd=(words,))
    except EnvironmentProblem:
        return
    assert target.minor == (3, 11)


@pytest.mark.parametrize("python", running.interpreters())
def test_every_interpreter_of_this_machine_is_told_as_it_tells_itself(python: str, tmp_path: Path) -> None:
    """The probe, run by the interpreter itself, is the oracle: version, prefixes, tag and the whole of sys.path."""
    env = {"PYTHONPATH": f"{tmp_path}/lib:rel", "HOME": str(tmp_path)}
    told = running.ask(python, [], env=env, workdir=str(tmp_path), entry_dir=str(tmp_path))
    config = ImageConfig(env=tuple(f"{name}={value}" for name, value in env.items()), workdir=str(tmp_path))
    target = read_target(FolderFiles(Path("/")), config, AMD64, python=python)
    seen = told["interpreter"]
    assert "{}.{}.{}".format(*target.version) == seen["version"]
    assert (target.implementation, target.executable) == (seen["implementation"], seen["executable"])
    assert (target.prefix, target.base_prefix) == (seen["prefix"], seen["base_prefix"])
    assert target.suffixes[0] == f".{seen['soabi']}.so"
    assert list(target.search_path) == told["sys_path"]
