"""Programs of other architectures, run by qemu through the kernel's binfmt_misc.

A handler that is registered already is used as it is. Else ours come from the next release's qemu: this release's is
three times slower on arm64, whose pointer authentication it computes in full.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import debs
from tests.stack.console import StackError, run, say
from tests.stack.home import Home

KERNEL = Path("/proc/sys/fs/binfmt_misc")
# qemu-user is a static program: this release's build runs on every other one.
RELEASE = "trixie"


@dataclass(frozen=True)
class _Emulated:
    """How the kernel tells one architecture's programs: by the start of their ELF header."""

    machine: str
    """The architecture as ``uname -m`` says it."""
    qemu: str
    elf_class: int
    elf_machine: int

    def registration(self, root: Path) -> str:
        """What the kernel wants to read; P: keep argv[0], F: open qemu now, so that containers need not have it."""
        header = bytes([0x7F, *b"ELF", self.elf_class, 1, 1, *[0] * 9, 2, 0, self.elf_machine, 0])
        # Any OS ABI and padding will do, and both kinds of executable (2 fixed, 3 position-independent).
        mask = bytes([*[0xFF] * 7, *[0] * 9, 0xFE, 0xFF, 0xFF, 0xFF])
        return f":{self.qemu}:M::{_escaped(header)}:{_escaped(mask)}:{root}/usr/bin/{self.qemu}:PF"


_PLATFORMS = {
    "linux/amd64": _Emulated("x86_64", "qemu-x86_64", 2, 62),
    "linux/arm64": _Emulated("aarch64", "qemu-aarch64", 2, 183),
    "linux/arm/v7": _Emulated("armv7l", "qemu-arm", 1, 40),
}


def up(home: Home) -> dict[str, Any]:
    """Have the kernel run every platform of the stack; kept by ``down``, for others may use it by then."""
    for platform, emulated in _PLATFORMS.items():
        if not _runs(platform):
            _register(home, platform, emulated)
    return {"platforms": platforms()}


def platforms() -> list[str]:
    """The platforms whose programs run here, the native one first."""
    return sorted(filter(_runs, _PLATFORMS), key=lambda platform: not _native(platform))


def _register(home: Home, platform: str, emulated: _Emulated) -> None:
    debs.require_root(f"emulating {platform}")
    root = debs.unpack(home, "qemu", RELEASE, ["qemu-user"])
    if not (KERNEL / "register").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", KERNEL], home.log("binfmt"))
    try:
        handler = KERNEL / emulated.qemu
        if handler.exists():  # registered, but disabled or without the F flag: of no use to containers
            handler.write_text("-1")
        (KERNEL / "register").write_text(emulated.registration(root))
    except OSError as error:
        raise StackError(f"the kernel does not take {emulated.qemu}: {error}") from error
    if not _runs(platform):
        raise StackError(f"{platform} still does not run: see {KERNEL / emulated.qemu}")
    say(f"binfmt: {platform} runs")


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def _native(platform: str) -> bool:
    return _PLATFORMS[platform].machine == os.uname().machine


def _runs(platform: str) -> bool:
    if _native(platform):
        return True
    try:
        handler = (KERNEL / _PLATFORMS[platform].qemu).read_text()
    except OSError:
        return False
    flags = next((line.split()[1] for line in handler.splitlines() if line.startswith("flags: ")), "")
    return handler.startswith("enabled") and "F" in flags
