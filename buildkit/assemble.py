"""Assembles /opt/spybuild inside the build of ./Dockerfile, for any platform: it executes nothing of the target's.

    assemble.py library                     the standard library, without what is compiled for a machine
    assemble.py python ROOTFS               an interpreter and its shared libraries, out of an image's rootfs
    assemble.py pure WHEELS                 what the wheels of a folder hold, of those for all machines
    assemble.py compiled WHEELS LIBRARIES   the same of those for one machine, which need shared libraries

It runs on the Python of that same image, for the machine that builds; standard library only, since nothing else is
there. The result works in any rootfs, whatever libraries or environment that has, but only at this very path:

* the interpreter names its loader and the folder of its libraries absolutely, as DT_RPATH, which comes before
  LD_LIBRARY_PATH (DT_RUNPATH, patchelf's default, comes after it);
* the loader is ours too, and does not look at the target's ld.so.cache and ld.so.preload;
* bytecode is there for all modules and never compared with the source, as stages run as any user on any platform,
  and an emulated interpreter would spend most of its time compiling.
"""

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PREFIX = Path("/opt/spybuild")
INTERPRETER = PREFIX / "libexec" / "spybuild-python"
"""Not called python, and in no bin folder: nobody's PATH may take it for the target's."""

STANDARD = Path(os.__file__).resolve().parent
"""The standard library of the image: at the same place on all platforms."""
LIBRARY = PREFIX / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
# I: none of the target's PYTHON* variables, none of its folders. S: no site, whose packages are not ours. B: writes
# nothing. Xutf8: whatever the target's locale is. A script's first line takes one argument only.
_LAUNCHER = f"""\
#!{INTERPRETER} -ISBXutf8
import sys

sys.path.append("{PREFIX}/packages")

from spybuild.__main__ import main

main()
"""
_PATCHELF = "/tools/patchelf"
_NOT_TAKEN = shutil.ignore_patterns(
    "__pycache__", "site-packages", "dist-packages", "sitecustomize.py", "config-*", "EXTERNALLY-MANAGED",
    "LICENSE.txt", "test", "tests", "idlelib", "tkinter", "turtledemo", "turtle.py", "lib2to3", "ensurepip",
    "pydoc_data", "venv", "__phello__", "_test*", "_xx*", "xxlimited*", "_ctypes_test*", "_tkinter*", "_sqlite3*",
    "sqlite3", "_dbm*", "_gdbm*", "dbm", "_curses*", "curses", "readline*", "nis.*", "*.a", "*.exe",
)  # fmt: skip
# The languages that Pygments can colour, 4 MB of them: rich loads them by name, and we show no source.
_UNUSED_PACKAGES = ("pygments/lexers/[a-z]*.py",)
# Needed by wheels that were built against an older glibc; libgcc_s is loaded by glibc itself, when a thread ends.
_NEEDED_BY_WHEELS = (
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
)
_LOADER_FILES = (b"/etc/ld.so.cache\0", b"/etc/ld.so.preload\0")


class Rootfs:
    """Files of an image, found as its own programs would find them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def expect(self, path: Path) -> Path:
        """What is at an absolute path of the image, where something must be."""
        if found := self.find(path):
            return found
        raise SystemExit(f"assemble: no {path} in the base image: it is laid out differently for each platform")

    def find(self, path: Path) -> Path | None:
        """What is at an absolute path of the image, links followed inside the image; None if there is nothing."""
        for _ in range(40):
            found = self._root
            parts = path.parts[1:]
            for index, part in enumerate(parts):
                found /= part
                if found.is_symlink():
                    # An absolute target replaces what it is joined to, and so stays one of the image's paths.
                    path = Path(os.path.normpath(Path("/", *parts[:index], found.readlink(), *parts[index + 1 :])))
                    break
            else:
                return found if found.exists() else None
        raise SystemExit(f"assemble: {path} of the base image: links without end")

    def library(self, name: str) -> Path:
        """The file of a shared library."""
        folders = [Path("/usr/local/lib"), Path("/usr/lib"), Path("/lib"), Path("/lib64"), Path("/usr/lib64")]
        triplets = [Path("/", folder.parent.name, folder.name) for folder in self._root.glob("lib/*-linux-gnu*")]
        triplets += [Path("/usr/lib", folder.name) for folder in self._root.glob("usr/lib/*-linux-gnu*")]
        for folder in (*folders, *triplets):
            if found := self.find(folder / name):
                return found
        raise SystemExit(f"assemble: no {name} in the base image")


def take_library() -> None:
    """Take the standard library; it is the same for all machines, so that it is compiled once."""
    of_the_machine = shutil.ignore_patterns("lib-dynload", "_sysconfigdata*")
    shutil.copytree(STANDARD, LIBRARY, ignore=lambda at, names: _NOT_TAKEN(at, names) | of_the_machine(at, names))


def take_python(rootfs: Rootfs) -> None:
    """Take the interpreter, its extension modules and all shared libraries, and make them find each other."""
    INTERPRETER.parent.mkdir(parents=True)
    shutil.copy(rootfs.expect(Path(sys.executable).resolve()), INTERPRETER)
    extensions = rootfs.expect(STANDARD / "lib-dynload")
    shutil.copytree(extensions, LIBRARY / "lib-dynload", ignore=_NOT_TAKEN)
    for settings in extensions.parent.glob("_sysconfigdata*.py"):
        shutil.copy(settings, LIBRARY)
    loader = Path(_elf("--print-interpreter", INTERPRETER)[0])
    _take_libraries(rootfs, [INTERPRETER, *LIBRARY.rglob("*.so")], loader)
    _seclude(PREFIX / "lib" / loader.name)
    _elf("--set-interpreter", PREFIX / "lib" / loader.name, INTERPRETER)
    for program in (INTERPRETER, *_with_own_paths()):
        _elf("--force-rpath", "--set-rpath", PREFIX / "lib", program)


def write_launcher() -> None:
    """Write the program that users call."""
    launcher = PREFIX / "bin" / "spybuild"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)


def _take_libraries(rootfs: Rootfs, programs: Iterable[Path], loader: Path) -> None:
    """Copy every library that programs need, and that those need."""
    shutil.copy(rootfs.library(loader.name), PREFIX / "lib" / loader.name)
    taken = {loader.name}
    wanted = {*_NEEDED_BY_WHEELS, *needed(programs)}
    while new := wanted - taken:
        copies = [Path(shutil.copy(rootfs.library(name), PREFIX / "lib" / name)) for name in sorted(new)]
        taken |= new
        wanted = set(needed(copies))


def _with_own_paths() -> Iterator[Path]:
    """Libraries that name folders themselves: with DT_RUNPATH the interpreter's would not count for them."""
    libraries = [*(PREFIX / "lib").glob("*.so.[0-9]*"), *LIBRARY.rglob("*.so")]
    yield from (library for library in libraries if "ld-" not in library.name and _elf("--print-rpath", library))


