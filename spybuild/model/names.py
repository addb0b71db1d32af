"""Closed sets of names, the nearest one to a misspelt name, and names shown in a message."""

from collections.abc import Collection

# ImportSpy's names (its Config and constants modules), GraalPy under both of its names
INTERPRETERS = (
    "CPython", "PyPy", "Jython", "IronPython", "MicroPython", "Brython", "Pyston", "GraalPython", "GraalPy",
    "RustPython", "Nuitka", "Transcrypt",
)  # fmt: skip


def shown(text: str, limit: int = 60) -> str:
    """What a file says, quoted for a message: shortened, and with nothing that a terminal would obey."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return repr(short)


def encodable(text: str) -> str:
    """A text that every report can hold: bytes of a path that are no UTF-8 are written as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def nearest(name: str, names: Collection[str]) -> str:
    """A hint that names the most similar of `names` in any case, or nothing."""
    from difflib import get_close_matches  # for messages alone

    lowered = {known.lower(): known for known in sorted(names, reverse=True)}
    matches = get_close_matches(name[:100].lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean {lowered[matches[0]]}?" if matches else ""


def one_of(name: str, names: Collection[str], what: str) -> str:
    """Return `name` if it is one of `names`.

    Raises:
        ValueError: it is not; the message lists the names.
    """
    if name in names:
        return name
    raise ValueError(f"{shown(name)} is no {what} we know{nearest(name, names)} (known: {', '.join(sorted(names))})")
