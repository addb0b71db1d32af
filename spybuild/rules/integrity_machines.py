"""What binaries of a platform look like: the ELF header that each OCI architecture means (the psABIs)."""

from typing import NamedTuple

from spybuild.model.integrity import Build
from spybuild.model.platforms import Platform


class Header(NamedTuple):
    """`e_machine`, bits and byte order of a platform's binaries."""

    machine: int
    bits: int
    little: bool


_HEADERS = {
    "386": Header(3, 32, True),
    "amd64": Header(62, 64, True),
    "arm": Header(40, 32, True),
    "arm64": Header(183, 64, True),
    "loong64": Header(258, 64, True),
    "mips64le": Header(8, 64, True),
    "ppc64": Header(21, 64, False),
    "ppc64le": Header(21, 64, True),
    "riscv64": Header(243, 64, True),
    "s390x": Header(22, 64, False),
}
_ARCHITECTURES = {header: architecture for architecture, header in _HEADERS.items()}


def header_of(platform: Platform) -> Header | None:
    """The header that binaries of `platform` have; None where it is not known."""
    return _HEADERS.get(platform.architecture) if platform.os == "linux" else None


def is_native(build: Build, platform: Platform) -> bool:
    """Whether binaries built like this run on `platform`; an architecture that is not known refuses nothing."""
    wanted = header_of(platform)
    return wanted is None or wanted == (build.machine, build.bits, build.little)


def describe(build: Build) -> str:
    """What a build is for, as people say it: `arm64`, `arm (soft float)`."""
    if not build.machine:
        return "no ELF file"
    order = "little" if build.little else "big"
    unknown = f"ELF machine {build.machine}, {build.bits} bits, {order} endian"
    name = _ARCHITECTURES.get(Header(build.machine, build.bits, build.little), unknown)
    return f"{name} ({build.float_abi} float)" if build.float_abi else name
