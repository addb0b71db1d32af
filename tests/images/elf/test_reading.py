"""What ELF files say of themselves."""

import os
import struct
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.segments import InterpSegment
from hypothesis import given
from hypothesis import strategies as st

from spybuild.images.elf.header import ReadAt
from spybuild.images.elf.reading import read_elf
from spybuild.images.files import Elf
from tests.images.elf.making import RUNPATH, STRTAB, VERNEED, Made

FULL = Made(
    needed=("libc.so.6", "libm.so.6"), soname="libx.so.1", runpath="$ORIGIN/../lib::/opt/lib",
    versions=(("libc.so.6", "GLIBC_2.34"), ("libc.so.6", "GLIBC_2.2.5"), ("libm.so.6", "GLIBC_2.29")),
    interpreter="/lib/ld-linux.so.2",
)  # fmt: skip


def reader(data: bytes) -> ReadAt:
    """Reads from memory, as from a file."""
    return lambda offset, size: data[offset : offset + size]


def read(data: bytes, name: str = "libx.so") -> Elf | None:
    """Read a file that is in memory."""
    return read_elf(reader(data), len(data), name)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_classes_and_byte_orders(bits: int, order: str) -> None:
    """Everything is read of 32 and 64 bits, little and big endian."""
    made = Made(**{**FULL.__dict__, "bits": bits, "order": order, "machine": 8, "flags": 5})
    assert read(made.build()) == Elf(
        bits=bits, little=order == "<", machine=8, type=3, flags=5, interpreter="/lib/ld-linux.so.2",
        soname="libx.so.1", needed=("libc.so.6", "libm.so.6"), runpath=("$ORIGIN/../lib", "/opt/lib"),
        versions=FULL.versions,
    )  # fmt: skip


def test_runpath_counts_before_rpath() -> None:
    """The loader does not look at DT_RPATH where there is DT_RUNPATH."""
    both, old = read(Made(runpath="/new", rpath="/old").build()), read(Made(rpath="/old").build())
    assert both is not None
    assert old is not None
    assert (both.runpath, old.runpath) == (("/new",), ("/old",))


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF", b"\x7fELF" + bytes(60), b"#!/bin/sh\n" + bytes(60), FULL.build()[:63]]
)
def test_what_has_no_header_is_no_elf_file(data: bytes) -> None:
    """Neither scripts nor a header that is cut off or of an unknown class."""
    assert read(data) is None


def test_a_static_file_has_nothing_unread() -> None:
    """No program header, no dynamic section: nothing is missing."""
    header = bytearray(Made().build()[:64])
    header[56:58] = b"\0\0"  # e_phnum
    found = read(bytes(header))
    assert found is not None
    assert (found.needed, found.unread) == ((), "")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (FULL.build()[:100], "cut off"),
        (Made(extra=((STRTAB, 0x7FFFFFFF),)).build(), "points outside the file"),
        (Made(extra=((RUNPATH, 0xFFFFFF),)).build(), "outside its string table"),
        (Made(extra=((VERNEED, 1),)).build(), "points outside the file"),
        (Made(needed=("x" * 5000,)).build(), "too long"),
        (Made(needed=tuple(f"{number:04}" + "x" * 3000 for number in range(100))).build(), "too long"),
        (Made(extra=((1, 1),) * 5000).build(), "too long"),
    ],
)
def test_what_is_broken_is_said(data: bytes, why: str) -> None:
    """The header's facts stand, and `unread` says why the rest is not known."""
    found = read(data)
    assert found is not None
    assert found.machine == 62
    assert why in found.unread


def test_version_needs_that_go_round_end() -> None:
    """A list that points back into itself is bounded by its count, and the count by us."""
    made = bytearray(FULL.build())
    at = made.index(struct.pack("<HHI", 1, 2, 0)[:4])
    struct.pack_into("<H", made, at + 2, 0xFFFF)
    struct.pack_into("<I", made, at + 16 + 12, 0xFFFFFFFF)
    found = read(bytes(made))
    assert found is not None
    assert "version" in found.unread


