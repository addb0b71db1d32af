"""Options that several verbs share, each with its variable of the environment, and what they mean."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spybuild.errors import UsageError
from spybuild.model.evidence import Demand


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


Contract = Annotated[
    Path | None,
    typer.Option(
        "--contract", "-c", envvar="SPYBUILD_CONTRACT", show_default=False,
        help="The contract. Otherwise ./spymodel.yml, then the one that the image's label org.spybuild.contract names.",
    ),
]  # fmt: skip
ContractHere = Annotated[
    Path | None,
    typer.Option(
        "--contract", "-c", envvar="SPYBUILD_CONTRACT", show_default=False,
        help="The contract. Otherwise ./spymodel.yml.",
    ),
]  # fmt: skip
Platforms = Annotated[
    list[str] | None,
    typer.Option(
        "--platform", envvar="SPYBUILD_PLATFORM", show_default=False, metavar="OS/ARCH[/VARIANT]",
        help="Only this platform; may be repeated, or be a list with commas. Default: every platform of the image.",
    ),
]  # fmt: skip
Evidence = Annotated[
    Demand | None,
    typer.Option(
        "--evidence", envvar="SPYBUILD_EVIDENCE", show_default=False,
        help="What the verdict must rest on: running the modules, reading them, or both. Default: all that can be had.",
    ),
]  # fmt: skip
Integrity = Annotated[
    bool,
    typer.Option(
        "--integrity", envvar="SPYBUILD_INTEGRITY",
        help="Check, without any contract and without running anything, whether the image is sound.",
    ),
]  # fmt: skip
FromBuild = Annotated[
    bool,
    typer.Option(
        "--from-build", envvar="SPYBUILD_FROM_BUILD",
        help="Run nothing: take the report that the image's own build attached, where it is on the image's very files.",
    ),
]  # fmt: skip
AllowInsecure = Annotated[
    bool,
    typer.Option(
        "--allow-insecure-registry", envvar="SPYBUILD_ALLOW_INSECURE_REGISTRY",
        help="Ask a registry that is not on this machine over plain HTTP, or without a proven certificate.",
    ),
]  # fmt: skip
Formats = Annotated[Format, typer.Option("--format", "-f", envvar="SPYBUILD_FORMAT", help="How to write the report.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", envvar="SPYBUILD_OUTPUT", show_default=False, help="Write the report to this file."),
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report", show_default=False, metavar="FORMAT=PATH",
        help="Write a further report; may be repeated. \\[env var: SPYBUILD_REPORT, one a line]",
    ),
]  # fmt: skip
ExitZero = Annotated[
    bool,
    typer.Option(
        "--exit-zero",  # no variable of the environment: a base image could set that
        help="End with 0 whatever the verdict is, so that a build stage keeps the report. What ends so proves nothing.",
    ),
]  # fmt: skip
Mark = Annotated[
    Path | None,
    typer.Option(
        "--mark", show_default=False,  # likewise: it would name a file that is then missing from what is validated
        help="Write this file where the verdict is a pass, and remove it otherwise: what a build's last stage takes.",
    ),
]  # fmt: skip
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env", "-e", show_default=False, metavar="NAME[=VALUE]",
        help="A variable that the deployment will set; NAME alone takes its value from here. Repeatable. "
        "\\[env var: SPYBUILD_ENV, one a line]",
    ),
]  # fmt: skip
EnvFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        envvar="SPYBUILD_ENV_FILE",
        show_default=False,
        help="A file of such variables, as docker reads it.",
    ),
]
Secret = Annotated[
    list[str] | None,
    typer.Option(
        "--secret", show_default=False, metavar="id=NAME[,src=FILE|,env=VARIABLE]",
        help="A secret that the deployment will provide; NAME alone is the variable NAME. Never shown. Repeatable. "
        "\\[env var: SPYBUILD_SECRET, one a line]",
    ),
]  # fmt: skip
Strict = Annotated[
    bool, typer.Option("--strict", envvar="SPYBUILD_STRICT", help="Refuse what ImportSpy's own model refuses.")
]
Python = Annotated[
    str | None,
    typer.Option(
        "--python",
        envvar="SPYBUILD_PYTHON",
        show_default=False,
        metavar="PATH",
        help="The image's interpreter, if it is not found.",
    ),
]
User = Annotated[
    str,
    typer.Option(
        "--user",
        envvar="SPYBUILD_USER",
        metavar="nobody|image",
        help="As whom modules are imported: nobody, or the image's own user.",
    ),
]


def _finite(seconds: float) -> float:
    """Refuse `nan`, which no bound refuses."""
    if math.isnan(seconds):
        raise typer.BadParameter("nan is no number of seconds")
    return seconds


Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        envvar="SPYBUILD_TIMEOUT",
        callback=_finite,
        min=0.1,
        max=86400,
        metavar="SECONDS",
        help="How long one module's import may take.",
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        "--memory",
        envvar="SPYBUILD_MEMORY",
        metavar="SIZE",
        help="How much memory an import may take, as docker writes it.",
    ),
]
Verbose = Annotated[
    int,
    typer.Option("--verbose", "-v", envvar="SPYBUILD_VERBOSE", count=True, help="Say more on stderr; -vv says all."),
]
NoColor = Annotated[
    bool, typer.Option("--no-color", envvar="SPYBUILD_NO_COLOR", help="No colours, as with NO_COLOR set.")
]

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_LEAST_MEMORY, _MOST_MEMORY = 32 << 20, 64 << 40


def split(values: Iterable[str] | None) -> list[str]:
    """The values of an option that takes lists with commas; an empty one stays, to be refused where it is read."""
    return [part.strip() for value in values or () for part in value.split(",")]


def memory_bytes(text: str) -> int:
    """Read a size as docker does (`512m`, `1g`).

    Raises:
        UsageError: it is no size, or less than an interpreter needs.
    """
    number = text.strip().lower().removesuffix("b").removesuffix("i")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    digits = number.removesuffix(unit)
    if not digits.isdecimal():
        raise UsageError(f"--memory {text}: this is no size", "write it as docker does: 512m, 1g")
    size = int(digits[:20]) * _UNITS[unit]
    if not _LEAST_MEMORY <= size <= _MOST_MEMORY:
        raise UsageError(f"--memory {text}: it goes from 32m, which an interpreter needs, to 64t")
    return size


@dataclass(frozen=True)
class Destination:
    """A report to write: how, and to which file; None is stdout."""

    format: Format
    path: Path | None


def destinations(format_: Format, output: Path | None, further: Iterable[str] | None) -> list[Destination]:
    """Where reports go: the first as -f and -o say, then one for every `FORMAT=PATH` of --report.

    Raises:
        UsageError: a format is none, or a file's folder cannot be written to; better told before the work than after.
    """
    found = [Destination(format_, output)]
    for extra in from_lines(further, "SPYBUILD_REPORT"):
        name, _, path = extra.partition("=")
        if name not in tuple(Format) or not path:
            raise UsageError(f"--report {extra}: it takes FORMAT=PATH, FORMAT one of {', '.join(Format)}")
        found.append(Destination(Format(name), Path(path)))
    for path_ in (each.path for each in found if each.path):
        if os.path.isdir(path_) or not os.access(path_ if os.path.exists(path_) else path_.parent, os.W_OK):  # noqa: PTH110, PTH112  # Path's raise where a folder is closed to us
            raise UsageError(f"a report cannot be written to {path_}")
    return found


def is_there(path: Path) -> bool:
    """Whether this is a file; in a folder that is closed to us there is none (`Path.is_file` would raise)."""
    return os.path.isfile(path)  # noqa: PTH113


def from_lines(values: Iterable[str] | None, variable: str) -> list[str]:
    """The values of a repeatable option; without any, the lines of its variable of the environment."""
    return list(values or os.environ.get(variable, "").splitlines())


def runs_as_image(user: str) -> bool:
    """Whether modules are imported as the image's own user.

    Raises:
        UsageError: `user` is neither `nobody` nor `image`.
    """
    if user not in ("nobody", "image"):
        raise UsageError(f"--user {user}: it is either nobody or image")
    return user == "image"


def contract_here(named: Path | None, module: Path | None) -> Path:
    """The contract's file: as named, the module's sidecar, or ./spymodel.yml.

    Raises:
        UsageError: there is none.
    """
    usual = Path("spymodel.yml")
    sidecar = module.with_suffix(".importspy.yml") if module else usual
    found = named or (sidecar if is_there(sidecar) else usual)
    if not named and not is_there(found):
        looked = f"{sidecar} nor {usual}" if module else str(usual)
        raise UsageError(f"no contract: there is no {looked}", "name one with -c FILE, or put spymodel.yml here")
    return found
