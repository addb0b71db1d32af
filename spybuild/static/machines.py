"""The machine that an interpreter's binary is made for, in the words that `platform` would use there."""

import posixpath

from spybuild.errors import ImageInvalid
from spybuild.images.files import Elf, Files
from spybuild.model.facts import MachineFacts
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

# e_machine of the ELF header -> what `uname -m` says; x86-64 and ARM have more to it
_MACHINES = {3: "i686", 22: "s390x", 62: "x86_64", 183: "aarch64", 243: "riscv64", 258: "loongarch64"}
_POWERPC64, _ARM, _MIPS = 21, 40, 8
_ARM_VARIANTS = {"v5": "armv5tel", "v6": "armv6l", "v7": "armv7l", "v8": "armv8l", "": "armv7l"}
_OF_PLATFORMS = {
    "amd64": "x86_64", "386": "i686", "arm64": "aarch64", "loong64": "loongarch64", "mips64le": "mips64el",
}  # fmt: skip
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "windows": "Windows"}
_LARGEST_LOADER = 4 << 20
_NARROW = ("386", "arm")


def machine_of(files: Files, target: Target) -> MachineFacts:
    """The machine of a target: its binary's headers decide, and the image's platform where they do not tell."""
    elf, platform = files.elf(target.binary), target.platform
    return MachineFacts(
        system=_SYSTEMS.get(platform.os, platform.os),
        machine=(elf and _of_binary(elf, platform)) or _of_platform(platform),
        bits=elf.bits if elf else 32 if platform.architecture in _NARROW else 64,
        byteorder="little" if elf is None or elf.little else "big",
        libc=_musl(files) if target.libc == "musl" else None,
    )


def _of_binary(elf: Elf, platform: Platform) -> str:
    if elf.machine == _ARM:  # the headers do not tell the variant
        return _ARM_VARIANTS.get(platform.variant if platform.architecture == "arm" else "", "armv7l")
    if elf.machine == _POWERPC64:
        return "ppc64le" if elf.little else "ppc64"
    if elf.machine == _MIPS:
        return "mips64el" if elf.little else "mips64"
    return _MACHINES.get(elf.machine, "")


def _of_platform(platform: Platform) -> str:
    if platform.architecture == "arm":
        return _ARM_VARIANTS.get(platform.variant, "armv7l")
    return _OF_PLATFORMS.get(platform.architecture, platform.architecture)


def _musl(files: Files) -> str | None:
    """The version of musl stands in its loader, as the probe finds it there (its `libc`)."""
    for name in files.names("/lib"):
        if name.startswith("ld-musl-"):
            try:
                words = files.read(posixpath.join("/lib", name), _LARGEST_LOADER).split(b"\0")
            except (FileNotFoundError, ImageInvalid):
                return None
            versions = (word for word in words if word.count(b".") == 2 and word.replace(b".", b"").isdigit())
            return next((f"musl {word.decode('ascii')}" for word in versions), None)
    return None
