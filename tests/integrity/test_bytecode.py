"""Compiled code that misleads, and that which does not."""

import importlib.util
from pathlib import Path

import pytest

from spybuild.integrity.siphash import siphash24
from tests.integrity.making import SITE, findings, put, rules, target

MAGIC = (3495).to_bytes(2, "little") + b"\r\n"
SOURCE = b"RATE = 3\n"


def _header(flags: int, check: bytes, magic: bytes = MAGIC) -> bytes:
    return magic + flags.to_bytes(4, "little") + check + b"code"


def _hash(source: bytes, magic: bytes = MAGIC) -> bytes:
    import _imp

    return _imp.source_hash(int.from_bytes(magic, "little"), source)


@pytest.mark.parametrize(
    ("compiled", "expected"),
    [
        (_header(1, _hash(SOURCE)), []),
        (_header(1, _hash(b"evil")), ["SPY640"]),
        (_header(3, _hash(b"evil")), []),
        (_header(0, bytes(8)), []),
        (_header(1, _hash(b"evil"), (3439).to_bytes(2, "little") + b"\r\n"), []),
        (b"", []),
        (MAGIC, []),
    ],
    ids=["fresh", "unchecked", "checked", "timestamp", "another Python's", "empty", "short"],
)
def test_only_unchecked_code_that_differs_from_its_source_is_stale(
    compiled: bytes, expected: list[str], tmp_path: Path
) -> None:
    """All else is compiled again, or runs what the source says."""
    put(tmp_path, f"{SITE}/shop/cart.py", SOURCE)
    put(tmp_path, f"{SITE}/shop/__pycache__/cart.cpython-311.pyc", compiled)
    put(tmp_path, f"{SITE}/shop/__pycache__/cart.cpython-312.pyc", _header(1, bytes(8)))
    assert rules(findings(tmp_path)) == expected


def test_code_without_a_source_is_dead_where_no_module_is_left(tmp_path: Path) -> None:
    """A single orphan beside living modules is a leftover that harms nobody."""
    put(tmp_path, f"{SITE}/shop/__pycache__/cart.cpython-311.pyc", _header(0, bytes(8)))
    assert rules(findings(tmp_path)) == ["SPY641"]
    put(tmp_path, f"{SITE}/shop/till.py")
    assert findings(tmp_path) == []


@pytest.mark.parametrize(("magic", "expected"), [(3495, []), (3531, ["SPY642"]), (3439, ["SPY642"])])
def test_a_module_of_bytecode_alone_must_be_the_targets(magic: int, expected: list[str], tmp_path: Path) -> None:
    """Of another Python its import fails: bad magic number."""
    put(tmp_path, f"{SITE}/shop/__init__.pyc", _header(0, bytes(8), magic.to_bytes(2, "little") + b"\r\n"))
    assert rules(findings(tmp_path)) == expected


def test_older_pythons_have_their_own_magic_numbers_and_hash(tmp_path: Path) -> None:
    """SipHash-2-4 up to 3.10."""
    magic = (3439).to_bytes(2, "little") + b"\r\n"
    fresh = siphash24(int.from_bytes(magic, "little"), SOURCE)
    put(tmp_path, f"{SITE}/shop/cart.py", SOURCE)
    compiled = put(tmp_path, f"{SITE}/shop/__pycache__/cart.cpython-310.pyc", _header(1, fresh, magic))
    older = target(version=(3, 10, 13))
    assert findings(tmp_path, of=older) == []
    compiled.write_bytes(_header(1, fresh[::-1], magic))
    assert rules(findings(tmp_path, of=older)) == ["SPY640"]


def test_siphash_is_that_of_its_authors() -> None:
    """The test vector of the paper's appendix: key 00..0f, message 00..0e."""
    key = int.from_bytes(bytes(range(16)), "little")
    assert siphash24(key, bytes(range(15))) == 0xA129CA6149BE45E5.to_bytes(8, "little")


def test_the_hash_is_the_one_that_python_writes() -> None:
    """`importlib.util.source_hash` of this Python, for its own magic number."""
    assert _hash(SOURCE, importlib.util.MAGIC_NUMBER) == importlib.util.source_hash(SOURCE)
