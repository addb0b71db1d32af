"""Writes what a verb has to say to stdout, or to a file."""

import os
from pathlib import Path

from spybuild.errors import UsageError


def write(content: str, path: Path | None) -> None:
    """Write a document so that no reader of a file sees half of it.

    Args:
        content: lines ended by newlines.
        path: the file; None for stdout.

    Raises:
        UsageError: the file cannot be written.
    """
    if path is None:
        print(content, end="", flush=True)
        return
    write_file(path, content)


def write_file(path: Path, content: str) -> None:
    """Write a file so that no reader sees half a report; a device or a pipe is written to as it is.

    Raises:
        UsageError: it cannot be written.
    """
    target = path.resolve() if path.is_symlink() else path
    try:
        if target.exists() and not target.is_file():
            target.write_text(content, encoding="utf-8")
        else:
            _replace(target, content)
    except OSError as error:
        raise UsageError(f"the report cannot be written to {path}: {error.strerror}") from error


def remove_file(path: Path) -> None:
    """Remove a file, or a link, if it is there.

    Raises:
        UsageError: it cannot be removed, or there can be none.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path} cannot be written: its folder is not there, or closed to us")


def _replace(target: Path, content: str) -> None:
    beside = target.with_name(f".spybuild-{os.getpid()}")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
