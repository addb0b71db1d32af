"""A tree to fill."""

from pathlib import Path

import pytest

from tests.interpreters.trees import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty root filesystem."""
    return Tree(tmp_path / "root")
