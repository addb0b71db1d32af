"""What is said on stderr while work is done: logs, and a line of progress on a terminal."""

import logging
import os
import sys
import threading
from collections.abc import Callable

from spybuild.model.platforms import Platform

_CLEAR = "\r\x1b[2K"
_WIDTH = 120


def start_logging(verbosity: int) -> None:
    """Log to stderr: warnings, with -v what is done, with -vv everything that libraries say too."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbosity, 2)]
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True)


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
            sys.stderr.write(f"{_CLEAR}{line[:_WIDTH]}")
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
