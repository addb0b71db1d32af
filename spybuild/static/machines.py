"""The machine that an interpreter's binary is made for, in the words that `platform` would use there."""

import posixpath

from spybuild.errors import ImageInvalid
from spybuild.images.files import Elf, Files
from spybuild.model.facts import MachineFacts
from spybuild.model.machines import Machine, architecture_of, machine_name
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "windows": "Windows"}
_LARGEST_LOADER = 4 << 20
_NARROW = ("386", "arm")


def machine_of(files: Files, target: Target) -> MachineFacts:
    """The machine of a target: its binary's headers decide, and the image's platform where they do not tell."""
    elf, platform = files.elf(target.binary), target.platform
    return MachineFacts(
        system=_SYSTEMS.get(platform.os, platform.os),
        machine=(elf and _of_binary(elf, platform)) or machine_name(platform.architecture, platform.variant),
        bits=elf.bits if elf else 32 if platform.architecture in _NARROW else 64,
        byteorder="little" if elf is None or elf.little else "big",
        libc=_musl(files) if target.libc == "musl" else None,
    )


def _of_binary(elf: Elf, platform: Platform) -> str:
    architecture = architecture_of(Machine(elf.machine, elf.bits, elf.little))
    same = architecture == platform.architecture
    return machine_name(architecture, platform.variant if same else "")  # headers do not tell the variant


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