def needed(programs: Iterable[Path]) -> Iterator[str]:
    """The libraries that programs name, by file name."""
    for program in programs:
        yield from (Path(name).name for name in _elf("--print-needed", program))


def _seclude(loader: Path) -> None:
    """Let the loader read no file of the target's: the names of those it would read are replaced by ones of ours."""
    content = loader.read_bytes()
    for name in _LOADER_FILES:
        ours = str(PREFIX / "no").encode().ljust(len(name), b"\0")
        if content.count(name) != 1 or len(ours) != len(name):
            raise SystemExit(f"assemble: {loader.name} is not as expected: {name.decode()} is not in it once")
        content = content.replace(name, ours)
    loader.write_bytes(content)


def take_packages(wheels: Iterable[Path]) -> None:
    """Unpack wheels."""
    packages = PREFIX / "packages"
    # By name, since a wheel for all machines lies there once for each.
    for wheel in {wheel.name: wheel for wheel in wheels}.values():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    if odd := [folder.name for folder in packages.glob("*.data")]:
        raise SystemExit(f"assemble: wheels with files for other places: {', '.join(odd)}")
    projects = [folder.name.partition("-")[0] for folder in packages.glob("*.dist-info")]
    if twice := {project for project in projects if projects.count(project) > 1}:
        raise SystemExit(f"assemble: more than one version of {', '.join(sorted(twice))}")
    for file in (file for pattern in _UNUSED_PACKAGES for file in packages.glob(pattern)):
        file.unlink()


def check_packages(libraries: Path) -> None:
    """Make sure that what extension modules need is among the libraries we have."""
    extensions = (PREFIX / "packages").rglob("*.so")
    if missing := {name for name in needed(extensions) if not (libraries / name).exists()}:
        raise SystemExit(f"assemble: extension modules need what is not there: {', '.join(sorted(missing))}")


def finish() -> None:
    """Compile all modules, and give every file the same date, so that the same input makes the same layer."""
    for folder in (LIBRARY, PREFIX / "packages"):
        if folder.is_dir():
            compileall.compile_dir(
                folder, quiet=2, workers=0, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
            )
    date = int(os.environ.get("SOURCE_DATE_EPOCH") or 0)
    for path in (PREFIX, *PREFIX.rglob("*")):
        os.utime(path, (date, date), follow_symlinks=False)


def _elf(*arguments: str | Path) -> list[str]:
    done = subprocess.run([_PATCHELF, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"assemble: patchelf {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout.split()


def main() -> None:
    """Do one of the parts."""
    part, *arguments = sys.argv[1:]
    folders = [Path(argument) for argument in arguments]
    match part:
        case "library":
            take_library()
            write_launcher()
        case "python":
            take_python(Rootfs(*folders))
        case "pure":
            take_packages(sorted(folders[0].rglob("*-none-any.whl")))
        case "compiled":
            take_packages(sorted(set(folders[0].glob("*.whl")) - set(folders[0].glob("*-none-any.whl"))))
            check_packages(folders[1])
    finish()


if __name__ == "__main__":
    main()
