"""`spybuild scan IMAGE`: every platform of a built image."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spybuild import scanning
from spybuild.cli import options, signing_options
from spybuild.cli.progress import end_progress, progress_line, start_logging
from spybuild.cli.surroundings import surroundings
from spybuild.errors import UsageError
from spybuild.probe.limits import Limits

if TYPE_CHECKING:
    from spybuild.cli.attesting import Attesting

_USUAL = Path("spymodel.yml")


def scan(
    image: Annotated[
        str,
        typer.Argument(
            help="The image, as docker names it, or SCHEME://WHERE: registry, oci-dir, oci-archive, docker-archive, "
            "rootfs, docker, podman.",
            show_default=False,
        ),
    ],
    contract: options.Contract = None,
    evidence: options.Evidence = None,
    integrity: options.Integrity = False,
    from_build: options.FromBuild = False,
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
    sign: signing_options.Sign = False,
    key: signing_options.Key = None,
    identity_token: signing_options.IdentityToken = None,
    trust_config: signing_options.TrustConfig = None,
    timestamp_server_url: signing_options.TimestampServer = None,
    legacy_att: signing_options.LegacyAtt = False,
    allow_insecure_registry: options.AllowInsecure = False,
    no_color: options.NoColor = False,
    verbose: options.Verbose = 0,
) -> int:
    """Hold a built image against its contract, on every platform it has.

    Every module of the contract is imported on every platform, by the image's own interpreter, in a container without
    network, power or anything to write to; and it is read from the image's files, without running anything. What both
    say must agree. The image's own soundness is checked as well: binaries, virtual environments, distributions.
    """
    start_logging(verbose)
    destinations = options.destinations(format_, output, report)
    how = signing_options.SigningOptions(key, identity_token, trust_config, timestamp_server_url, legacy_att)
    if not sign:
        how.require_unused()
    attesting = _attesting(image, how, integrity, allow_insecure_registry) if sign else None
    try:
        made = scanning.scan(
            image,
            _contract(contract, integrity),
            evidence=evidence,
            integrity=integrity,
            platforms=options.split(platform),
            surroundings=surroundings(env, env_file, secret),
            limits=Limits(seconds=timeout, memory_bytes=options.memory_bytes(memory)),
            strict=strict,
            python=python,
            as_nobody=not options.runs_as_image(user),
            insecure=allow_insecure_registry,
            from_build=from_build,
            progress=progress_line(),
        )
    finally:
        end_progress()
    if attesting:
        return attesting.deliver_scanned(made, destinations, plain=no_color)
    from spybuild.cli.output import deliver

    return deliver(made, destinations, plain=no_color)


def _contract(named: Path | None, integrity: bool) -> Path | None:
    """The contract's file; None for the one that the image names, or where none is asked for."""
    if integrity:
        if named:
            raise UsageError("--integrity takes no contract", "without it, integrity is checked beside the contract")
        return None
    return named or (_USUAL if options.is_there(_USUAL) else None)


def _attesting(image: str, how: signing_options.SigningOptions, integrity: bool, insecure: bool) -> "Attesting":
    """Make ready to sign, so that what is wrong with it is told before the work and not after."""
    if integrity:
        raise UsageError("--sign attests that a contract was passed, and --integrity checks none")
    from spybuild.cli.attesting import Attesting

    return Attesting.prepare(image, how, insecure=insecure)
