"""`spybuild verify IMAGE...`: whether what is attested of images fulfils a policy."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from spybuild.cli import gate_options, options
from spybuild.cli.progress import start_logging
from spybuild.cli.signing_options import remote_image
from spybuild.errors import UsageError

Record = Annotated[
    Path | None,
    typer.Option(
        "--record", envvar="SPYBUILD_RECORD", show_default=False, metavar="FILE",
        help="Write down what was found on the one image, verified or not, for `spybuild policy test`.",
    ),
]  # fmt: skip


def verify(
    images: Annotated[
        list[str],
        typer.Argument(
            help="The image in its registry: HOST/NAME:TAG, or HOST/NAME@sha256:…; or several.",
            metavar="IMAGE...",
            show_default=False,
        ),
    ],
    policy: gate_options.PolicyFile = None,
    key: gate_options.Keys = None,
    certificate_identity: gate_options.Identity = "",
    certificate_identity_regexp: gate_options.IdentityRegexp = "",
    certificate_oidc_issuer: gate_options.Issuer = "",
    certificate_oidc_issuer_regexp: gate_options.IssuerRegexp = "",
    contract: gate_options.Contracts = None,
    platform: gate_options.Required = None,
    max_age: gate_options.MaxAge = None,
    evidence: options.Evidence = None,
    repository: gate_options.Repositories = None,
    trusted_root: gate_options.TrustedRoot = "",
    fetch_trusted_root: gate_options.FetchTrustedRoot = False,
    offline: gate_options.Offline = False,
    record: Record = None,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    allow_insecure_registry: options.AllowInsecure = False,
    verbose: options.Verbose = 0,
) -> int:
    """Verify what is attested of an image, and decide by a policy whether it may go on.

    Exit codes: 0 it may, 4 evidence is missing or not verified, 5 the evidence is good and the policy says no.
    Of several images each is decided on by itself; the highest of their exit codes is that of all.
    """
    start_logging(verbose)
    if record and len(images) > 1:
        raise UsageError("--record writes down what was found on one image", "name one image")
    destination = options.destinations(format_, output, None)[0]
    asked = gate_options.GateOptions(
        policy, key, certificate_identity, certificate_identity_regexp, certificate_oidc_issuer,
        certificate_oidc_issuer_regexp, contract, platform, max_age, evidence, repository,
    )  # fmt: skip
    where, demanded = [remote_image(each) for each in images], asked.demanded()
    from spybuild import verifying
    from spybuild.cli.decisions import exit_code, shown_verification, shown_verifications
    from spybuild.cli.writing import write
    from spybuild.images.registry.transport import Transport

    authority = gate_options.authority(trusted_root, fetch_trusted_root, offline)
    with closing(Transport(insecure=allow_insecure_registry)) as transport:
        if len(where) > 1:
            results = verifying.verify_all(where, demanded, authority, transport)
            write(shown_verifications(results, destination.format, verbose=bool(verbose)), destination.path)
            return max(map(exit_code, results))
        found = verifying.verify(where[0], demanded, authority, transport)
    if record:
        from spybuild.gate.recording import dump_evidence

        write(dump_evidence(found.evidence), record)
    write(shown_verification(found, destination.format, verbose=bool(verbose)), destination.path)
    return exit_code(found)
