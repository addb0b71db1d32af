"""Writes what a verb has to say to stdout, or to a file."""

from pathlib import Path


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
    from spybuild.cli.output import _write

    _write(path, content)
