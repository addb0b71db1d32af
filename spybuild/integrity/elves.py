"""ELF files of an image: their headers read once, held against the platform; what else is in them, read when needed."""

import re

from spybuild.errors import ImageInvalid
from spybuild.images.files import Elf, Files
from spybuild.model.integrity import BinaryBuild
from spybuild.model.platforms import Platform
from spybuild.rules.integrity_machines import is_native

_MOST = 64 << 20
_VERSION = re.compile(rb"(?<=\x00)((?:GLIBC|GLIBCXX|CXXABI|GCC)_\d[\d.]*)(?=\x00)")
_ENTRY = re.compile(rb"(?:PyInit_|PyInitU_|_cffi_pypyinit_)\w+\x00")

_ARM = 40


class Elves:
    """The ELF files of one platform. Answers are kept."""

    def __init__(self, files: Files, platform: Platform) -> None:
        """Read from `files`, hold against `platform`."""
        self.files, self.platform = files, platform
        self.float_abi = ""
        self.unread: dict[str, str] = {}
        self._builds: dict[str, BinaryBuild] = {}
        self._read: dict[str, Elf | None] = {}
        self._defined: dict[str, frozenset[str] | None] = {}

    def read(self, path: str) -> Elf | None:
        """The headers of a file; None where it is no ELF file. What cannot be read is kept in `unread`."""
        if path not in self._read:
            self._read[path] = elf = self._headers(path)
            if elf is not None and elf.unread:
                self.unread[path] = elf.unread
        return self._read[path]

    def build(self, path: str) -> BinaryBuild:
        """What a file was built for."""
        if path not in self._builds:
            self._builds[path] = _build(self.read(path))
        return self._builds[path]

    def is_native(self, path: str) -> bool:
        """Whether a file is a binary of the platform; where two float ABIs are known, they must be one."""
        build = self.build(path)
        if not build.machine or not is_native(build, self.platform):
            return False
        return not (build.float_abi and self.float_abi) or build.float_abi == self.float_abi

    def defines(self, path: str) -> frozenset[str] | None:
        """The symbol versions of the GNU system libraries that a library has; None where that cannot be told."""
        if path not in self._defined:
            content = self._content(path)
            self._defined[path] = None if content is None else _versions(content)
        return self._defined[path]

    def is_module(self, path: str) -> bool:
        """Whether a file has an extension module's entry point; a file too large to look through may well have one."""
        content = self._content(path)
        return content is None or _ENTRY.search(content) is not None

    def _headers(self, path: str) -> Elf | None:
        try:
            return self.files.elf(path)
        except (FileNotFoundError, ImageInvalid) as error:
            self.unread[path] = str(error)
            return None

    def _content(self, path: str) -> bytes | None:
        try:
            return self.files.read(path, _MOST)
        except (FileNotFoundError, ImageInvalid):
            return None


def _build(elf: Elf | None) -> BinaryBuild:
    if elf is None:
        return BinaryBuild(machine=0)
    float_abi = elf.float_abi if elf.machine == _ARM else ""
    return BinaryBuild(machine=elf.machine, bits=elf.bits, little=elf.little, float_abi=float_abi, libc=elf.libc)


def _versions(content: bytes) -> frozenset[str]:
    return frozenset(match.decode() for match in _VERSION.findall(content))
