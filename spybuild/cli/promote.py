"""`spybuild promote SOURCE DESTINATION`: an image and its evidence moved on, if the gate lets them."""

import sys
from contextlib import closing
from typing import Annotated

import typer

from spybuild.cli import gate_options, options
from spybuild.cli.progress import start_logging
from spybuild.cli.signing_options import remote_image
from spybuild.reports.escaping import one_line


def promote(
    source: Annotated[
        str, typer.Argument(help="The image to move on: HOST/NAME:TAG, or HOST/NAME@sha256:….", show_default=False)
    ],
    destination: Annotated[str, typer.Argument(help="Where to: HOST/NAME:TAG.", show_default=False)],
    policy: gate_options.RequiredPolicy,
    trusted_root: gate_options.TrustedRoot = "",
    fetch_trusted_root: gate_options.FetchTrustedRoot = False,
    offline: gate_options.Offline = False,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    allow_insecure_registry: options.AllowInsecure = False,
    verbose: options.Verbose = 0,
) -> int:
    """Copy an image with all that is attached to it, by digest, and move the tag last, if the policy lets it.

    The evidence is verified before anything is copied, and once more at the destination. Broken off at any point, the
    tag is the old image or the new one, and the same command completes it.

    Exit codes: 0 it is there, 4 evidence is missing or not verified, 5 the evidence is good and the policy says no.
    """
    start_logging(verbose)
    where = options.destinations(format_, output, None)[0]
    one, other = remote_image(source), remote_image(destination)
    demanded = gate_options.read_policy(policy)
    from spybuild import verifying
    from spybuild.cli.decisions import shown_promotion
    from spybuild.cli.writing import write
    from spybuild.images.registry.transport import Transport

    authority = gate_options.authority(trusted_root, fetch_trusted_root, offline)
    with closing(Transport(insecure=allow_insecure_registry)) as transport:
        done = verifying.promote(one, other, demanded, authority, transport)
    for problem in done.problems:
        sys.stderr.write(f"spybuild: left behind: {one_line(problem)}\n")
    write(shown_promotion(done, where.format, verbose=bool(verbose)), where.path)
    return done.decision.exit_code
