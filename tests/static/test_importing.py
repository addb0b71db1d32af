"""Imports of what is compiled."""

import importlib.machinery
from pathlib import Path

from tests.static.reading import doubted, has, read


def test_a_compiled_module_may_fail_where_somebody_expects_that(tmp_path: Path) -> None:
    """That it lies there with the right name does not say that it can be loaded."""
    (tmp_path / f"fast{importlib.machinery.EXTENSION_SUFFIXES[0]}").write_bytes(b"\x7fELF")
    source = "is_fast = len\ntry:\n    import fast\nexcept ImportError:\n    is_fast = 1\nlast = 1\n"
    facts = read(tmp_path, source)
    assert doubted(facts, "fast")
    assert doubted(facts, "is_fast")
    assert has(facts, "last")
