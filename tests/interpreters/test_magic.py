"""Which compiled files an interpreter surely refuses."""

import importlib.util
import sys

import pytest

from spybuild.interpreters.magic import is_foreign


def test_an_interpreters_own_number_is_not_foreign() -> None:
    """The one that runs this accepts what it writes, and no neighbour does."""
    major, minor = sys.version_info[:2]
    assert not is_foreign(importlib.util.MAGIC_NUMBER, (major, minor))
    assert is_foreign(importlib.util.MAGIC_NUMBER, (major, minor - 1))
    assert is_foreign(importlib.util.MAGIC_NUMBER, (major, minor + 1))


@pytest.mark.parametrize("head", [b"", b"\xa7", b"\xa7\x0d\n\n"])
def test_what_has_no_magic_number_is_foreign(head: bytes) -> None:
    """A file that is cut off, and one whose line end was changed on its way."""
    assert is_foreign(head, (3, 11))


def test_pythons_before_3_6_refused_all_bytecode() -> None:
    """Their numbers are not in the table, so nothing can be said for sure."""
    assert not is_foreign((3351).to_bytes(2, "little") + b"\r\n", (3, 5))
