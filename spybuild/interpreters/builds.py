"""What an interpreter's binary is: implementation, version, C library, with or without the GIL.

The version text inside the binary, or inside the library it needs, is the truth; names of files are taken where there
is none. Sources: PEP 3149 (ABI flags in names), PEP 703 (the `t` of free-threaded builds), the makefiles of both.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from spybuild.images.files import Elf, Files
from spybuild.model.target import Target

_VERSION = re.compile(r"(?P<major>[23])\.(?P<minor>\d{1,2})(?:\.(?P<micro>\d{1,3})(?P<stage>(?:a|b|rc)\d+)?)?\+?")
_NAMED = re.compile(
    r"(?:lib)?(?P<kind>python|pypy)(?P<version>[23]\.\d{1,2})?[md]*(?P<threads>t)?(?:-c|d|-dbg)?(?:\.so[\w.]*)?"
)
_LIBRARY_DIRS = ("/usr/local/lib", "/usr/lib", "/usr/local/lib64", "/usr/lib64", "/lib", "/lib64")
Version = tuple[int, int, int]


@dataclass(frozen=True)
class Build:
    """One build of an interpreter, as far as its binary tells.

    Attributes:
        implementation: `CPython`, `PyPy` or `GraalPy`.
        version: None where nothing tells even the minor version; micro is -1 where only that is unknown.
        free_threaded: whether its names carry the `t`.
        libc: `glibc`, `musl`, or empty.
        elf: of the binary.
    """

    implementation: str
    version: Version | None
    free_threaded: bool
    libc: str
    elf: Elf

    @property
    def folder(self) -> str:
        """What its standard library's folder is called (`python3.13t`); only to be asked where the version is known."""
        major, minor, _ = self.version or (0, 0, 0)
        return f"{'pypy' if self.implementation == 'PyPy' else 'python'}{major}.{minor}{'t' * self.free_threaded}"


def parse_version(text: str) -> Version | None:
    """Major, minor and micro in a version text; micro is -1 where it is not there."""
    match = _VERSION.match(text.strip())
    return (int(match["major"]), int(match["minor"]), int(match["micro"] or "-1")) if match else None


def version_text(files: Files, target: Target) -> str:
    """The version as the interpreter itself says it: no micro where that is not known, and `rc1` before a release."""
    major, minor, micro = target.version
    numbers = f"{major}.{minor}" + (f".{micro}" if micro >= 0 else "")
    elf = files.elf(target.binary)
    texts = (elf.python, *_texts_of_libraries(files, target.binary, elf)) if elf else ()
    stages = (match["stage"] for text in texts if text.startswith(numbers) and (match := _VERSION.match(text)))
    return numbers + (next(stages, None) or "")


def read_build(files: Files, executable: str, binary: str, elf: Elf) -> Build:
    """What the program `binary` is, which `executable` leads to.

    Args:
        files: the image's tree.
        executable: the path that is started.
        binary: the file it is in the end, free of links.
        elf: its headers.
    """
    names = [posixpath.basename(binary), *elf.needed, posixpath.basename(executable)]
    told = [match for name in names if (match := _NAMED.fullmatch(name))]
    implementation = "PyPy" if any(match["kind"] == "pypy" for match in told) else "CPython"
    if any(name.startswith("graalpy") for name in names):
        implementation = "GraalPy"
    texts = [elf.python, *_texts_of_libraries(files, binary, elf), *(match["version"] or "" for match in told)]
    version = next((version for text in texts if (version := parse_version(text))), None)
    free = any(match["threads"] for match in told)
    return Build(implementation, version, free, elf.libc, elf)


def _texts_of_libraries(files: Files, binary: str, elf: Elf) -> Iterator[str]:
    """The version texts inside `libpython3.11.so.1.0`, `libpypy3.11-c.so`, where the loader finds them."""
    folder = posixpath.dirname(binary)
    origins = [path.replace("${ORIGIN}", folder).replace("$ORIGIN", folder) for path in elf.runpath]
    for name in elf.needed:
        if not _NAMED.fullmatch(name):
            continue
        folders = (*origins, posixpath.join(folder, "../lib"), *_LIBRARY_DIRS, *_multiarch(files))
        paths = (posixpath.join(each, name) for each in folders if each.startswith("/"))
        libraries = (files.elf(path) for path in paths)
        found = next((library for library in libraries if library and library.machine == elf.machine), None)
        yield found.python if found else ""


def _multiarch(files: Files) -> list[str]:
    """Debian's folders of libraries by platform (`/usr/lib/aarch64-linux-gnu`)."""
    return [f"/usr/lib/{name}" for name in files.names("/usr/lib") if "-linux-" in name]
