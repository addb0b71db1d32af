"""Where the dynamic linker finds shared libraries, worked out over an image's files (ld.so(8), musl's ldso).

More is found than the linker would: the paths that loaders bring with `DT_RPATH` count for all that they load, since
`DT_RPATH` and `DT_RUNPATH` are not told apart here. A library that is told to be missing is missing for sure.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spybuild.images.files import Elf, Files, text_of
from spybuild.integrity.elves import Elves
from spybuild.model.image import ImageConfig

_TRIPLETS = {
    "386": ("i386-linux-gnu", "i686-linux-gnu"),
    "amd64": ("x86_64-linux-gnu",),
    "arm": ("arm-linux-gnueabihf", "arm-linux-gnueabi"),
    "arm64": ("aarch64-linux-gnu",),
    "loong64": ("loongarch64-linux-gnu",),
    "mips64le": ("mips64el-linux-gnuabi64",),
    "ppc64": ("powerpc64-linux-gnu",),
    "ppc64le": ("powerpc64le-linux-gnu",),
    "riscv64": ("riscv64-linux-gnu", "lp64d"),
    "s390x": ("s390x-linux-gnu",),
}
_BASES = ("/lib", "/usr/lib", "/usr/local/lib")
_PLAIN = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32", "/usr/lib32", "/usr/local/lib", "/usr/local/lib64")
# musl answers for these itself, whatever comes after (ldso/dynlink.c, load_library)
_IN_MUSL = re.compile(r"lib(c|pthread|rt|m|dl|util|xnet)\.|libc\.musl-|ld-musl-")
_IN_GLIBC = re.compile(r"ld-linux|ld64\.so|ld\.so\.1|linux-vdso|libc\.so\.6$")
# drivers that a container runtime mounts (nvidia-container-toolkit, `compute,utility,graphics,video`)
INJECTED = re.compile(
    r"lib(cuda|cudadebugger|nvidia-[\w-]+|nvcuvid|nvoptix|vdpau_nvidia|(GLX|EGL|GLESv1_CM|GLESv2)_nvidia)\.so"
)
_ORIGIN = re.compile(r"\$(ORIGIN|\{ORIGIN\})")
_MOST_INCLUDES, _LARGEST_CONFIG = 64, 1 << 20
_MOST_FOLDERS = 256
_MOST_LIBRARIES = 4000  # of one binary
_MOST_STEPS = 200_000  # of all binaries


@dataclass(frozen=True)
class Loaded:
    """A binary that is loaded: where it really is, its headers, and where each library it needs is found."""

    path: str
    elf: Elf
    found: Mapping[str, str | None]


class Linker:
    """Finds the libraries that binaries need. Answers are kept."""

    def __init__(self, elves: Elves, config: ImageConfig, libc: str) -> None:
        """Search as the linker of `libc` would, with the image's own LD_LIBRARY_PATH."""
        self.elves, self.libc = elves, libc
        self._files = elves.files
        self._names: dict[str, frozenset[str]] = {}
        self._loaded: set[str] = set()
        said = re.split("[:;]", config.variable("LD_LIBRARY_PATH"))
        configured = _musl_folders(self._files) if libc == "musl" else tuple(_conf_folders(self._files))
        triplets = _TRIPLETS.get(elves.platform.architecture, ())
        multiarch = tuple(f"{base}/{triplet}" for triplet in triplets for base in _BASES)
        self._folders = tuple(dict.fromkeys([*filter(None, said), *configured, *multiarch, *_PLAIN]))[:_MOST_FOLDERS]
        self.steps = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether the binaries need more libraries, one after the other, than honest ones do."""
        return self.steps >= _MOST_STEPS

    def preload(self, path: str) -> None:
        """Take it that a program and all it needs are loaded already: what asks for them by name gets them."""
        for each in self.closure(path):
            self._loaded |= {posixpath.basename(each.path), each.elf.soname}

    def is_given(self, name: str) -> bool:
        """Whether a library is there without being found: the C library's own, loaded already, or mounted later."""
        inside = self._is_in_musl(name) if self.libc == "musl" else _IN_GLIBC.match(name)
        return bool(inside or INJECTED.match(name)) or name in self._loaded

    def closure(self, path: str) -> Iterator[Loaded]:
        """A binary and, once each, the libraries that it needs, as far as they are found."""
        left: list[tuple[str, tuple[str, ...]]] = [(path, ())]
        seen: set[str] = set()
        while left and len(seen) < _MOST_LIBRARIES and self.steps < _MOST_STEPS:
            self.steps += 1
            here, inherited = left.pop()
            elf = self.elves.read(here)
            if elf is None or here in seen:
                continue
            seen.add(here)
            brought = tuple(dict.fromkeys((*_expanded(elf.runpath, here), *inherited)))[:_MOST_FOLDERS]
            found = {name: None if self._is_in_musl(name) else self.find(name, brought) for name in elf.needed}
            yield Loaded(here, elf, found)
            left += [(each, brought) for each in found.values() if each is not None]

    def find(self, name: str, brought: Sequence[str] = ()) -> str | None:
        """Where the linker finds a library that fits the platform; `brought` are the folders its loaders name."""
        if "/" in name:
            return self._fitting(name)
        for folder in (*brought, *self._folders):
            if name in self._in(folder) and (found := self._fitting(f"{folder}/{name}")):
                return found
        return None

    def _is_in_musl(self, name: str) -> bool:
        return self.libc == "musl" and _IN_MUSL.match(name) is not None

    def _fitting(self, path: str) -> str | None:
        entry = self._files.find(path)
        return entry.path if entry and self.elves.is_native(entry.path) else None

    def _in(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            self._names[folder] = frozenset(self._files.names(folder))
        return self._names[folder]


def _expanded(runpath: Sequence[str], path: str) -> tuple[str, ...]:
    """The folders of a run path; `$LIB` and `$PLATFORM` stand for what cannot be known, so they are left out."""
    origin = posixpath.dirname(path)
    folders = (_ORIGIN.sub(lambda _: origin, each) for each in runpath if each)
    return tuple(posixpath.normpath(each) for each in folders if "$" not in each)


def _musl_folders(files: Files) -> tuple[str, ...]:
    for name in files.names("/etc"):
        if name.startswith("ld-musl-") and name.endswith(".path"):
            return tuple(filter(None, re.split("[:\n]", text_of(files, f"/etc/{name}", _LARGEST_CONFIG))))
    return ()


def _conf_folders(files: Files) -> Iterator[str]:
    """The folders of ld.so.conf and of the files it includes."""
    left, seen = ["/etc/ld.so.conf"], set[str]()
    while left and len(seen) < _MOST_INCLUDES:
        path = left.pop(0)
        if path in seen:
            continue
        seen.add(path)
        for line in text_of(files, path, _LARGEST_CONFIG).splitlines():
            word, _, rest = line.partition("#")[0].strip().partition(" ")
            if word == "include":
                left += _matching(files, posixpath.join("/etc", rest.strip()))
            elif word.startswith("/"):
                yield word.split("=")[0]


def _matching(files: Files, pattern: str) -> list[str]:
    folder, name = posixpath.split(pattern)
    return [f"{folder}/{each}" for each in files.names(folder) if fnmatch.fnmatchcase(each, name)]
