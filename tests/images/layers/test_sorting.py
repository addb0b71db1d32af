"""Rows sorted in bounded memory."""

import tempfile

from hypothesis import given
from hypothesis import strategies as st

from spybuild.images.layers.rows import Row, key_at
from spybuild.images.layers.sorting import Sorter

word = st.integers(0, 2**32 - 1)
rows = st.builds(
    Row, key=st.binary(max_size=5000), sequence=word, kind=st.integers(0, 5), flags=st.integers(0, 255),
    mode=st.integers(0, 0o7777), owner=st.integers(-(2**63), 2**63 - 1), modified=st.integers(-(2**63), 2**63 - 1),
    size=st.integers(0, 2**63), at=st.integers(0, 2**63), kept=word, checksum=word, facts=word,
    target=st.binary(max_size=50), sha256=st.binary(max_size=32),
)  # fmt: skip


@given(rows)
def test_rows_come_back_as_they_were(row: Row) -> None:
    """Packed and unpacked, anywhere in a file."""
    data = b"before" + row.pack() + b"after"
    assert Row.unpack(data, 6) == row
    assert key_at(data, 6) == row.key


@given(st.lists(rows, max_size=30), st.integers(1, 7))
def test_what_memory_does_not_hold_is_merged(made: list[Row], most: int) -> None:
    """The order is that of one sort, however many pieces there were."""
    with tempfile.TemporaryFile() as spill:
        sorter = Sorter(spill, most)
        for row in made:
            sorter.add(row)
        assert list(sorter.sorted()) == sorted(made)


def test_many_rows_in_little_memory() -> None:
    """Runs longer than what is read at a time."""
    with tempfile.TemporaryFile() as spill:
        sorter = Sorter(spill, 10_000)
        for number in range(50_000):
            sorter.add(Row(b"%08d" % (number * 7919 % 50_000), number, 0))
        assert [row.key for row in sorter.sorted()] == [b"%08d" % number for number in range(50_000)]
