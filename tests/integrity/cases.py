"""What a case of the corpus is, the wheels that cases are made of, and what several of them do."""

import importlib.util
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.integrity.trees import Tree, Wheel

AMD64, ARM64, ARMV7 = "linux/amd64", "linux/arm64", "linux/arm/v7"
SITE = "/usr/local/lib/python3.11/dist-packages"
SITE_313 = "/usr/local/lib/python3.13/dist-packages"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MARKUPSAFE = Wheel("markupsafe==3.0.4", "manylinux2014_x86_64")
MARKUPSAFE_ARM64 = Wheel("markupsafe==3.0.4", "manylinux2014_aarch64")
MARKUPSAFE_ARMV7 = Wheel("markupsafe==3.0.4", "manylinux2014_armv7l", "3.13")
MARKUPSAFE_MUSL = Wheel("markupsafe==3.0.4", "musllinux_1_2_x86_64")
PSUTIL = Wheel("psutil==7.1.1", "manylinux2014_x86_64")
CFFI, CFFI_ARM64 = Wheel("cffi==2.1.1", "manylinux2014_x86_64"), Wheel("cffi==2.1.1", "manylinux2014_aarch64")
CRYPTOGRAPHY = Wheel("cryptography==50.0.2", "manylinux2014_x86_64")
REQUESTS, IDNA, CERTIFI = Wheel("requests==2.34.2"), Wheel("idna==3.20"), Wheel("certifi==2026.10.18")
CHARSET, URLLIB3 = Wheel("charset-normalizer==3.5.2"), Wheel("urllib3==2.8.0")

Settings = dict[str, Any]
Build = Callable[[Tree, bool], Settings | None]


@dataclass(frozen=True)
class Case:
    """One way to break an image.

    `build(tree, is_broken)` lays over the base what is broken, or its sound twin, and gives the image's config.
    """

    name: str
    expected: frozenset[str]
    platform: str
    base: str
    build: Build
    secrets: tuple[str, ...] = field(default=())


ELF64 = b"\x7fELF\x02\x01\x01" + bytes(9)
CASES: list[Case] = []


def case(
    *expected: str, platform: str = AMD64, base: str = "3.11", secrets: tuple[str, ...] = ()
) -> Callable[[Build], Build]:
    """Enter a case under its function's name."""

    def enter(build: Build) -> Build:
        CASES.append(Case(build.__name__, frozenset(expected), platform, base, build, secrets))
        return build

    return enter


def requests(tree: Tree, *others: Wheel, without: Wheel | None = None) -> None:
    """Install requests and all it needs."""
    for wheel in (REQUESTS, IDNA, CERTIFI, CHARSET, URLLIB3):
        if wheel != without:
            tree.wheel(wheel, SITE)
    for wheel in others:
        tree.wheel(wheel, SITE)


def venv(folder: str, **settings: Any) -> Settings:
    return {"env": (f"PATH={folder}/bin:{PATH.removeprefix('PATH=')}", f"VIRTUAL_ENV={folder}"), **settings}


def make_musl(tree: Tree) -> None:
    """A musl image: Debian's musl, and an interpreter that asks for its loader."""
    tree.debs("integrity-musl", "bookworm", "musl")
    loader, wanted = b"/lib64/ld-linux-x86-64.so.2\0", b"/lib/ld-musl-x86_64.so.1\0"
    tree.patch("/usr/bin/python3.11", loader, wanted.ljust(len(loader), b"\0"))
    tree.remove("/usr/lib/python3.11/lib-dynload")
    for build in tree.path("/usr/lib/python3.11").glob("_sysconfigdata_*.py"):
        text = build.read_text().replace("linux-gnu", "linux-musl")
        tree.write(f"/{build.relative_to(tree.root)}", text)
    for name in ("libc.so.6", "ld-linux-x86-64.so.2"):
        tree.remove(f"/lib/x86_64-linux-gnu/{name}")


def numpy(tree: Tree) -> None:
    tree.wheel(Wheel("numpy==2.2.6", "manylinux2014_x86_64"), SITE)
    tree.debs("integrity-libstdc++", "bookworm", "libstdc++6", "libgcc-s1", "libltdl7")


def as_made_by_311(path: Any, magic: int = 3495) -> None:
    """Give compiled code the magic number of a Python, whichever runs the tests."""
    content = path.read_bytes()
    key = struct.unpack("<I", content[:4])[0]
    assert key == int.from_bytes(importlib.util.MAGIC_NUMBER, "little")
    path.write_bytes(struct.pack("<H", magic) + b"\r\n" + content[4:])
