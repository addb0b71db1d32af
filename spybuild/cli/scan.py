"""`spybuild scan IMAGE`: every platform of a built image.

Starting interpreters in containers takes the daemon longer than anything here, so they are started first, and what is
needed only afterwards (the contract's models, the reports) is imported while they start.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spybuild.cli import options
from spybuild.cli.progress import end_progress, progress_line, start_logging
from spybuild.cli.surroundings import surroundings
from spybuild.errors import EngineUnavailable, UsageError
from spybuild.model.digests import Reference
from spybuild.model.platforms import Platform
from spybuild.probe.limits import Limits

if TYPE_CHECKING:
    from spybuild.contracts import LoadedContract
    from spybuild.engines.docker import DockerEngine
    from spybuild.engines.engine import Image

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
    source = contract or (_USUAL if _USUAL.is_file() else None)
    engine = _engine(image, source, python=python, as_image=options.runs_as(user), limits=limits)
    try:
        opened = engine.open(image)
        engine.prepare(opened.choose(wanted))
        from spybuild.checking import Check

        loaded = _load(engine, opened, source, strict=strict)
        made = Check(loaded, given, limits, progress_line()).image(engine, opened, wanted)
    finally:
        end_progress()
        engine.close()
    from spybuild.cli.output import exit_code, write_report

    write_report(made, format_, output, report, plain=no_color)
    return exit_code(made)


def _engine(image: str, source: Path | None, *, python: str | None, as_image: bool, limits: Limits) -> "DockerEngine":
    """The engine that the reference asks for. Where there is none, a mistake in the contract is still told first."""
    from spybuild.engines.containers import NOBODY
    from spybuild.engines.docker import DockerEngine, podman_url

    scheme = Reference.parse(image).scheme
    if scheme not in _SCHEMES:
        raise UsageError(f"{scheme}:// is no source of images we know", "use a bare name, docker:// or podman://")
    try:
        url = podman_url() if scheme == "podman" else None
        return DockerEngine(url, python=python, user=None if as_image else NOBODY, limits=limits)
    except EngineUnavailable:
        if source:
            from spybuild.contracts import load_contract

            load_contract(source)
        raise


def _load(engine: "DockerEngine", image: "Image", source: Path | None, *, strict: bool) -> "LoadedContract":
    from spybuild.checking import contract_of_image
    from spybuild.contracts import load_contract

    return load_contract(source, strict=strict) if source else contract_of_image(engine, image, strict=strict)
