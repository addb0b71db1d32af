"""Lengths of time are read strictly and written briefly."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.gate.durations import duration_of_text, duration_text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("0s", timedelta(0)),
        (" 5m ", timedelta(minutes=5)),
    ],
)
def test_units_go_from_weeks_to_seconds(text: str, length: timedelta) -> None:
    """Each at most once, the largest first."""
    assert duration_of_text(text) == length


@pytest.mark.parametrize(
    "text", ["", "30", "d", "30D", "1h1d", "-1d", "1.5d", "1d 2h", "99999w", "1y", "٣d", "9" * 5000 + "d"]
)
def test_anything_else_is_refused(text: str) -> None:
    """A length that was misread would let in what is too old."""
    with pytest.raises(ValueError, match=r"length of time|longer"):
        duration_of_text(text)


@given(st.integers(0, 86399))
def test_what_is_written_is_at_most_what_was_meant(seconds: int) -> None:
    """The two largest units, cut off."""
    written = duration_of_text(duration_text(timedelta(seconds=seconds)))
    assert timedelta(0) <= timedelta(seconds=seconds) - written < timedelta(minutes=1)
