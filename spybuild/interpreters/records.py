"""RECORD, the list of an installed distribution's files (PEP 376, PEP 627, the binary distribution format)."""

import csv
import posixpath
from collections.abc import Iterator
from typing import NamedTuple

_MOST_LINES, _MOST_PROBLEMS = 200_000, 20
_ALGORITHMS = 32  # no name of a hash is longer


class RecordEntry(NamedTuple):
    """One line of RECORD.

    Attributes:
        path: the file, absolute and normalised.
        written: the path as RECORD has it, relative to the distribution's place.
        algorithm: of the hash (`sha256`); empty where the line has none.
        hash: urlsafe base64 without padding, as written.
        size: in bytes; None where the line has none.
    """

    path: str
    written: str
    algorithm: str = ""
    hash: str = ""
    size: int | None = None


def parse_record(content: bytes, location: str) -> tuple[tuple[RecordEntry, ...], tuple[str, ...]]:
    """The entries of a RECORD file, and what in it is malformed.

    Args:
        content: the file, CSV in UTF-8 (RFC 4180).
        location: the folder that its paths are relative to.
    """
    entries: list[RecordEntry] = []
    problems: list[str] = []
    for number, found in enumerate(_rows(content), 1):
        if number > _MOST_LINES:
            problems.append(f"it has more than {_MOST_LINES} lines")
            break
        entry = found if isinstance(found, str) else _entry(found, location)
        if isinstance(entry, RecordEntry):
            entries.append(entry)
        elif entry and len(problems) < _MOST_PROBLEMS:
            problems.append(f"line {number}: {entry}")
    return tuple(entries), tuple(problems)


def _rows(content: bytes) -> Iterator[list[str] | str]:
    """The rows; where the file is no CSV from some row on, that is said once."""
    reader = csv.reader(content.decode("utf-8", "backslashreplace").splitlines(keepends=True), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        yield f"no CSV: {error}"


def _entry(row: list[str], location: str) -> RecordEntry | str:
    """The entry in a row, what is wrong with it, or nothing for an empty row."""
    if not row:
        return ""
    if len(row) != 3 or not row[0]:
        return "not three fields: path, hash and size"
    algorithm, separator, value = row[1].partition("=")
    size = row[2].strip()
    if row[1] and not (separator and value and 0 < len(algorithm) <= _ALGORITHMS):
        return "the hash is not written as algorithm=value"
    if size and not (size.isascii() and size.isdigit() and len(size) <= 18):
        return "the size is no number"
    return RecordEntry(_absolute(location, row[0]), row[0], algorithm.lower(), value, int(size) if size else None)


def _absolute(location: str, written: str) -> str:
    """Nearly every line is a plain path below the location, and there are many lines."""
    if written[0] != "/" and "./" not in written and "//" not in written and written[-1] != "/":
        return f"{location.rstrip('/')}/{written}"
    return posixpath.normpath(posixpath.join(location, written))
