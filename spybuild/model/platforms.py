"""Platforms, and the one table that makes all names of an architecture, a system or an interpreter equal.

OCI images say `arm64`, `uname -m` says `aarch64`, Windows says `AMD64`, ImportSpy's contracts say `x86_64`. Everything
that compares such names goes through this file. Source: OCI image-spec (`GOOS`, `GOARCH`, `variant`) and containerd's
`platforms` package, whose defaults for missing variants are kept.
"""

from dataclasses import dataclass
from typing import Self

from spybuild.errors import UsageError

# every spelling -> (OCI architecture, OCI variant); an empty variant is the architecture's usual one
_ARCHITECTURES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(["amd64", "x86_64", "x86-64", "x64"], ("amd64", "")),
    **dict.fromkeys(["386", "i386", "i486", "i586", "i686", "x86"], ("386", "")),
    **dict.fromkeys(["arm64", "aarch64", "armv8", "armv8l", "armv8b"], ("arm64", "")),
    **dict.fromkeys(["arm", "armhf", "armv7", "armv7l", "armv7hl"], ("arm", "v7")),
    **dict.fromkeys(["armv6", "armv6l"], ("arm", "v6")),
    **dict.fromkeys(["armel", "armv5", "armv5l", "armv5tel", "armv5tejl"], ("arm", "v5")),
    **dict.fromkeys(["ppc64le", "powerpc64le", "ppc64el"], ("ppc64le", "")),
    **dict.fromkeys(["ppc64", "powerpc64"], ("ppc64", "")),
    **dict.fromkeys(["mips64le", "mips64el"], ("mips64le", "")),
    **dict.fromkeys(["loong64", "loongarch64"], ("loong64", "")),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
}
_SYSTEMS = {
    "darwin": "darwin",
    "macos": "darwin",
    "osx": "darwin",
    "linux": "linux",
    "windows": "windows",
    "win32": "windows",
}
_IMPLEMENTATIONS = {"graalpython": "graalpy", "python": "cpython"}
ARCHITECTURE_NAMES = frozenset(_ARCHITECTURES)
SYSTEM_NAMES = frozenset(_SYSTEMS)
_USUAL_VARIANTS = {("arm64", "v8"): "", ("amd64", "v1"): "", ("arm", ""): "v7"}


def normal_architecture(name: str) -> tuple[str, str]:
    """The OCI architecture and variant that `name` means in any spelling; an unknown name stays, lower-cased."""
    lowered = name.strip().lower()
    return _ARCHITECTURES.get(lowered, (lowered, ""))


def normal_system(name: str) -> str:
    """The OCI name (`linux`, `darwin`, `windows`) that an operating system's `name` means."""
    lowered = name.strip().lower()
    return _SYSTEMS.get(lowered, lowered)


def normal_implementation(name: str) -> str:
    """The interpreter's name as compared: `CPython` and `cpython` are one, and so are GraalPython and GraalPy."""
    lowered = name.strip().lower()
    return _IMPLEMENTATIONS.get(lowered, lowered)


@dataclass(frozen=True, order=True)
class Platform:
    """An image's platform: operating system, architecture and, where it matters, the architecture's variant."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def of(cls, system: str, architecture: str, variant: str = "") -> Self:
        """The platform that these names mean, in any spelling (`Linux`, `aarch64`, `v8` is linux/arm64)."""
        oci, implied = normal_architecture(architecture)
        chosen = variant.strip().lower() or implied
        return cls(normal_system(system), oci, _USUAL_VARIANTS.get((oci, chosen), chosen))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `os/architecture[/variant]` as docker writes it; a lone architecture means linux.

        Raises:
            UsageError: the text is no platform.
        """
        parts = [part.strip() for part in text.split("/")]
        if len(parts) == 1 and parts[0].lower() in _ARCHITECTURES:
            parts.insert(0, "linux")
        if not 2 <= len(parts) <= 3 or not all(parts):
            raise UsageError(
                f"{text!r} is no platform", "write it as os/architecture[/variant], for example linux/arm64"
            )
        return cls.of(*parts)

    def satisfies(self, wanted: "Platform") -> bool:
        """Whether an image of this platform is what `wanted` asks for; a variant not asked for is not compared."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        return self.variant == wanted.variant or not wanted.variant

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
