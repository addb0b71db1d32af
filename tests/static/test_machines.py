"""The machine of an interpreter, told from its binary."""

import dataclasses
import struct

import pytest

from spybuild.model.platforms import Platform
from spybuild.static.machines import machine_of
from tests.interpreters.trees import MUSL, Tree, elf


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A root filesystem with a Python."""
    return Tree(tmp_path_factory.mktemp("root")).python()


@pytest.mark.parametrize(
    ("platform", "machine", "name"),
    [
        ("linux/amd64", 62, "x86_64"),
        ("linux/arm64", 183, "aarch64"),
        ("linux/arm/v7", 40, "armv7l"),
        ("linux/arm/v6", 40, "armv6l"),
        ("linux/386", 3, "i686"),
        ("linux/ppc64le", 21, "ppc64le"),
        ("linux/s390x", 22, "s390x"),
        ("linux/riscv64", 243, "riscv64"),
        ("linux/loong64", 258, "loongarch64"),
        ("linux/mips64le", 8, "mips64"),
    ],
)
def test_machines_are_named_as_uname_names_them(tree: Tree, platform: str, machine: int, name: str) -> None:
    """And the name, with the byte order, means the platform again, in the one table of names."""
    wanted = Platform.parse(platform)
    tree.write("/usr/local/bin/python3.11", elf(machine=machine), 0o755)
    told = machine_of(tree.files, tree.target(platform=wanted))
    assert (told.system, told.machine) == ("Linux", name)
    assert told.platform == wanted


def test_the_binary_decides_and_not_the_platform_that_the_image_claims(tree: Tree) -> None:
    """An amd64 interpreter in an arm64 image is what it is; the rules make a finding of it."""
    told = machine_of(tree.files, tree.target(platform=Platform.parse("linux/arm64")))
    assert (told.machine, told.bits, told.byteorder) == ("x86_64", 64, "little")


def test_without_a_readable_binary_the_platform_stands(tree: Tree) -> None:
    """It is all there is to go by."""
    target = dataclasses.replace(tree.target(platform=Platform.parse("linux/arm/v7")), binary="/gone")
    told = machine_of(tree.files, target)
    assert (told.machine, told.bits, told.byteorder) == ("armv7l", 32, "little")


def test_byte_order_and_width_are_the_headers(tree: Tree) -> None:
    """s390x is big-endian."""
    head = b"\x7fELF\x02\x02\x01" + bytes(9) + struct.pack(">HHIQQQIHHHHHH", 2, 22, 1, 0, 0, 0, 0, 64, 0, 0, 64, 0, 0)
    tree.write("/usr/local/bin/python3.11", head + b"\0003.11.2\0", 0o755)
    told = machine_of(tree.files, tree.target(platform=Platform.parse("linux/s390x")))
    assert (told.machine, told.bits, told.byteorder) == ("s390x", 64, "big")


def test_musls_version_stands_in_its_loader(tree: Tree) -> None:
    """As the probe finds it there."""
    tree.write("/usr/local/bin/python3.11", elf(loader=MUSL), 0o755)
    assert machine_of(tree.files, tree.target()).libc is None
    tree.write("/lib/ld-musl-x86_64.so.1", b"\x7fELF\x00\x00one.two.three\x001.2.4\x00")
    assert machine_of(tree.files, tree.target()).libc == "musl 1.2.4"
