"""Lengths of time as policies write them: `30d`, `12h`, `1d12h`."""

import re
from datetime import timedelta

from spybuild.model.names import shown

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_FORM = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,9}}){letter})?" for letter, name in _UNITS.items()))
_LONGEST = timedelta(days=36500)


def duration_of_text(text: str) -> timedelta:
    """The length of time that `text` writes: weeks, days, hours, minutes and seconds, in this order.

    Raises:
        ValueError: it is none, or longer than a hundred years.
    """
    match = _FORM.fullmatch(text.strip())
    parts = {name: int(count) for name, count in match.groupdict().items() if count} if match else {}
    if not parts:
        raise ValueError(f"{shown(text)} is no length of time; write it as 30d, 12h or 1d12h")
    total = timedelta(**parts)
    if total > _LONGEST:
        raise ValueError(f"{shown(text)} is longer than a hundred years")
    return total


def duration_text(length: timedelta) -> str:
    """The length in its two largest units, cut off: `45d3h`."""
    seconds = int(length.total_seconds())
    written = []
    for letter, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            written.append(f"{count}{letter}")
    return "".join(written[:2]) or "0s"
