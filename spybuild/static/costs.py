"""What a computation on constants may cost, told from what it is given."""

import re
from typing import Any

_WIDE = re.compile(
    r"\d{4}|[{%][^}a-z]*\*|\{[^}]*\{|\{[^}]*[.\[]"
)  # a width beyond reason, a nested or a reaching field
_MOST_WIDE = 2000  # letters of a template: the pattern looks at some of them again and again
_CODES = ("utf-8", "utf8", "ascii", "latin-1", "strict", "ignore", "replace")


def is_wide(template: str) -> bool:
    """Whether what a template makes of small values may be large, or reach into them."""
    return len(template) > _MOST_WIDE or _WIDE.search(template) is not None


def is_usual_code(given: list[Any]) -> bool:
    """Whether only encodings are named that take no more time than the text is long, as punycode does."""
    return all(isinstance(each, str) and each.lower() in _CODES for each in given)
