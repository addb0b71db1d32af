"""Binaries against a platform: whether they are its own, and what they are called in a message."""

from spybuild.model.integrity import BinaryBuild
from spybuild.model.machines import MACHINES, Machine, architecture_of
from spybuild.model.platforms import Platform

_WITHOUT_ELF = ("windows", "darwin")


def machine_of(platform: Platform) -> Machine | None:
    """What the headers of `platform`'s binaries say; None where it is not known."""
    return MACHINES.get(platform.architecture) if platform.os == "linux" else None


def is_native(build: BinaryBuild, platform: Platform) -> bool:
    """Whether binaries built like this run on `platform`; an architecture that is not known refuses nothing."""
    if platform.os in _WITHOUT_ELF:
        return not build.machine
    wanted = machine_of(platform)
    return wanted is None or wanted == (build.machine, build.bits, build.little)


def describe(build: BinaryBuild) -> str:
    """What a build is for, as people say it: `arm64`, `arm (soft float)`."""
    if not build.machine:
        return "no ELF file"
    order = "little" if build.little else "big"
    unknown = f"ELF machine {build.machine}, {build.bits} bits, {order} endian"
    name = architecture_of(Machine(build.machine, build.bits, build.little)) or unknown
    return f"{name} ({build.float_abi} float)" if build.float_abi else name
