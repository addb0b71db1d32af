"""What a policy names is matched wholly, and in bounded time."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.model.matching import LONGEST_MATCHED, Exactly, Expression, Glob, checked_expression, checked_glob


def test_exactly_is_exact() -> None:
    """Not a prefix, not another case."""
    assert Exactly("a").matches("a")
    assert not Exactly("a").matches("A")
    assert not Exactly("a").matches("ab")


@pytest.mark.parametrize(
    ("text", "found", "matches"),
    [
        ("^https://github\\.com/acme/.+$", "https://github.com/acme/app", True),
        ("^https://github\\.com/acme/.+$", "https://github.com/acme/", False),
        ("^https://github\\.com/acme/.+$", "xhttps://github.com/acme/app", False),
        ("^a$", "a\n", False),
        ("^a$", "b\na", False),
        ("^(a|b)$", "b", True),
        ("^(?i:A)$", "a", True),
        ("^(?i:kiosk)$", "\N{KELVIN SIGN}iosk", False),
        ("^(?i:s)$", "\N{LATIN SMALL LETTER LONG S}", False),
        ("^\\d\\w$", "\N{ARABIC-INDIC DIGIT ONE}\N{CYRILLIC SMALL LETTER A}", False),
        ("^.*$", "x" * (LONGEST_MATCHED + 1), False),
    ],
)
def test_an_expression_must_match_all_of_it(text: str, found: str, matches: bool) -> None:
    """Neither a line of it nor a part, and nothing that is longer than identities are."""
    assert Expression(checked_expression(text)).matches(found) is matches


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("github.com/acme", "is not anchored"),
        ("^github.com/acme", "is not anchored"),
        ("github.com/acme$", "is not anchored"),
        ("^acme\\$", "is not anchored"),
        ("^a|b$", "put the alternatives in brackets"),
        ("^(a$", "is no regular expression"),
        ("^[[a]$", "is no regular expression: Possible nested set"),
        ("^" + "(" * 500 + ")" * 400 + "$", "is no regular expression"),
        ("^(a+)+$", "repeats a group"),
        ("^(a*)*$", "repeats a group"),
        ("^((a|b)c)*$", "repeats a group"),
        ("^(a?){20,}$", "repeats a group"),
        ("^([a-z]+){1,50}$", "repeats a group"),
        ("^(?:x(?:a+))*$", "repeats a group"),
        ("^(?#a)b$", "a group that is not allowed"),
        ("^(?x: a # )\n)$", "a group that is not allowed"),
        ("^(a)?(?(1)b|c)$", "a group that is not allowed"),
        ("^.*a.*a.*a$", "leaves too much open"),
        ("^[^/]+[a-z]+.+x$", "leaves too much open"),
        ("^" + "a?" * 25 + "$", "leaves too much open"),
        (
            "^.+(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)x$",
            "leaves too much open",
        ),
        ("^(?i:[a-z]+A[a-z]+A[a-z]+A)$", "leaves too much open"),
        ("^(a)\\1+1\\1+1\\1+1$", "leaves too much open"),
        ("^" + "a" * 1000 + "$", "is longer than"),
    ],
)
def test_what_is_not_anchored_or_could_run_wild_is_refused(text: str, why: str) -> None:
    """Such an expression lets in more than it seems to, or lets a stranger's identity keep the gate busy."""
    with pytest.raises(ValueError, match=why):
        checked_expression(text)


@pytest.mark.parametrize(
    "text", ["^(a+)$", "^(ab){2}$", "^[a+*|(]+$", "^[]a]*x$", "^a\\+\\*$", "^(?P<n>a+)b$", "^\\(a|b\\)$"]
)
def test_signs_that_are_escaped_or_in_a_set_are_no_operators(text: str) -> None:
    """Only what repeats or chooses counts; the last of these has a real alternative outside of a group."""
    if text.endswith("b\\)$"):
        with pytest.raises(ValueError, match="brackets"):
            checked_expression(text)
    else:
        assert checked_expression(text) == text


