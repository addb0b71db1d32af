"""What constants may be computed with: small sources must not take much time or memory of ours."""

import tracemalloc
from pathlib import Path

import pytest

from tests.static.reading import read

_COSTLY = {
    "a width within a field": "x = '{0:{1}{1}{1}}'.format('a', 500)",
    "a number made into bytes": "x = max([600000000], key=bytearray)",
    "a slow encoding": f"x = ('<' + '{chr(0x4E00)}' * 4000).encode('punycode')",
    "a pattern that looks again and again": "s = '%' * 19999\ns.format(1)\ns % 1",
}


@pytest.mark.parametrize("case", _COSTLY)
def test_what_would_cost_much_is_not_computed(tmp_path: Path, case: str) -> None:
    """Nor is it said to be known."""
    tracemalloc.start()
    facts = read(tmp_path, _COSTLY[case])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert facts.outcome == "imported"
    assert peak < 100 << 20
    assert not any(each.value.is_scalar for each in facts.variables if each.name == "x")


def test_warnings_of_what_an_image_has_written_are_not_shown(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """They would stand in the output of whoever scans it."""
    read(tmp_path, "import re, typing\nre.compile('[[a]')\nx = typing.Union['1 is 1', None]")
    assert not list(recwarn)
