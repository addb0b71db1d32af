"""JSON that strangers wrote, where every reader must see the same: what could be read in two ways is refused.

Readers differ in what they make of a key that is there twice, of `NaN`, and of half a surrogate pair (RFC 8259,
sections 4, 6 and 8.2).
"""

import json
from typing import Any, NoReturn

_DEEPEST = 64  # in-toto predicates have depths below 20; models that go deeper make readers recurse


def parse(content: bytes) -> Any:
    """The value that `content` is; whoever calls bounds its length first.

    Raises:
        ValueError: it is no JSON in UTF-8, or can be read in more than one way.
    """
    try:
        found = json.loads(content.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        if b"\\u" in content:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def parse_object(content: bytes) -> dict[str, Any]:
    """The object that `content` is; whoever calls bounds its length first.

    Raises:
        ValueError: it is none, can be read in more than one way, or is nested deeper than 64. The message goes on after
            the name of what was read: `is no JSON object`.
    """
    try:
        found = parse(content)
    except ValueError as error:  # bytes that are no UTF-8, too, and numbers of a million digits
        raise ValueError(f"is no sound JSON: {_brief(error)}") from None
    if not isinstance(found, dict):
        raise ValueError("is no JSON object")
    if _depth(found) > _DEEPEST:
        raise ValueError("is nested too deeply")
    return found


def _depth(root: Any) -> int:
    level, depth = [root], 0
    while level and depth <= _DEEPEST:
        parents = [each for each in level if isinstance(each, dict | list)]
        level = [child for each in parents for child in (each.values() if isinstance(each, dict) else each)]
        depth += bool(parents)
    return depth


def _brief(error: ValueError) -> str:
    return str(error) if len(str(error)) < 100 else "a value that is out of all proportion"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
