"""Paths as a layer's tar writes them, and the marks that hide what lies below (OCI image-spec, `layer.md`)."""

from typing import NamedTuple

from spybuild.errors import ImageInvalid
from spybuild.images.layers.limits import Limits
from spybuild.model.names import shown

_LONGEST_SHOWN = 200
_MARK = b".wh."
_OPAQUE = b".wh..wh..opq"
_PRIVATE = (b".wh..wh.plnk", b".wh..wh.aufs", b".wh..wh.orph")  # the AUFS driver's own, in the root of old layers


class Name(NamedTuple):
    """What a member's name means.

    Attributes:
        folder: the path of its directory, without a slash at either end; empty for the root.
        base: its last part; empty where the member is the root itself.
        hides: it is no file: it hides the lower layers' file `base`.
        opaque: it is no file: it hides what lower layers have in `folder`.
    """

    folder: bytes
    base: bytes
    hides: bool = False
    opaque: bool = False


def parse(name: bytes, limits: Limits) -> Name | None:
    """Read a member's name; None where it is an engine's private file.

    Raises:
        ImageInvalid: it leads out of the image, goes over a limit, or marks nothing.
    """
    parts = split(name, limits)
    if not parts:
        return Name(b"", b"")
    base = parts[-1]
    if _MARK in name and any(part.startswith(_MARK) for part in parts):
        return _marked(parts)
    return Name(b"/".join(parts[:-1]), base)


def split(name: bytes, limits: Limits) -> list[bytes]:
    """The parts of a path. Raises as `parse`."""
    parts = [part for part in name.split(b"/") if part and part != b"."]
    if b".." in parts:
        raise ImageInvalid(f"its tar has a path with `..`: {shown_path(name)}")
    if len(name) > limits.name and (len(name) > limits.path or max(map(len, parts), default=0) > limits.name):
        raise ImageInvalid(f"its tar has a path that is too long: {shown_path(name)}")
    if b"\0" in name:
        raise ImageInvalid(f"its tar has a path with a NUL: {shown_path(name)}")
    return parts


def _marked(parts: list[bytes]) -> Name | None:
    folder, base = b"/".join(parts[:-1]), parts[-1]
    if base == _OPAQUE and not any(part.startswith(_MARK) for part in parts[:-1]):
        return Name(folder, b"", opaque=True)
    if parts[0] in _PRIVATE:
        return None
    hidden = base[len(_MARK) :] if base.startswith(_MARK) else b""
    if hidden in (b"", b".", b"..") or hidden.startswith(_MARK) or any(part.startswith(_MARK) for part in parts[:-1]):
        raise ImageInvalid(f"its tar has a whiteout that hides nothing: {shown_path(b'/'.join(parts))}")
    return Name(folder, hidden, hides=True)


def key_of(folder: bytes, base: bytes) -> bytes:
    """What rows are sorted by: directory after directory, each one's names together. The root's key is empty."""
    return folder + b"\0" + base if base else b""


def key_of_path(path: bytes) -> bytes:
    """The key of a path without slashes at its ends."""
    folder, _, base = path.rpartition(b"/")
    return key_of(folder, base)


def shown_path(name: bytes) -> str:
    """A hostile name in a message."""
    return shown(name[:_LONGEST_SHOWN].decode(errors="surrogateescape"), _LONGEST_SHOWN)
