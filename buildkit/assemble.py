"""Assembles /.spybuild inside the build of ./Dockerfile, for any platform: it executes nothing of the target's.

    library                     the standard library, without what is compiled for a machine
    python ROOTFS               an interpreter and its shared libraries, out of an image's rootfs
    pure WHEELS                 what wheels hold, of those that every platform's folder has
    compiled WHEELS PLATFORM LIBRARIES
                                the same of those of one platform alone, which need shared libraries
    spybuild WHEELS BUILDKIT    SpyBuild and the frontend

It runs on the Python of that same image, for the machine that builds; standard library only, since nothing else is
there. The result works in any rootfs, whatever libraries or environment that has, but only at this very path:

* the interpreter names its loader and the folder of its libraries absolutely, as DT_RPATH, which comes before
  LD_LIBRARY_PATH (DT_RUNPATH, patchelf's default, comes after it);
* the loader is ours too, and does not look at the target's ld.so.cache and ld.so.preload;
* all modules are bytecode, since stages run as any user on any platform, and an emulated interpreter would spend most
  of its time compiling. There is no source beside it, nor what only a reader of source wants (docstrings, columns).
"""

import compileall
import os
import py_compile
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from buildkit import trimming

PREFIX = Path("/.spybuild")
INTERPRETER = PREFIX / "libexec" / "spybuild-python"
"""Not called python, and in no bin folder: nobody's PATH may take it for the target's."""

STANDARD = Path(os.__file__).resolve().parent
"""The standard library of the image: at the same place on all platforms."""
LIBRARY = PREFIX / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
# I: none of the target's PYTHON* variables, none of its folders. S: no site, whose packages are not ours. B: writes
# nothing. Xutf8: whatever the target's locale is. A script's first line takes one argument only.
_LAUNCHER = """\
#!{interpreter} -ISBXutf8
import sys

sys.path.append("{prefix}/packages")

from {module} import main

main()
"""
LAUNCHERS = {
    "spybuild": "spybuild.__main__",
    "frontend": "buildkit.frontend.__main__",
    "step": "buildkit.frontend.step",
}
"""The programs in its bin folder, and the modules whose main() they call."""

_PATCHELF = "/tools/patchelf"
_HELP = "spybuild/cli"
"""Docstrings of commands are their help."""

_READ_AS_TEXT = "spybuild/probe/probe.py"
# Needed by wheels that were built against an older glibc; libgcc_s is loaded by glibc itself, when a thread ends, and
# libzstd by SpyBuild.
_LOADED = (
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libzstd.so.1",
)
# Linked against, and no symbol of it used: nobody else needs the C++ library.
_NOT_NEEDED = (("google/_upb/*.so", "libstdc++.so.6"),)
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
    of_the_machine = shutil.ignore_patterns("lib-dynload", "_sysconfigdata*", "__pycache__")
    shutil.copytree(STANDARD, LIBRARY, ignore=of_the_machine, ignore_dangling_symlinks=True)
    trimming.trim_library(LIBRARY)


def take_python(rootfs: Rootfs) -> None:
    """Take the interpreter, its extension modules and all shared libraries, and make them find each other."""
    INTERPRETER.parent.mkdir(parents=True)
    shutil.copy(rootfs.expect(Path(sys.executable).resolve()), INTERPRETER)
    extensions = rootfs.expect(STANDARD / "lib-dynload")
    shutil.copytree(extensions, LIBRARY / "lib-dynload")
    trimming.trim_library(LIBRARY)
    for settings in extensions.parent.glob("_sysconfigdata__linux*.py"):
        shutil.copy(settings, LIBRARY)
    loader = Path(_elf("--print-interpreter", INTERPRETER)[0])
    _take_libraries(rootfs, [INTERPRETER, *LIBRARY.rglob("*.so")], loader)
    _seclude(PREFIX / "lib" / loader.name)
    _elf("--set-interpreter", PREFIX / "lib" / loader.name, INTERPRETER)
    for program in (INTERPRETER, *_with_own_paths()):
        _elf("--force-rpath", "--set-rpath", PREFIX / "lib", program)


