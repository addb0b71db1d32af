"""`spybuild attest IMAGE --report report.json`: a report made elsewhere, bound to the image in the registry."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from spybuild.cli import options, signing_options
from spybuild.cli.progress import start_logging


def attest(
    image: Annotated[
        str, typer.Argument(help="The image in its registry: HOST/NAME:TAG, or HOST/NAME@sha256:….", show_default=False)
    ],
    of: Annotated[
        Path,
        typer.Option(
            "--report",
            envvar="SPYBUILD_ATTEST_REPORT",  # `SPYBUILD_REPORT` is what `scan` is to write
            show_default=False,
            metavar="FILE",
            help="The report, as `spybuild scan -f json` wrote it: a pass of every platform, by a contract.",
        ),
    ],
    key: signing_options.Key = None,
    identity_token: signing_options.IdentityToken = None,
    trust_config: signing_options.TrustConfig = None,
    timestamp_server_url: signing_options.TimestampServer = None,
    legacy_att: signing_options.LegacyAtt = False,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    allow_insecure_registry: options.AllowInsecure = False,
    no_color: options.NoColor = False,
    verbose: options.Verbose = 0,
) -> int:
    """Attest an image on the strength of a report that was made before, or elsewhere.

    Only if the registry has, byte for byte, what the report is on: its index and every platform are compared by digest.
    The time of the validation is that of the report's file; a gate that asks for an age wants it signed right after.
    """  # fmt: skip
    start_logging(verbose)
    destinations = options.destinations(format_, output, None)
    how = signing_options.SigningOptions(key, identity_token, trust_config, timestamp_server_url, legacy_att)
    from spybuild.attested_report import load_report
    from spybuild.cli.attesting import Attesting

    report, written = load_report(of)
    attesting = Attesting.prepare(image, how, insecure=allow_insecure_registry)
    return attesting.deliver(report, destinations, validated_at=min(written, datetime.now(UTC)), plain=no_color)
