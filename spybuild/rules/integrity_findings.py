"""How a finding about many files is told: how many, the first few, the first one as its place."""

from typing import Any

from spybuild.model.finding import Finding, ImageLocation
from spybuild.model.integrity import Paths
from spybuild.rules.rule import Rule


def about_files(rule: Rule, message: str, files: Paths, **details: Any) -> Finding:
    """The finding that `rule` is broken by these files."""
    place = ImageLocation(path=files.first[0]) if files.first else None
    return rule.breach(f"{message}: {named(files)}", image_location=place, **details)


def named(files: Paths) -> str:
    """The first files by path, and how many more there are."""
    more = files.count - len(files.first)
    return ", ".join(files.first) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `3 files`, `2 libraries`."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else many}"
