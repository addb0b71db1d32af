"""One ELF file to `Elf`: the header, the interpreter's path, the dynamic section, and what Python asks beyond them."""

import struct

from spybuild.images.elf.arm import float_abi
from spybuild.images.elf.dynamic import Dynamic, read_dynamic
from spybuild.images.elf.header import DYNAMIC, INTERP, LOAD, Broken, Header, ReadAt, Segment, segments
from spybuild.images.elf.python import python_version
from spybuild.images.files import Elf

_LONGEST_PATH = 4096


def read_elf(read_at: ReadAt, size: int, name: str = "") -> Elf | None:
    """Read what `Elf` tells of a file.

    Args:
        read_at: `read_at(offset, count)` gives that many of the file's bytes, fewer or none where it ends.
        size: the file's size in bytes.
        name: without its folder; in what is called like an interpreter or its library, the version is looked for.

    Returns:
        None where the file has no ELF header. Where the header is sound but what follows is not, `unread` says why.
    """
    header = Header.parse(read_at(0, 64))
    if header is None:
        return None
    interpreter, dynamic, unread, loaded = "", Dynamic(), "", size
    try:
        found = segments(read_at, header)
        loaded = min(size, _loaded(found) or size)
        interpreter = _interpreter(read_at, found)
        dynamic = _dynamic(read_at, header, found)
    except (Broken, struct.error) as problem:
        unread = str(problem)
    return Elf(
        bits=header.bits, little=header.order == "<", machine=header.machine, type=header.type, flags=header.flags,
        abi=header.abi, interpreter=interpreter, soname=dynamic.soname, needed=dynamic.needed,
        runpath=dynamic.runpath, versions=dynamic.versions, float_abi=float_abi(read_at, header),
        python=python_version(read_at, loaded, name), unread=unread,
    )  # fmt: skip


def _loaded(found: tuple[Segment, ...]) -> int:
    """Where in the file what is loaded ends; behind it are symbols and what debuggers read, often most of the file."""
    return max((each.offset + each.size for each in found if each.type == LOAD), default=0)


def _interpreter(read_at: ReadAt, found: tuple[Segment, ...]) -> str:
    segment = next((each for each in found if each.type == INTERP), None)
    if segment is None:
        return ""
    path, end, _ = read_at(segment.offset, min(segment.size, _LONGEST_PATH)).partition(b"\0")
    if not end:
        raise Broken("the path of its interpreter is cut off")
    return path.decode(errors="surrogateescape")


def _dynamic(read_at: ReadAt, header: Header, found: tuple[Segment, ...]) -> Dynamic:
    sections = [each for each in found if each.type == DYNAMIC]
    if len(sections) > 1:
        raise Broken("it has two dynamic sections")
    return read_dynamic(read_at, header, found, sections[0]) if sections else Dynamic()