def write_launchers() -> None:
    """Write the programs that are called."""
    (PREFIX / "bin").mkdir(parents=True)
    for name, module in LAUNCHERS.items():
        launcher = PREFIX / "bin" / name
        launcher.write_text(_LAUNCHER.format(interpreter=INTERPRETER, prefix=PREFIX, module=module))
        launcher.chmod(0o755)


def _take_libraries(rootfs: Rootfs, programs: Iterable[Path], loader: Path) -> None:
    """Copy every library that programs need, and that those need."""
    shutil.copy(rootfs.library(loader.name), PREFIX / "lib" / loader.name)
    taken = {loader.name}
    wanted = {*_LOADED, *needed(programs)}
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
    """Unpack wheels, without what is not used of them."""
    packages = PREFIX / "packages"
    for wheel in (wheel for wheel in wheels if not trimming.is_left_out(wheel)):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    if odd := [folder.name for folder in packages.glob("*.data")]:
        raise SystemExit(f"assemble: wheels with files for other places: {', '.join(odd)}")
    projects = [folder.name.partition("-")[0] for folder in packages.glob("*.dist-info")]
    if twice := {project for project in projects if projects.count(project) > 1}:
        raise SystemExit(f"assemble: more than one version of {', '.join(sorted(twice))}")
    trimming.trim_packages(packages)


def pure(folders: Path) -> dict[str, Path]:
    """The wheels that are for all machines, by name: those that each platform's folder has."""
    each = [{wheel.name: wheel for wheel in folder.glob("*-none-any.whl")} for folder in sorted(folders.iterdir())]
    return {name: each[0][name] for name in sorted(set.intersection(*map(set, each)))}


def take_frontend(buildkit: Path) -> None:
    """Take the frontend from the folder `buildkit` of the checkout."""
    ours = PREFIX / "packages" / "buildkit"
    ignored = shutil.ignore_patterns("__pycache__", "*.pyi", "*.proto")
    shutil.copytree(buildkit / "frontend", ours / "frontend", ignore=ignored)
    shutil.copy(buildkit / "__init__.py", ours)


def check_packages(libraries: Path) -> None:
    """Make sure that what extension modules need is among the libraries we have."""
    for pattern, library in _NOT_NEEDED:
        for extension in (PREFIX / "packages").glob(pattern):
            _elf("--remove-needed", library, extension)
    extensions = (PREFIX / "packages").rglob("*.so")
    if missing := {name for name in needed(extensions) if not (libraries / name).exists()}:
        raise SystemExit(f"assemble: extension modules need what is not there: {', '.join(sorted(missing))}")


def finish() -> None:
    """Leave bytecode alone of all modules, strip all programs, and date all files alike: same input, same layer."""
    for folder in (LIBRARY, PREFIX / "packages"):
        _compile(folder, 2, skipped=f"/{_HELP}/|/{_READ_AS_TEXT}$")
    _compile(PREFIX / "packages" / _HELP, 0)
    for path in (path for path in PREFIX.rglob("*") if path.is_file()):
        if path.suffix == ".py" and not path.match(_READ_AS_TEXT):
            path.unlink()
        elif (content := path.read_bytes()).startswith(b"\x7fELF"):
            path.write_bytes(trimming.strip(content))
    date = int(os.environ.get("SOURCE_DATE_EPOCH") or 0)
    for path in (PREFIX, *PREFIX.rglob("*")):
        os.utime(path, (date, date), follow_symlinks=False)


def _compile(folder: Path, optimize: int, skipped: str = "(?!)") -> None:
    """Put bytecode beside all modules of a folder, one by one: what was before changes how it is written."""
    if folder.is_dir() and not compileall.compile_dir(
        folder, rx=re.compile(skipped), quiet=1, legacy=True, optimize=optimize, workers=1,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    ):  # fmt: skip
        raise SystemExit(f"assemble: not all of {folder} can be compiled")


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
            write_launchers()
        case "python":
            take_python(Rootfs(*folders))
        case "pure":
            take_packages(pure(folders[0]).values())
        case "compiled":
            own = (folders[0] / arguments[1]).glob("*.whl")
            take_packages(sorted(wheel for wheel in own if wheel.name not in pure(folders[0])))
            check_packages(folders[2])
        case "spybuild":
            take_packages(folders[0].glob("*.whl"))
            take_frontend(folders[1])
    finish()


if __name__ == "__main__":
    main()
