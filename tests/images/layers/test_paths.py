"""Paths and marks of layers."""

import pytest

from spybuild.errors import ImageInvalid
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.paths import Name, key_of, key_of_path, parse

LIMITS = Limits()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"a", Name(b"", b"a")),
        (b"./a//b/./c/", Name(b"a/b", b"c")),
        (b"/usr/bin/x", Name(b"usr/bin", b"x")),
        (b"./", Name(b"", b"")),
        (b"a/.wh.b", Name(b"a", b"b", hides=True)),
        (b".wh.b", Name(b"", b"b", hides=True)),
        (b"a/.wh..wh..opq", Name(b"a", b"", opaque=True)),
        (b".wh..wh..opq", Name(b"", b"", opaque=True)),
        (b"a/.wh..hidden", Name(b"a", b".hidden", hides=True)),
        (b"a/x.wh.y", Name(b"a", b"x.wh.y")),
        (b".wh..wh.plnk/1.2", None),
        (b".wh..wh.aufs", None),
    ],
)
def test_names(name: bytes, expected: Name | None) -> None:
    """Slashes and dots count for nothing; marks are told from files; the AUFS driver's own files are none."""
    assert parse(name, LIMITS) == expected


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"../etc/passwd", "`..`"), (b"a/../b", "`..`"), (b"a/.wh..", "hides nothing"), (b"a/.wh...", "hides nothing"),
        (b".wh.", "hides nothing"), (b".wh.a/b", "hides nothing"), (b"a/.wh..wh.x", "hides nothing"),
        (b"x" * 256, "too long"), (b"x/" * 2100, "too long"), (b"a\0b", "NUL"), (b".wh.a/.wh..wh..opq", "hides nothing"),
    ],
)  # fmt: skip
def test_names_that_no_honest_layer_has(name: bytes, why: str) -> None:
    """What leads out, what hides nothing, what no file system takes."""
    with pytest.raises(ImageInvalid, match=why):
        parse(name, LIMITS)


def test_messages_show_hostile_names_harmless() -> None:
    """Escape sequences of a terminal do not get through."""
    with pytest.raises(ImageInvalid) as caught:
        parse(b"../\x1b[31m\xff", LIMITS)
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()


def test_keys_sort_by_directory() -> None:
    """The names of a directory are together, and those of its subdirectories elsewhere."""
    keys = sorted(map(key_of_path, [b"a/b/c", b"a-b", b"a/b", b"a", b"a/c", b"a!/x"]))
    assert keys == [b"\0a", b"\0a-b", b"a\0b", b"a\0c", b"a!\0x", b"a/b\0c"]
    assert key_of(b"", b"") == key_of_path(b"") == b""
