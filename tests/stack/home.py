"""Where the stack keeps what it downloads, builds and runs: one directory outside the checkout."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack.console import StackError, answer, say

DEFAULT_PORT = 5005


@dataclass(frozen=True)
class Home:
    """The stack's directory and the one number its services agree on."""

    root: Path
    port: int = DEFAULT_PORT
    """The registry's port on loopback."""

    @classmethod
    def find(cls) -> Home:
        """From ``SPYBUILD_STACK_DIR`` or the user's cache, and ``SPYBUILD_STACK_PORT``."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        root = Path(os.environ.get("SPYBUILD_STACK_DIR") or cache / "spybuild" / "stack")
        port = os.environ.get("SPYBUILD_STACK_PORT") or str(DEFAULT_PORT)
        if not port.isdecimal():
            raise StackError(f"SPYBUILD_STACK_PORT is {port!r}, not a port")
        return cls(root.absolute(), int(port))

    @property
    def document(self) -> Path:
        """The file that says what is available."""
        return self.root / "stack.json"

    @property
    def registry(self) -> str:
        """The registry's address, as image references spell it."""
        return f"127.0.0.1:{self.port}"

    def folder(self, *names: str) -> Path:
        """A folder below the root, made when missing."""
        path = self.root.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """The log file of one service or step."""
        return self.folder("logs") / f"{name}.log"

    def socket(self, name: str) -> Path:
        """A unix socket's path, refused when longer than the kernel takes."""
        path = self.folder("run") / f"{name}.sock"
        if len(os.fsencode(path)) > 100:
            raise StackError(f"{path} is too long for a socket: set SPYBUILD_STACK_DIR to a shorter path")
        return path

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A temporary folder on the same file system as the cache, so that results can be renamed into place."""
        with tempfile.TemporaryDirectory(dir=self.folder("tmp")) as name:
            yield Path(name)

    def sweep(self) -> None:
        """Remove what an interrupted run left in ``tmp``; only with the lock held."""
        for path in self.folder("tmp").iterdir():
            # A half-built root file system might still have /dev or /proc mounted in it: leave such a one alone.
            if f" {path}" not in Path("/proc/self/mountinfo").read_text():
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the stack for one command at a time; the kernel lets go when the process ends, however it ends."""
        with (self.folder() / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another command holds the stack: waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def unmount(self) -> None:
        """Unmount what our daemons mounted on their own data and state and left behind."""
        ours = tuple(f"{self.root / name}/" for name in ("data", "run"))
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for point in sorted((each for each in points if each.startswith(ours)), reverse=True):
            answer(["umount", point])

    def read(self) -> dict[str, Any]:
        """What the document says; empty when there is none or it cannot be read."""
        try:
            return dict(json.loads(self.document.read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def write(self, document: dict[str, Any]) -> None:
        """Replace the document in one step, so that no reader sees half of it."""
        replace_text(self.document, json.dumps(document, indent=2) + "\n")


def replace_text(path: Path, text: str) -> None:
    """Write a file under another name, then rename it over the old one."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text)
    temporary.replace(path)
