"""How identities and repositories are named that are let in: exactly, by an anchored expression, or by a glob.

What is matched was chosen by whoever pushed the image, or signed for it: it is cut short before an expression sees it,
and expressions that could take exponential time on any text are refused when the policy is read.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from spybuild.model.names import shown

LONGEST_MATCHED = 512
_LONGEST_PATTERN = 1000
_MOST_CHOICES = 24
_MOST_STARS = 3
_WAYS_OF_A_REPEAT = 9  # 2**9 places to end at, in the longest text
_EXACT = re.compile(r"\{\d+\}[?+]?")
_Token = tuple[str, str]
_END: _Token = ("end", "")
_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?(?::|[is-]+:|P<\w+>|<?[=!]|>))?)|(?P<close>\))"
    r"|(?P<repeat>(?:[*+]|\{\d*,\d*\}|\{\d+\})[?+]?)|(?P<maybe>\?[?+]?)|(?P<or>\|)|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Exactly:
    """One text and no other."""

    text: str

    def matches(self, found: str) -> bool:
        """Whether `found` is that text."""
        return found == self.text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Expression:
    """A regular expression that the whole text must match, whatever its anchors say.

    Raises:
        ValueError: as `checked_expression`.
    """

    text: str

    def __post_init__(self) -> None:
        checked_expression(self.text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.text, re.ASCII)  # with (?i:…), two signs beyond ASCII would stand for k and s

    def matches(self, found: str) -> bool:
        """Whether all of `found` matches; what is longer than any identity never does."""
        return len(found) <= LONGEST_MATCHED and self._compiled.fullmatch(found) is not None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Glob:
    """A repository, or many: `*` stands for anything within a path component, `**` for anything at all."""

    text: str

    def matches(self, found: str) -> bool:
        """Whether `found` is one of them."""
        return len(found) <= LONGEST_MATCHED and _glob(self.text).fullmatch(found) is not None

    def __str__(self) -> str:
        return self.text


Matcher = Exactly | Expression


@lru_cache(maxsize=256)
def _glob(text: str) -> re.Pattern[str]:
    parts = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", text)), re.DOTALL)


def checked_glob(text: str) -> str:
    """Return `text` if it can name repositories.

    Raises:
        ValueError: it is empty, holds blanks, or has more stars than a name has parts.
    """
    if not text or re.search(r"\s", text) or len(text) > LONGEST_MATCHED:
        raise ValueError(f"{shown(text)} names no repository")
    if len(re.findall(r"\*+", text)) > _MOST_STARS or "***" in text:
        raise ValueError(f"{shown(text)} has too many stars; write up to {_MOST_STARS} * or **")
    return text


def checked_expression(text: str) -> str:
    """Return `text` if it is a regular expression that is anchored at both ends and cannot run wild.

    Raises:
        ValueError: it is none, or not anchored (also by an alternative outside of brackets), or nests repetitions.
    """
    if len(text) > _LONGEST_PATTERN:
        raise ValueError(f"is longer than {_LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings(action="error"):  # what Python says it will read otherwise one day
            re.compile(text)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise ValueError(f"{shown(text)} is no regular expression: {error}") from None
    if not text.startswith("^") or not _ends_anchored(text):
        raise ValueError(f"{shown(text)} is not anchored; begin it with ^ and end it with $")
    _refuse_wild(text)
    return text


def _ends_anchored(text: str) -> bool:
    before = text[:-1]
    return text.endswith("$") and (len(before) - len(before.rstrip("\\"))) % 2 == 0


def _refuse_wild(text: str) -> None:
    """Refuse what is not anchored by an alternative outside of groups, and what could take more than about a second."""
    tokens = [(str(token.lastgroup), token[0]) for token in _TOKEN.finditer(text)]
    _refuse_nesting(text, tokens)
    if _choices(tokens) > _MOST_CHOICES:
        raise ValueError(f"{shown(text)} leaves too much open; write several signers, or [^/]+ rather than .*")


def _refuse_nesting(text: str, tokens: Sequence[_Token]) -> None:
    groups = [False]  # for each open group: whether what it holds may match one text in several ways
    closed = False
    for (kind, written), (_, after) in zip(tokens, [*tokens[1:], _END], strict=True):
        if kind == "repeat" and closed and not _EXACT.fullmatch(written):
            raise ValueError(f"{shown(text)} repeats a group that repeats or chooses inside; write it without")
        if kind == "or" and len(groups) == 1:
            raise ValueError(f"{shown(text)} is not anchored: put the alternatives in brackets, ^(a|b)$")
        if written == "(" and after.startswith("?"):  # comments, conditions, flags that change how the rest is read
            raise ValueError(
                f"{shown(text)} has a group that is not allowed; write (…), (?:…), (?i:…) or a look-around"
            )
        groups[-1] = groups[-1] or kind in ("repeat", "maybe", "or")
        closed = kind == "close" and groups.pop()
        groups[-1] = groups[-1] or closed
        if kind == "open":
            groups.append(False)


def _choices(tokens: Sequence[_Token]) -> int:
    """How many ways there are to match the longest text, at most, as a power of two.

    A repetition that the sign after it ends has one way only, and so has the last one.
    """
    ways = 0
    for atom, (kind, written), after in zip(tokens, tokens[1:], [*tokens[2:], _END], strict=False):
        if kind == "repeat" and not _EXACT.fullmatch(written) and after[1] != "$" and not _ends(atom, after):
            ways += _WAYS_OF_A_REPEAT
        ways += kind in ("maybe", "or")
    return ways


def _ends(atom: _Token, after: _Token) -> bool:
    """Whether what stands after a repeated atom is a sign that cannot be one more of it."""
    kind, written = atom
    sign = _literal(after)
    if not sign or kind not in ("set", "escape", "other") or written[1:].isdigit():
        return False
    return re.fullmatch(written, sign, re.IGNORECASE | re.DOTALL) is None


def _literal(token: _Token) -> str:
    """The sign that a token stands for, and no other; empty where it stands for several, or for none."""
    kind, written = token
    if kind == "escape":
        return "" if written[1].isalnum() else written[1]
    return written if kind == "other" and written not in "^$." else ""
