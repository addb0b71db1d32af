"""`spybuild validate`: this very rootfs, from inside a build stage or a container."""

from pathlib import Path
from typing import Annotated

import typer

from spybuild.cli import options
from spybuild.cli.progress import end_progress, progress_line, start_logging
from spybuild.cli.surroundings import surroundings
from spybuild.errors import UsageError
from spybuild.probe.limits import Limits

_USUAL = Path("spymodel.yml")


def validate(
    module: Annotated[
        Path | None,
        typer.Argument(
            help="A module whose sidecar contract (plugin.importspy.yml beside plugin.py) is used.", show_default=False
        ),
    ] = None,
    contract: options.Contract = None,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    report: options.Reports = None,
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
    given = surroundings(env, env_file, secret)
    limits = Limits(seconds=timeout, memory_bytes=options.memory_bytes(memory))
    run_as = None if options.runs_as(user) else "nobody"
    source = _contract(contract, module)
    from spybuild.checking import Check  # here, so that --help and a wrong option answer at once
    from spybuild.cli.output import exit_code, write_report
    from spybuild.contracts import load_contract
    from spybuild.engines.stage import StageEngine

    loaded = load_contract(source, strict=strict)
    engine = StageEngine(python=python, user=run_as)
    try:
        made = Check(loaded, given, limits, progress_line()).image(engine, engine.open("this rootfs"))
    finally:
        end_progress()
        engine.close()
    write_report(made, format_, output, report, plain=no_color)
    return exit_code(made)


def _contract(named: Path | None, module: Path | None) -> Path:
    """The contract's file: as named, the module's sidecar, or ./spymodel.yml."""
    sidecar = module.with_suffix(".importspy.yml") if module else None
    found = next((path for path in (named, sidecar, _USUAL) if path and (path is named or path.is_file())), None)
    if found is None:
        raise UsageError("no contract", "name one with -c FILE, or put spymodel.yml here")
    return found
