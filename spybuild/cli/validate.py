"""`spybuild validate`: this very rootfs, from inside a build stage or a container."""

from pathlib import Path
from typing import Annotated

import typer

from spybuild import scanning
from spybuild.cli import options
from spybuild.cli.progress import end_progress, progress_line, start_logging
from spybuild.cli.surroundings import surroundings
from spybuild.cli.writing import remove_file, write_file
from spybuild.errors import UsageError
from spybuild.probe.limits import Limits

_USUAL = Path("spymodel.yml")
_PASSED = "passed\n"


def validate(
    module: Annotated[
        Path | None,
        typer.Argument(
            help="A module whose sidecar contract (plugin.importspy.yml beside plugin.py) is used.", show_default=False
        ),
    ] = None,
    contract: options.ContractHere = None,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    report: options.Reports = None,
    mark: options.Mark = None,
    exit_zero: options.ExitZero = False,
    env: options.Env = None,
    env_file: options.EnvFile = None,
    secret: options.Secret = None,
    strict: options.Strict = False,
    python: options.Python = None,
    user: options.User = "nobody",
    timeout: options.Timeout = 60.0,
    memory: options.Memory = "1g",
    no_color: options.NoColor = False,
    verbose: options.Verbose = 0,
) -> int:
    """Hold this very rootfs against its contract: inside a build stage, or in any container.

    The target's own interpreter is looked for along PATH and VIRTUAL_ENV. In a Dockerfile:

        RUN --mount=type=bind,source=spymodel.yml,target=/spymodel.yml spybuild validate -c /spymodel.yml
    """
    start_logging(verbose)
    destinations = options.destinations(format_, output, report)
    if mark:
        remove_file(mark)  # one that is there already is not ours
    try:
        made = scanning.validate(
            _contract(contract, module),
            surroundings=surroundings(env, env_file, secret),
            limits=Limits(seconds=timeout, memory_bytes=options.memory_bytes(memory)),
            strict=strict,
            python=python,
            as_nobody=not options.runs_as_image(user),
            progress=progress_line(),
        )
    finally:
        end_progress()
    from spybuild.cli.output import deliver

    code = deliver(made, destinations, plain=no_color)
    if mark and code == 0:
        write_file(mark, _PASSED)
    return 0 if exit_zero else code


def _contract(named: Path | None, module: Path | None) -> Path:
    """The contract's file: as named, the module's sidecar, or ./spymodel.yml."""
    if named and module:
        raise UsageError("name a contract with -c, or a module whose sidecar it is, not both")
    found = named or (module.with_suffix(".importspy.yml") if module else _USUAL)
    if not named and not options.is_there(found):
        raise UsageError(f"no contract: there is no {found}", "name one with -c FILE, or put spymodel.yml here")
    return found
