"""What an image needs of the Python that runs this: interpreter, standard library, and the libraries both load."""

import fnmatch
import functools
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from spybuild.images.elf.reading import read_elf

Files = dict[str, Path]
"""What is to be where in an image (absolute, without the slash before it), and where it is here."""

_LEFT_OUT = (
    "__pycache__", "test", "tests", "idle_test", "site-packages", "dist-packages", "config-*",
    "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3",
)  # fmt: skip
_FOUND = re.compile(r"(/\S+) \(0x")
_MISSING = re.compile(r"=> not found|cannot open shared object|Error loading shared library")  # glibc, glibc, musl


def interpreter() -> Path:
    """The interpreter itself, behind all links of virtual environments."""
    return Path(sys.executable).resolve()


def python_files() -> Files:
    """A Python that works: everything is where it is here, so that its own search for it ends well.

    Returns:
        Its files. Modules of the standard library that miss a library here are left out.
    """
    found = {interpreter(): needed_by(interpreter()) or ()}
    for path in _stdlib():
        libraries = needed_by(path) if path.suffix == ".so" else ()
        if libraries is not None:
            found[path] = libraries
    return as_here(*found, *(library for libraries in found.values() for library in libraries))


def package_files(name: str, folder: str) -> Files:
    """An installed distribution as `pip install --target` lays it out in a folder, with the libraries it needs."""
    recorded = importlib.metadata.distribution(name).files or ()
    wanted = (each for each in recorded if "__pycache__" not in each.parts and ".." not in each.parts)
    files = {f"{folder}/{each}": Path(str(each.locate())) for each in wanted}
    extensions = [here for here in files.values() if here.suffix == ".so"]
    return files | as_here(*(library for each in extensions for library in needed_by(each) or ()))


def as_here(*paths: Path) -> Files:
    """These files where they are here."""
    return {str(path).lstrip("/"): path for path in paths}


def needed_by(path: Path) -> tuple[Path, ...] | None:
    """The libraries that the loader finds for a file (`ld.so --list`, as `ldd` does); None where one is missing."""
    if not _loader():
        return ()
    done = subprocess.run([_loader(), "--list", str(path)], capture_output=True, text=True, check=False, timeout=30)
    said = done.stdout + done.stderr
    return None if _MISSING.search(said) else tuple(Path(each) for each in _FOUND.findall(said))


def _stdlib() -> Iterator[Path]:
    for folder, names, files in os.walk(sysconfig.get_path("stdlib")):
        names[:] = sorted(name for name in names if not any(fnmatch.fnmatch(name, each) for each in _LEFT_OUT))
        yield from (path for name in sorted(files) if (path := Path(folder, name)).is_file())


@functools.cache
def _loader() -> str:
    """The dynamic loader that the interpreter asks for; empty where it needs none."""
    content = interpreter().read_bytes()
    elf = read_elf(lambda offset, size: content[offset : offset + size], len(content), interpreter().name)
    return elf.interpreter if elf else ""