@pytest.mark.parametrize(
    "text",
    [
        r"^https://github\.com/acme/[^/]+/\.github/workflows/[^/]+@refs/tags/v.+$",
        r"^https://[^/]+/[^/]+/[^/]+/[^/]+/[^/]+/[^@]+@refs/.+$",
        r"^https://github\.com/.+/\.github/workflows/(release|hotfix)\.ya?ml@refs/(heads/main|tags/v\d+\.\d+\.\d+)$",
        r"^[^@]+@(acme|example)\.com$",
        r"^(ab)*c$",
    ],
)
def test_what_people_write_is_taken(text: str) -> None:
    """Workflows, references and mail addresses: repetitions that the next sign ends cost nothing."""
    assert checked_expression(text) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("^.*a.*a$", "a" * (LONGEST_MATCHED - 1) + "b"),
        ("^.*a.*a.*$", "a" * (LONGEST_MATCHED - 1) + "\n"),
        ("^" + "a?" * 24 + "a" * 24 + "$", "a" * 23),
        ("^" + "[^/]+/" * 50 + "x$", "a/" * 255),
        ("^(ab)*c$", "ab" * 255),
    ],
)
def test_an_accepted_expression_takes_bounded_time(text: str, found: str) -> None:
    """The worst identity for expressions at the edge of what is taken (found slow: `^.*a.*a.*a.*a$`, 39 seconds)."""
    expression = Expression(checked_expression(text))
    started = time.process_time()
    assert not expression.matches(found)
    assert time.process_time() - started < 5


@given(st.text(alphabet="^$()[]{}|?*+\\a1:,!<=P", max_size=20))
def test_any_expression_is_taken_or_refused(text: str) -> None:
    """The scanner crashes on nothing; what it takes matches or does not."""
    with suppress(ValueError):
        Expression(checked_expression(text)).matches("aaaaaaaaaaaaaaaaaaaaaaaa1:")


@pytest.mark.parametrize(
    ("glob", "found", "matches"),
    [
        ("registry.example/app", "registry.example/app", True),
        ("registry.example/app", "registryXexample/app", False),
        ("registry.example/*", "registry.example/app", True),
        ("registry.example/*", "registry.example/team/app", False),
        ("registry.example/**", "registry.example/team/app", True),
        ("registry.example/*/app", "registry.example/team/app", True),
        ("registry.example/*", "registry.example/", True),
        ("registry.example/*", "evil.example/registry.example/app", False),
        ("**/app", "registry.example:5000/a/app", True),
        ("*", "x" * (LONGEST_MATCHED + 1), False),
        ("a*", "a\nb", True),
    ],
)
def test_a_star_stays_within_a_path_component(glob: str, found: str, matches: bool) -> None:
    """Two of them go beyond."""
    assert Glob(checked_glob(glob)).matches(found) is matches


@pytest.mark.parametrize("glob", ["", "a b", "a***b", "*a*b*c*", "x" * 600])
def test_globs_that_name_no_repository_are_refused(glob: str) -> None:
    """Empty, with blanks, or with more stars than a name has parts."""
    with pytest.raises(ValueError, match=r"repository|stars"):
        checked_glob(glob)


def test_the_longest_are_taken() -> None:
    """The limits themselves are within them."""
    assert checked_glob("x" * LONGEST_MATCHED)
    assert checked_expression("^" + "a" * 998 + "$")


def test_a_glob_takes_bounded_time() -> None:
    """The worst repository for the most stars."""
    started = time.process_time()
    assert not Glob(checked_glob("**a**a**b")).matches("a" * LONGEST_MATCHED)
    assert time.process_time() - started < 5


@given(st.text(alphabet="a/.-:", max_size=30))
def test_a_glob_without_stars_is_the_text_itself(text: str) -> None:
    """Dots and the like mean themselves."""
    assert Glob(text).matches(text)
    assert not Glob(text).matches(text + "x")
