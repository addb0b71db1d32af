"""JSON that strangers wrote, where every reader must see the same: what could be read in two ways is refused.

Readers differ in what they make of a key that is there twice, of `NaN`, and of half a surrogate pair (RFC 8259,
sections 4, 6 and 8.2).
"""

import json
from typing import Any, NoReturn


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


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
