"""Where an interpreter's installation is: prefix, standard library, virtual environment.

As CPython works it out from landmarks (Modules/getpath.py; getpath.c before 3.11), PEP 405 for virtual environments.
PyPy does the same with its own folder names.
"""

import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files, is_file, is_folder
from spybuild.interpreters.builds import Build, parse_version
from spybuild.model.image import ImageConfig

_LIBS = ("lib", "lib64")  # the second is what Fedora and its kin call it
_STDLIB = re.compile(r"(?:python|pypy)3\.(?P<minor>\d{1,2})(?P<threads>t?)")
_COMPILED_IN = ("/usr/local", "/usr")  # where builds were configured for, as far as one can guess
_LARGEST_CONFIG = 1 << 16
_GETPATH_IN_PYTHON = (3, 11)


@dataclass(frozen=True)
class Venv:
    """A virtual environment: its folder, and what pyvenv.cfg says."""

    folder: str
    home: str = ""
    has_system_sites: bool = True
    version: str = ""


@dataclass(frozen=True)
class Layout:
    """Where things are. Paths are as the interpreter has them, links not followed.

    Attributes:
        prefix: `sys.prefix`.
        base_prefix: `sys.base_prefix`.
        lib: `lib` or `lib64` (`sys.platlibdir`).
        stdlib: the standard library's folder.
        dynload: the folder of its extension modules, which may not exist.
        venv: None outside of virtual environments.
    """

    prefix: str
    base_prefix: str
    lib: str
    stdlib: str
    dynload: str
    venv: Venv | None


def read_layout(
    files: Files, config: ImageConfig, executable: str, binary: str, build: Build
) -> tuple[Layout, Build] | None:
    """Find the installation that `executable` belongs to, and complete what its binary could not tell.

    Returns:
        None where the image has no standard library for it: such an interpreter does not start.
    """
    venv = _read_venv(files, executable)
    for start in _starts(config, binary, build, venv):
        for base in _upwards(start):
            for lib, folder in _stdlibs(files, base, build):
                completed = _completed(build, folder)
                stdlib = posixpath.join(base, lib, folder)
                dynload = _dynload(files, start, lib, folder) or posixpath.join(stdlib, "lib-dynload")
                return Layout(venv.folder if venv else base, base, lib, stdlib, dynload, venv), completed
    return None


def _read_venv(files: Files, executable: str) -> Venv | None:
    """The environment of an executable: pyvenv.cfg is beside it or one folder above (site.py, `venv`)."""
    beside = posixpath.dirname(executable)
    above = posixpath.dirname(beside)
    for folder in (beside, above):
        path = posixpath.join(folder, "pyvenv.cfg")
        if not is_file(files, path):
            continue
        keys = venv_settings(files.read(path, _LARGEST_CONFIG).decode("utf-8", "replace"))
        system = keys.get("include-system-site-packages", "true").lower() == "true"
        version = keys.get("version") or keys.get("version_info", "")
        return Venv(above, keys.get("home", ""), system, version)
    return None


def venv_settings(text: str) -> dict[str, str]:
    """What a pyvenv.cfg says, by key in lower case; a line without `=` says nothing (site.py, `venv`)."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, separator, value in pairs if separator}


def _starts(config: ImageConfig, binary: str, build: Build, venv: Venv | None) -> Iterator[str]:
    """The folders from which the installation is looked for upwards, the first that has one wins."""
    if home := config.variable("PYTHONHOME").partition(":")[0]:
        yield home
    follows_home = build.version is None or build.version[:2] >= _GETPATH_IN_PYTHON or build.implementation == "PyPy"
    resolved = posixpath.dirname(binary)
    home = venv.home if venv and posixpath.isabs(venv.home) else ""
    yield from (folder for folder in ((home, resolved) if follows_home else (resolved, home)) if folder)
    yield from _COMPILED_IN


def _upwards(folder: str) -> Iterator[str]:
    """A folder and all above it but the root, which getpath does not look into."""
    folder = posixpath.normpath(folder)
    while folder.strip("/"):
        yield folder
        folder = posixpath.dirname(folder)


def _stdlibs(files: Files, base: str, build: Build) -> Iterator[tuple[str, str]]:
    """(lib, folder) of the standard libraries below a prefix that fit the build; `os.py` is the landmark."""
    for lib in _LIBS:
        parent = posixpath.join(base, lib)
        known = _folders(build) if build.version else tuple(filter(_STDLIB.fullmatch, files.names(parent)))
        for folder in known:
            if build.implementation == ("PyPy" if folder.startswith("pypy") else "CPython") and _has_os(
                files, posixpath.join(parent, folder)
            ):
                yield lib, folder


def _folders(build: Build) -> tuple[str, str]:
    """What the standard library may be called: a copied `python` does not tell whether it is free-threaded."""
    return build.folder, replace(build, free_threaded=not build.free_threaded).folder


def _has_os(files: Files, folder: str) -> bool:
    return any(is_file(files, posixpath.join(folder, name)) for name in ("os.py", "os.pyc"))


def _dynload(files: Files, start: str, lib: str, folder: str) -> str | None:
    """The folder of extension modules, which getpath looks for on its own."""
    for above in _upwards(start):
        path = posixpath.join(above, lib, folder, "lib-dynload")
        if is_folder(files, path):
            return path
    return None


def _completed(build: Build, folder: str) -> Build:
    match = _STDLIB.fullmatch(folder)
    if not match:
        return build
    version = build.version or (3, int(match["minor"]), -1)
    return replace(build, version=version, free_threaded=bool(match["threads"]))


def micro_version(files: Files, config: ImageConfig, layout: Layout, build: Build) -> int:
    """The micro version where the binary does not tell it, from what was installed along with it; -1 if nothing does.

    Sources, the most reliable first: the C headers, conda's record of its packages, pyvenv.cfg, PYTHON_VERSION.
    """
    for text in _version_texts(files, config, layout, build):
        version = parse_version(text)
        if version and build.version and version[:2] == build.version[:2] and version[2] >= 0:
            return version[2]
    return -1


def _version_texts(files: Files, config: ImageConfig, layout: Layout, build: Build) -> Iterator[str]:
    for folder in (build.folder, f"{build.folder}m"):  # the flag that builds had before 3.8
        with suppress(FileNotFoundError, ImageInvalid):
            header = posixpath.join(layout.base_prefix, "include", folder, "patchlevel.h")
            text = files.read(header, _LARGEST_CONFIG).decode("utf-8", "replace")
            yield from re.findall(r'^#define\s+PY_VERSION\s+"([^"\n]{1,30})"', text, re.MULTILINE)
    for name in files.names(posixpath.join(layout.base_prefix, "conda-meta")):
        if name.startswith("python-3"):
            yield name.removeprefix("python-")
    yield layout.venv.version if layout.venv else ""
    yield config.variable("PYTHON_VERSION")
