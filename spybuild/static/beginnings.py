"""Texts of which only the beginning is known: where they come from, and what they are asked."""

from spybuild.static.values import Begun, Known, Value, begun


def _start_of(text: Value) -> str:
    known = text.start if isinstance(text, Begun) else text.value if isinstance(text, Known) else ""
    return known if isinstance(known, str) else ""


def before(text: Value, marks: str) -> Value:
    """What is made of a text that is known up to the first of these letters."""
    known = _start_of(text)
    ends = [known.find(mark) for mark in marks if mark in known]
    return begun(known[: min(ends)] if ends else known)


def joined(left: Value, right: Begun) -> Value:
    """Two texts joined, of which the second is a plain one: any other may say itself what it is joined to."""
    return begun(_start_of(left) + (right.start if isinstance(left, Known) else ""))


def begins(text: Value, arguments: tuple[Value, ...]) -> bool | None:
    """Whether a text begins so, where its own beginning is long enough to tell."""
    wanted = arguments[0].value if len(arguments) == 1 and isinstance(arguments[0], Known) else None
    if not isinstance(text, Begun) or not isinstance(wanted, str):
        return None
    if text.start.startswith(wanted):
        return True
    return None if wanted.startswith(text.start) else False
