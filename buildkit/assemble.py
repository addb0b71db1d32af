"""Assembles /opt/spybuild inside the build of ./Dockerfile, for any platform: it executes nothing of the target's.

    assemble.py python ROOTFS                       an interpreter with all it needs, out of an image's rootfs
    assemble.py packages WHEELS [--libraries DIR]   what the wheels of a folder hold

It runs on the Python of that same image, for the machine that builds; standard library only, since nothing else is
there. The result works in any rootfs, whatever libraries or environment that has, but only at this very path:

* the interpreter names its loader and the folder of its libraries absolutely, as DT_RPATH, which comes before
  LD_LIBRARY_PATH (DT_RUNPATH, patchelf's default, comes after it);
* the loader is ours too, and does not look at the target's ld.so.cache and ld.so.preload;
* bytecode is there for all modules and never compared with the source, as stages run as any user on any platform,
  and an emulated interpreter would spend most of its time compiling.
"""

import argparse
import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PREFIX = Path("/opt/spybuild")
INTERPRETER = PREFIX / "libexec" / "spybuild-python"
"""Not called python, and in no bin folder: nobody's PATH may take it for the target's."""

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
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
    "__pycache__", "site-packages", "dist-packages", "sitecustomize.py", "config-*", "EXTERNALLY-MANAGED", "LICENSE.txt",
    "test", "tests", "idlelib", "tkinter", "turtledemo", "turtle.py", "lib2to3", "ensurepip", "pydoc_data", "venv", "__phello__",
    "_test*", "_xx*", "xxlimited*", "_ctypes_test*", "_tkinter*", "_sqlite3*", "sqlite3", "_dbm*", "_gdbm*", "dbm",
    "_curses*", "curses", "readline*", "nis.*", "*.a", "*.exe",
)  # fmt: skip
# The languages that Pygments can colour, 4 MB of them: rich loads them by name, and we show no source.
_UNUSED_PACKAGES = ("pygments/lexers/[a-z]*.py",)
# Loaded by the C library itself, when a thread ends.
_LOADED_LATER = ("libgcc_s.so.1",)
_LOADER_FILES = (b"/etc/ld.so.cache\0", b"/etc/ld.so.preload\0")


class Rootfs:
    """Files of an image, found as its own programs would find them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, path: Path) -> Path | None:
        """The file at an absolute path of the image, links followed inside the image; None if there is none."""
        here = self._root
        for depth in range(40):
            parts = path.parts[1:]
            here = self._root
            for index, part in enumerate(parts):
                here /= part
                if here.is_symlink():
                    # Absolute targets are the image's; joined to a path they replace it, as they should.
                    path = Path(os.path.normpath(Path("/", *parts[:index], here.readlink(), *parts[index + 1 :])))
                    break
            else:
                return here if here.is_file() else None
        raise OSError(f"{path}: links without end ({depth})")

    def library(self, name: str) -> Path:
        """The file of a shared library."""
        folders = [Path("/usr/local/lib"), Path("/usr/lib"), Path("/lib"), Path("/lib64"), Path("/usr/lib64")]
        triplets = [Path("/", folder.parent.name, folder.name) for folder in self._root.glob("lib/*-linux-gnu*")]
        triplets += [Path("/usr/lib", folder.name) for folder in self._root.glob("usr/lib/*-linux-gnu*")]
        for folder in (*folders, *triplets):
            if found := self.file(folder / name):
                return found
        raise SystemExit(f"assemble: no {name} in the base image")


def take_python(rootfs: Rootfs) -> None:
    """Take the interpreter, its standard library and all shared libraries, and make them find each other."""
    interpreter = rootfs.file(Path(sys.executable).resolve())
    if interpreter is None:
        raise SystemExit("assemble: the base image's Python differs between platforms")
    library = PREFIX / "lib" / _VERSION
    INTERPRETER.parent.mkdir(parents=True)
    shutil.copy(interpreter, INTERPRETER)
    _copy_library(rootfs, Path(os.__file__).resolve().parent, library)
    loader = Path(_elf("--print-interpreter", INTERPRETER)[0])
    _take_libraries(rootfs, [INTERPRETER, *library.rglob("*.so")], loader)
    _seclude(PREFIX / "lib" / loader.name)
    _elf("--set-interpreter", PREFIX / "lib" / loader.name, INTERPRETER)
    _elf("--force-rpath", "--set-rpath", PREFIX / "lib", INTERPRETER)
    launcher = PREFIX / "bin" / "spybuild"
    launcher.parent.mkdir()
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)


def _copy_library(rootfs: Rootfs, source: Path, destination: Path) -> None:
    found = rootfs.file(source / "os.py")
    if found is None:
        raise SystemExit(f"assemble: no standard library in {source} of the base image")
    shutil.copytree(found.parent, destination, ignore=_NOT_TAKEN)
    extensions = Path(sysconfig.get_config_var("DESTSHARED") or source / "lib-dynload")
    if extensions.parent != source:
        raise SystemExit(f"assemble: the base image has its extension modules elsewhere: {extensions}")


def _take_libraries(rootfs: Rootfs, programs: Iterable[Path], loader: Path) -> None:
    """Copy every library that programs need, and that those need."""
    shutil.copy(rootfs.library(loader.name), PREFIX / "lib" / loader.name)
    taken = {loader.name}
    wanted = {*_LOADED_LATER, *needed(programs)}
    while new := wanted - taken:
        copies = [shutil.copy(rootfs.library(name), PREFIX / "lib" / name) for name in sorted(new)]
        taken |= new
        wanted = set(needed(copies))


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


def take_packages(wheels: Path, libraries: Path | None) -> None:
    """Unpack wheels; with `libraries`, make sure that what their extension modules need is there."""
    packages = PREFIX / "packages"
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    if odd := [folder.name for folder in packages.glob("*.data")]:
        raise SystemExit(f"assemble: wheels with files for other places: {', '.join(odd)}")
    for pattern in _UNUSED_PACKAGES:
        for file in packages.glob(pattern):
            file.unlink()
    extensions = packages.rglob("*.so")
    if libraries and (missing := {name for name in needed(extensions) if not (libraries / name).exists()}):
        raise SystemExit(f"assemble: extension modules need what is not there: {', '.join(sorted(missing))}")


def finish() -> None:
    """Compile all modules, and give every file the same date, so that the same input makes the same layer."""
    for folder in (PREFIX / "lib" / _VERSION, PREFIX / "packages"):
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
    """Do one of the two parts."""
    parser = argparse.ArgumentParser(prog="assemble")
    parts = parser.add_subparsers(dest="part", required=True)
    python = parts.add_parser("python")
    python.add_argument("rootfs", type=Path)
    packages = parts.add_parser("packages")
    packages.add_argument("wheels", type=Path)
    packages.add_argument("--libraries", type=Path)
    arguments = parser.parse_args()
    if arguments.part == "python":
        take_python(Rootfs(arguments.rootfs))
    else:
        take_packages(arguments.wheels, arguments.libraries)
    finish()


if __name__ == "__main__":
    main()
