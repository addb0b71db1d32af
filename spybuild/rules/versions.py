"""Python versions compared. Static evidence may know major and minor only: then some questions have no answer."""

import re

_WITHOUT_MICRO = re.compile(r"\d+\.\d+")
_MICROS = range(100)  # no minor version of Python has had more


def is_exactly(wanted: str, found: str) -> bool | None:
    """Whether the interpreter's version is the one that is wanted; None where its micro version would decide."""
    if not _WITHOUT_MICRO.fullmatch(found):
        return wanted == found
    return None if wanted.startswith(f"{found}.") else False


def is_in_range(wanted: str, found: str) -> bool | None:
    """Whether the interpreter's version lies in a range (PEP 440); None where its micro version would decide."""
    from packaging.specifiers import SpecifierSet  # most contracts name no range, and loading it takes time
    from packaging.version import Version

    specifiers = SpecifierSet(wanted)
    try:
        if not _WITHOUT_MICRO.fullmatch(found):
            return specifiers.contains(Version(found), prereleases=True)
        answers = {specifiers.contains(Version(f"{found}.{micro}"), prereleases=True) for micro in _MICROS}
    except ValueError:  # also of numbers with thousands of digits, which Python does not read
        return False
    return answers.pop() if len(answers) == 1 else None
