"""`spybuild scan IMAGE`: every platform of a built image."""

from pathlib import Path
from typing import Annotated

import typer

from spybuild.checking import Check, contract_of_image, prefers_pypy
from spybuild.cli import options
from spybuild.cli.output import end_progress, exit_code, progress_line, start_logging, write_report
from spybuild.cli.surroundings import surroundings
from spybuild.contracts import LoadedContract, load_contract
from spybuild.engines.containers import NOBODY
from spybuild.engines.docker import DockerEngine, podman_url
from spybuild.errors import UsageError
from spybuild.model.digests import Reference
from spybuild.model.platforms import Platform
from spybuild.probe.request import Limits

_USUAL = Path("spymodel.yml")
_SCHEMES = ("", "docker", "podman")


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
    wanted = [Platform.parse(each) for each in options.split(platform)]
    given = surroundings(env, env_file, secret)
    limits = Limits(seconds=timeout, memory_bytes=options.memory_bytes(memory))
    loaded = _local_contract(contract, strict=strict)
    run_as = None if options.runs_as(user) else NOBODY
    pypy = loaded is not None and prefers_pypy(loaded.contract)
    engine = DockerEngine(_daemon(image), python=python, user=run_as, prefers_pypy=pypy)
    try:
        opened = engine.open(image)
        loaded = loaded or contract_of_image(engine, opened, strict=strict)
        made = Check(loaded, given, limits, progress_line()).image(engine, opened, wanted)
    finally:
        end_progress()
        engine.close()
    write_report(made, format_, output, report, plain=no_color)
    return exit_code(made)


def _local_contract(named: Path | None, *, strict: bool) -> LoadedContract | None:
    if named is None and not _USUAL.is_file():
        return None
    return load_contract(named or _USUAL, strict=strict)


def _daemon(image: str) -> str | None:
    """The address of the engine that a reference asks for; None for the usual one."""
    scheme = Reference.parse(image).scheme
    if scheme not in _SCHEMES:
        raise UsageError(f"{scheme}:// is no source of images we know", "use a bare name, docker:// or podman://")
    return podman_url() if scheme == "podman" else None
