"""Hostile text made harmless."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from spybuild.reports.escaping import lines, one_line


@given(st.text(st.characters()))
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    """Whatever goes in, only printable characters on one line come out."""
    shown = one_line(text)
    assert not any(unicodedata.category(character).startswith("C") for character in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters of every script are left alone."""
    assert one_line(text) == text


def test_lines_stay_lines() -> None:
    """A newline separates; other controls are escaped within."""
    assert lines("a\tb\n\x1bc") == ["a   b", "\\x1bc"]
