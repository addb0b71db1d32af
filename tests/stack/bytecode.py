"""Bytecode for a base image's standard library, as Debian's maintainer scripts would have made it.

Bytecode does not depend on the architecture: this machine's own build of the same Python compiles for all of them.
Without it an emulated interpreter spends most of a test compiling the modules it imports.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.stack.console import StackError, run, say


class Bytecode:
    """What was compiled from the files of one root file system; empty when nothing was."""

    def __init__(self, root: Path | None = None) -> None:
        """``root`` is an extracted tree with its ``__pycache__`` folders."""
        self._root = root

    def of(self, name: str, source: bytes, mtime: int) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the bytecode files for a source file, if that very text was compiled."""
        if self._root is None:
            return
        path = self._root / name
        if not path.is_file() or path.read_bytes() != source:
            return
        for compiled in sorted(path.parent.glob(f"__pycache__/{path.stem}.*.pyc")):
            yield str(compiled.relative_to(self._root)), _dated(compiled.read_bytes(), mtime, len(source))


def _dated(compiled: bytes, mtime: int, size: int) -> bytes:
    """The same bytecode for a source of another date: bytes 8 to 16 hold the date and size Python compares."""
    return compiled[:8] + struct.pack("<II", mtime & 0xFFFFFFFF, size) + compiled[16:]


def compile_tree(tree: Path, interpreter: str, log: Path) -> Bytecode:
    """Compile the libraries of a native tree with its own interpreter, in its own root."""
    root = tree.with_suffix("")
    root.mkdir()
    run(["tar", "-xf", tree, "-C", root, "--exclude=./dev/*"], log)
    libraries = [f"/{each.relative_to(root)}" for each in sorted(root.glob("usr/lib/py*3*"))]
    try:
        run(["chroot", root, interpreter, "-m", "compileall", "-q", *libraries], log, {**os.environ, "LC_ALL": "C"})
    except StackError as error:
        say(f"some modules have no bytecode: {error}")
    return Bytecode(root)
