"""What the binaries of each architecture look like: the ELF header that OCI's name for it means (gABI and psABIs)."""

from typing import NamedTuple


class Machine(NamedTuple):
    """What an ELF header says of a machine: `e_machine`, bits, and whether the byte order is little-endian."""

    number: int
    bits: int
    little: bool


MACHINES = {
    "386": Machine(3, 32, True),
    "amd64": Machine(62, 64, True),
    "arm": Machine(40, 32, True),
    "arm64": Machine(183, 64, True),
    "loong64": Machine(258, 64, True),
    "mips64le": Machine(8, 64, True),
    "ppc64": Machine(21, 64, False),
    "ppc64le": Machine(21, 64, True),
    "riscv64": Machine(243, 64, True),
    "s390x": Machine(22, 64, False),
}
# what `uname -m` says there, where that is not OCI's name; MIPS says the same for both byte orders
_UNAMES = {"386": "i686", "amd64": "x86_64", "arm64": "aarch64", "loong64": "loongarch64", "mips64le": "mips64"}
_UNAMES_OF_ARM = {"v5": "armv5tel", "v6": "armv6l", "v7": "armv7l", "v8": "armv8l"}
_ARCHITECTURES = {machine: architecture for architecture, machine in MACHINES.items()}


def machine_name(architecture: str, variant: str = "") -> str:
    """What `uname -m`, and so `platform.machine()`, says on a machine of an OCI architecture."""
    if architecture == "arm":
        return _UNAMES_OF_ARM.get(variant, "armv7l")
    return _UNAMES.get(architecture, architecture)


def architecture_of(machine: Machine) -> str:
    """OCI's name for a machine; empty where none of those here is meant."""
    return _ARCHITECTURES.get(machine, "")
