"""What runs inside the build of the image, as far as it needs no image."""

import os
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from buildkit import assemble
from buildkit.assemble import Rootfs


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(assemble, "PREFIX", tmp_path / "spybuild")
    monkeypatch.setattr(assemble, "LIBRARY", tmp_path / "spybuild" / "lib" / "python3.13")
    return tmp_path / "spybuild"


def wheel(folder: Path, name: str, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path.replace("__", "/"), text)
    return folder / name


def test_absolute_links_stay_inside_the_rootfs(tmp_path: Path) -> None:
    (tmp_path / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "usr/lib/x86_64-linux-gnu/libc.so.6").write_text("libc")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "lib64").mkdir()
    (tmp_path / "lib64/ld.so").symlink_to("/lib/x86_64-linux-gnu/libc.so.6")
    rootfs = Rootfs(tmp_path)
    assert rootfs.expect(Path("/lib64/ld.so")) == tmp_path / "usr/lib/x86_64-linux-gnu/libc.so.6"
    assert rootfs.library("libc.so.6").read_text() == "libc"


def test_relative_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/python3.13").touch()
    (tmp_path / "usr/bin/python3").symlink_to("python3.13")
    assert Rootfs(tmp_path).find(Path("/usr/bin/python3")) == tmp_path / "usr/bin/python3.13"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/b")
    (tmp_path / "b").symlink_to("/a")
    with pytest.raises(SystemExit, match="links without end"):
        Rootfs(tmp_path).find(Path("/a"))


def test_what_must_be_there_is_named_when_it_is_not(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no /usr/bin/python3 in the base image"):
        Rootfs(tmp_path).expect(Path("/usr/bin/python3"))
    with pytest.raises(SystemExit, match=r"no libz\.so\.1"):
        Rootfs(tmp_path).library("libz.so.1")


def test_the_loader_reads_no_file_of_the_target(tmp_path: Path) -> None:
    loader = tmp_path / "ld.so"
    loader.write_bytes(b"\x7fELF..\0/etc/ld.so.cache\0..\0/etc/ld.so.preload\0..")
    before = loader.stat().st_size
    assemble._seclude(loader)
    assert b"/etc/ld.so" not in loader.read_bytes()
    assert loader.stat().st_size == before


def test_a_loader_that_is_not_as_expected_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ld.so").write_bytes(b"\x7fELF")
    with pytest.raises(SystemExit, match="not as expected"):
        assemble._seclude(tmp_path / "ld.so")


def test_wheels_that_all_platforms_have_are_unpacked_once(prefix: Path, tmp_path: Path) -> None:
    for each in ("linux-amd64", "linux-arm64"):
        wheel(tmp_path / each, "a-1-py3-none-any.whl", a__b="1")
    # For one platform there is a compiled one, so that the other's, for any machine, is not for both.
    wheel(tmp_path / "linux-amd64", "c-1-cp313-cp313-manylinux1_x86_64.whl")
    wheel(tmp_path / "linux-arm64", "c-1-py3-none-any.whl")
    assert list(assemble.pure(tmp_path)) == ["a-1-py3-none-any.whl"]
    assemble.take_packages(assemble.pure(tmp_path).values())
    assert (prefix / "packages/a/b").read_text() == "1"


def test_wheels_that_are_left_out_are_not_unpacked(prefix: Path, tmp_path: Path) -> None:
    wheels = [wheel(tmp_path, name, **{f"{name[:4]}__x": ""}) for name in ("rich-1-py3-none-any.whl", "kept-1.whl")]
    assemble.take_packages(wheels)
    assert [path.name for path in (prefix / "packages").iterdir()] == ["kept"]


def test_two_versions_of_one_project_are_refused(prefix: Path, tmp_path: Path) -> None:
    wheels = [wheel(tmp_path, f"a-{each}.whl", **{f"a-{each}.dist-info__RECORD": ""}) for each in "12"]
    with pytest.raises(SystemExit, match="more than one version of a"):
        assemble.take_packages(wheels)


def test_wheels_with_files_for_other_places_are_refused(prefix: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"a-1\.data"):
        assemble.take_packages([wheel(tmp_path, "a-1.whl", **{"a-1.data__scripts__a": ""})])


def test_missing_libraries_are_named(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (prefix / "packages").mkdir(parents=True)
    (prefix / "packages/x.so").touch()
    (tmp_path / "libc.so.6").touch()
    monkeypatch.setattr(assemble, "_elf", lambda *_arguments: ["libc.so.6", "libmagic.so.1"])
    with pytest.raises(SystemExit, match=r"not there: libmagic\.so\.1"):
        assemble.check_packages(tmp_path)


def test_only_bytecode_is_left_and_dated_alike(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    packages = prefix / "packages"
    for name in ("a/b.py", "spybuild/cli/scan.py", "spybuild/probe/probe.py"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text('"""Said."""\nx = 1\n')
    assemble.finish()
    found = {str(path.relative_to(packages)) for path in packages.rglob("*") if path.is_file()}
    assert found == {"a/b.pyc", "spybuild/cli/scan.pyc", "spybuild/probe/probe.py"}
    assert (packages / "a/b.pyc").read_bytes()[4] == 1  # by hash, and never compared with the source (PEP 552)
    assert b"Said" not in (packages / "a/b.pyc").read_bytes()
    assert b"Said" in (packages / "spybuild/cli/scan.pyc").read_bytes()  # it is the command's help
    assert {path.stat().st_mtime for path in prefix.rglob("*")} == {1700000000}


def test_what_cannot_be_compiled_is_not_passed_over(prefix: Path) -> None:
    (prefix / "packages").mkdir(parents=True)
    (prefix / "packages/old.py").write_text("print 1\n")
    with pytest.raises(SystemExit, match="can be compiled"):
        assemble.finish()


def test_the_frontend_comes_without_what_only_developers_read(prefix: Path, tmp_path: Path) -> None:
    for name in (
        "__init__.py",
        "image.py",
        "frontend/__init__.py",
        "frontend/wire/x.proto",
        "frontend/__pycache__/x.pyc",
    ):
        (tmp_path / "buildkit" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "buildkit" / name).touch()
    assemble.take_frontend(tmp_path / "buildkit")
    ours = prefix / "packages/buildkit"
    assert {path.relative_to(ours) for path in ours.rglob("*.*")} == {Path("__init__.py"), Path("frontend/__init__.py")}


def test_launchers_need_no_shell_and_isolate(prefix: Path) -> None:
    assemble.write_launchers()
    assert {path.name for path in (prefix / "bin").iterdir()} == {"spybuild", "frontend", "step"}
    for launcher in (prefix / "bin").iterdir():
        first, *others = launcher.read_text().splitlines()
        assert first == "#!/.spybuild/libexec/spybuild-python -ISBXutf8"
        assert len(first) < 128  # what the kernel reads of it
        compile("\n".join(others), launcher.name, "exec")
        assert os.access(launcher, os.X_OK)


@pytest.mark.parametrize("module", assemble.LAUNCHERS.values())
def test_what_launchers_call_is_there(module: str) -> None:
    assert callable(import_module(module).main)