@given(st.data())
def test_hostile_files_never_crash(data: st.DataObject) -> None:
    """Any bytes anywhere in a sound file give facts or a reason, and no exception."""
    made = bytearray(FULL.build())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(4, len(made) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        made[at : at + len(piece)] = piece
    found = read(bytes(made))
    assert found is None or isinstance(found, Elf)


@given(st.binary(max_size=400))
def test_any_bytes_behind_the_magic_never_crash(data: bytes) -> None:
    """Whatever follows the magic number."""
    assert isinstance(read(b"\x7fELF" + data, "python3"), Elf | None)


@pytest.mark.parametrize(("flags", "expected"), [(0x5000400, "hard"), (0x5000200, "soft"), (0x5000000, "")])
def test_the_float_abi_of_arm_by_its_flags(flags: int, expected: str) -> None:
    """As linkers write it into EABI version 5 files."""
    found = read(Made(bits=32, machine=40, flags=flags).build())
    assert found is not None
    assert found.float_abi == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [(b"\x06\x0a\x1c\x01", "hard"), (b"\x05cortex\0\x1c\x00", "soft"), (b"\x06\x0a", "soft")],
)
def test_the_float_abi_of_arm_by_its_attributes(attributes: bytes, expected: str) -> None:
    """Tag_ABI_VFP_args of the file's attributes, where the flags say nothing; texts before it are passed over."""
    made = bytearray(Made(bits=32, machine=40).build())
    part = b"\x01" + struct.pack("<I", 5 + len(attributes)) + attributes
    section = b"A" + struct.pack("<I", 4 + 6 + len(part)) + b"aeabi\0" + part
    struct.pack_into("<I", made, 32, len(made) + len(section))  # e_shoff
    struct.pack_into("<HH", made, 46, 40, 1)  # e_shentsize, e_shnum
    row = struct.pack("<10I", 0, 0x70000003, 0, 0, len(made), len(section), 0, 0, 1, 0)
    found = read(bytes(made) + section + row)
    assert found is not None
    assert found.float_abi == expected


@pytest.mark.parametrize(
    ("name", "tail", "expected"),
    [
        ("python3.12", b"\x003.12.1\0\x003.2.0\0", "3.12.1"),
        ("libpython3.13.so.1.0", b"\x003.13.0rc2\0", "3.13.0rc2"),
        ("libpython3.13t.so.1.0", b"\x003.13.1+\0", "3.13.1+"),
        ("python3.12", b"\x003.12.1\0\x003.45.1\0", "3.12.1"),
        ("python", b"\x003.12.1\0\x003.45.1\0", ""),
        ("python", b"\x003.12.1\0", "3.12.1"),
        ("libpypy3.11-c.so", b"A\0\0\0\x003.11.11 (7.3.19, Apr 11 2025)\n[PyPy", "3.11.11"),
        ("python2.7", b"\x002.7.18\0", "2.7.18"),
        ("libx.so", b"\x003.12.1\0", ""),
        ("python_thing.cpython-312.so", b"\x003.12.1\0", ""),
    ],
)
def test_the_version_of_an_interpreter(name: str, tail: bytes, expected: str) -> None:
    """It stands in the interpreter or its library; the version of SQLite, linked in, is told apart by the name."""
    found = read(Made(tail=tail).build(), name)
    assert found is not None
    assert found.python == expected


def test_a_version_across_the_windows_it_is_looked_for_in() -> None:
    """A text is found wherever in the file it stands."""
    for shift in (-8, -4, 0):
        body = Made().build()
        tail = bytes((1 << 20) - len(body) + shift) + b"\x003.12.1\0"
        found = read(body + tail, "python3")
        assert found is not None
        assert found.python == "3.12.1"


def system_files() -> Iterator[Path]:
    """ELF files of this machine: this interpreter's modules, and system libraries."""
    yield Path(os.path.realpath(sys.executable))
    yield from sorted(Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so"))[:40]
    for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib"):
        yield from sorted(path for path in Path(folder).glob("*.so*") if path.is_file())[:60]


def test_real_files_are_read_as_pyelftools_reads_them() -> None:
    """Needs, names, paths and versions of this machine's files are those that another reader finds."""
    looked_at = 0
    for path in system_files():
        with path.open("rb") as file:
            ours = read_elf(lambda offset, size, file=file: os.pread(file.fileno(), size, offset), path.stat().st_size)  # type: ignore[misc]
            try:
                theirs = oracle(ELFFile(file))
            except ELFError:
                continue
        assert ours is not None
        assert ours.unread == ""
        told = (ours.bits, ours.interpreter, ours.soname, ours.needed, ours.runpath, sorted(ours.versions))
        assert told == theirs, path
        looked_at += 1
    assert looked_at > 20


def oracle(elf: ELFFile) -> tuple[object, ...]:
    """The same facts, by pyelftools."""
    interpreter, soname, needed, runpath = "", "", [], ()
    for segment in elf.iter_segments():
        if isinstance(segment, InterpSegment):
            interpreter = segment.get_interp_name()
        if isinstance(segment, DynamicSegment):
            tag: Any
            for tag in segment.iter_tags():
                if tag.entry.d_tag == "DT_NEEDED":
                    needed.append(tag.needed)
                elif tag.entry.d_tag == "DT_SONAME":
                    soname = tag.soname
                elif tag.entry.d_tag in ("DT_RUNPATH", "DT_RPATH"):
                    runpath = tuple((tag.runpath if tag.entry.d_tag == "DT_RUNPATH" else tag.rpath).split(":"))
    versions = {
        (need.name, version.name)
        for section in elf.iter_sections()
        if isinstance(section, GNUVerNeedSection)
        for need, names in section.iter_versions()
        for version in names
    }
    return elf.elfclass, interpreter, soname, tuple(needed), runpath, sorted(versions)
