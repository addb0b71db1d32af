"""Paths resolved inside a tree: symbolic links are followed as in a container, never out of it (path_resolution(7))."""

import posixpath
from collections.abc import Callable

_MOST_LINKS = 40  # as Linux has it


def resolve(
    path: str, target_of: Callable[[str], str | None], is_folder: Callable[[str], bool] | None = None
) -> str | None:
    """Where `path` ends when every symbolic link on the way is followed.

    Args:
        path: absolute; `..` at the root stays there.
        target_of: what the symbolic link at a real path says; None where it is no link.
        is_folder: whether a real path is a directory; where it is given, nothing leads through what is none.

    Returns:
        An absolute path free of links, which need not exist; None where links go round, or lead through no directory.
    """
    left = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    here, links = "/", 0
    while left:
        part = left.pop()
        if part == "..":
            here = posixpath.dirname(here)
            continue
        there = posixpath.join(here, part)
        target = target_of(there)
        if target is None:
            if left and is_folder and not is_folder(there):
                return None
            here = there
            continue
        links += 1
        if links > _MOST_LINKS:
            return None
        if target.startswith("/"):
            here = "/"
        left.extend(part for part in reversed(target.split("/")) if part not in ("", "."))
    return here


def resolve_link(path: str, target_of: Callable[[str], str | None], is_folder: Callable[[str], bool]) -> str | None:
    """Where `path` itself is: as `resolve`, but a symbolic link at its end is not followed."""
    folder, name = posixpath.split(path.rstrip("/"))
    if name in ("", ".", ".."):
        return resolve(path, target_of, is_folder)
    real = resolve(folder or "/", target_of, is_folder)
    return posixpath.join(real, name) if real is not None else None
