"""Where results go: to stdout or files. Loaded only when there are any."""

import os
import sys
from collections.abc import Iterable
from typing import assert_never

from spybuild.cli.options import Destination, Format
from spybuild.cli.writing import write_file
from spybuild.model.report import Report, Verdict
from spybuild.reports import as_json, text


def exit_code(report: Report) -> int:
    """0 pass, 3 where only the environment kept a platform from being decided, 1 otherwise."""
    if report.verdict is Verdict.PASS:
        return 0
    hindered = any(each.problem for each in report.platforms)
    told = report.verdict is Verdict.FAIL or any(each.findings for each in report.platforms if each.evidence)
    return 3 if hindered and not told else 1


def deliver(report: Report, destinations: Iterable[Destination], *, plain: bool) -> int:
    """Write the report everywhere it is wanted, and return the exit code.

    Args:
        report: what to write.
        destinations: how and where; a destination without a file is stdout.
        plain: whether to do without colours on a terminal.

    Raises:
        UsageError: a file cannot be written.
    """
    for destination in destinations:
        if destination.path:
            write_file(destination.path, rendered(report, destination.format, colour=False))
        else:
            colour = not plain and wants_colour()
            print(rendered(report, destination.format, colour=colour), end="", flush=True)
    return exit_code(report)


def wants_colour() -> bool:
    """Whether stdout takes colours (https://no-color.org; FORCE_COLOR overrides that it is no terminal)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def rendered(report: Report, format_: Format, *, colour: bool) -> str:
    """The report in a form, lines ended by newlines; `colour` is for terminals."""
    match format_:
        case Format.TEXT:
            return text.render(report, colour=colour)
        case Format.JSON:
            return as_json.render(report)
        case _:
            assert_never(format_)
