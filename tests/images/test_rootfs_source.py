"""A folder as an image."""

import struct
from pathlib import Path

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.rootfs_source import RootfsSource
from spybuild.model.platforms import Platform


def elf(machine: int, bits: int = 64, *, little: bool = True, flags: int = 0) -> bytes:
    """The header of a program without segments."""
    order = "<" if little else ">"
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1 if little else 2, 1]) + bytes(9)
    pointer, size = ("Q", 64) if bits == 64 else ("I", 52)
    rest = struct.pack(f"{order}HHI{pointer * 3}IHHHHHH", 2, machine, 1, 0, 0, 0, flags, size, 0, 0, 0, 0, 0)
    return ident + rest


def source(root: Path, path: str, content: bytes) -> RootfsSource:
    """A root filesystem of one file."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    return RootfsSource(f"rootfs://{root}", root)


@pytest.mark.parametrize(
    ("content", "platform"),
    [
        (elf(62), "linux/amd64"), (elf(183), "linux/arm64"), (elf(3, 32), "linux/386"), (elf(22, little=False), "linux/s390x"),
        (elf(21), "linux/ppc64le"), (elf(21, little=False), "linux/ppc64"), (elf(243), "linux/riscv64"),
        (elf(258), "linux/loong64"), (elf(40, 32, flags=0x05000400), "linux/arm/v7"), (elf(40, 32, flags=0x05000200), "linux/arm/v5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["usr/bin/python3", "bin/sh", "lib/ld-musl-x.so.1"])
def test_programs_tell_the_platform(tmp_path: Path, content: bytes, platform: str, path: str) -> None:
    """Machine, word size and byte order together; of ARM how floats are passed."""
    image = source(tmp_path, path, content).image()
    assert (str(image.platforms[0].platform), image.digest, image.kind) == (platform, None, "rootfs")


@pytest.mark.parametrize("content", [b"#!/bin/sh", b"\x7fELF", elf(9999), elf(62, 32)])
def test_what_tells_no_platform(tmp_path: Path, content: bytes) -> None:
    """A script, a torn header, a machine that no image is for: the user may say it."""
    with pytest.raises(ImageInvalid, match="nothing in the folder tells") as caught:
        source(tmp_path, "bin/sh", content).image()
    assert "--platform" in caught.value.hint
    told = RootfsSource("rootfs://x", tmp_path, Platform.parse("linux/arm64"))
    assert str(told.image().platforms[0].platform) == "linux/arm64"


def test_links_to_the_host_tell_nothing(tmp_path: Path) -> None:
    """The host's own shell is not the folder's."""
    (tmp_path / "bin").symlink_to("/usr/bin")
    with pytest.raises(ImageInvalid):
        RootfsSource("rootfs://x", tmp_path).image()


def test_an_empty_folder_is_no_image(tmp_path: Path) -> None:
    """And neither is one that is not there."""
    with pytest.raises(ImageNotFound, match="empty"):
        RootfsSource("rootfs://x", tmp_path).image()
    with pytest.raises(ImageNotFound):
        RootfsSource("rootfs://x", tmp_path / "nothing")


def test_a_folder_has_files_and_no_config(tmp_path: Path) -> None:
    """Nobody wrote down how it is run."""
    made = source(tmp_path, "bin/sh", elf(62))
    platform = made.image().platforms[0]
    assert made.files(platform).find("/bin/sh") is not None
    assert (made.config(platform).argv, made.config(platform).env) == ((), ())
    made.close()
