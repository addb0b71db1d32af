"""Text that comes from images, made harmless for a terminal.

Image and module authors choose these texts. Control characters could move the cursor, recolour or rewrite what was
printed; characters of Unicode's class Cf could reverse the reading direction or hide. They are shown as escapes.
"""

import unicodedata

_DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NEWLINES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def one_line(text: str) -> str:
    """The text on one line, every dangerous character as a Python escape."""
    return "".join(_harmless(character) for character in text)


def lines(text: str) -> list[str]:
    """The text's lines, each made harmless; tabs become four blanks."""
    return [one_line(line.expandtabs(4)) for line in text.split("\n")]


def _harmless(character: str) -> str:
    if unicodedata.category(character) not in _DANGEROUS:
        return character
    return _NEWLINES.get(character) or character.encode("unicode_escape", "surrogatepass").decode("ascii")
