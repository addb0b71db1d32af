"""`spybuild scan IMAGE`: every platform of a built image."""

from pathlib import Path
from typing import Annotated

import typer

from spybuild import scanning
from spybuild.cli import options
from spybuild.cli.progress import end_progress, progress_line, start_logging
from spybuild.cli.surroundings import surroundings
from spybuild.probe.limits import Limits

_USUAL = Path("spymodel.yml")


def scan(
    image: Annotated[
        str, typer.Argument(help="The image, as docker names it; podman://IMAGE asks Podman.", show_default=False)
    ],
    contract: options.Contract = None,
    platform: options.Platforms = None,
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
    """Hold a built image against its contract, on every platform it has.

    Every module of the contract is imported on every platform, by the image's own interpreter, in a container without
    network, power or anything to write to.
    """
    start_logging(verbose)
    destinations = options.destinations(format_, output, report)
    try:
        made = scanning.scan(
            image,
            contract or (_USUAL if options.is_there(_USUAL) else None),
            platforms=options.split(platform),
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

    return deliver(made, destinations, plain=no_color)
