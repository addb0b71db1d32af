"""What is said on stderr while work is done: logs, and a line of progress on a terminal."""

import logging
import os
import sys
import threading
from collections.abc import Callable

from spybuild.model.platforms import Platform
from spybuild.reports.escaping import lines, one_line

_CLEAR = "\r\x1b[2K"
_WIDTH = 120


class _Harmless(logging.Formatter):
    """Log lines repeat what images and daemons say."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, made harmless for a terminal."""
        return "\n".join(lines(super().format(record)))


def start_logging(verbosity: int) -> None:
    """Log to stderr: warnings, with -v what is done, with -vv everything that libraries say too."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    handler = logging.StreamHandler()
    handler.setFormatter(_Harmless("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def progress_line() -> Callable[[Platform, str], None]:
    """A line on stderr that says what is being done, where stderr is a terminal; silence elsewhere."""
    if not _is_watched():
        return lambda _platform, _what: None
    doing: dict[Platform, str] = {}
    lock = threading.Lock()

    def show(platform: Platform, what: str) -> None:
        with lock:
            doing[platform] = what
            line = "  ".join(f"{each}: {doing[each]}" for each in sorted(doing))
            sys.stderr.write(f"{_CLEAR}{one_line(line)[:_WIDTH]}")
            sys.stderr.flush()

    return show


def end_progress() -> None:
    """Take the progress line away before results are printed."""
    if _is_watched():
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()


def _is_watched() -> bool:
    """Whether a person may be looking: CI systems may offer a terminal, and keep every line of it."""
    return sys.stderr.isatty() and not os.environ.get("CI")
