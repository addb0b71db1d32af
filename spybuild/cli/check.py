"""`spybuild check FILE...`: source files, read and never run, for editors and pre-commit."""

from pathlib import Path
from typing import Annotated

import typer

from spybuild.cli import options
from spybuild.cli.progress import start_logging


def check(
    files: Annotated[
        list[Path], typer.Argument(help="The modules' source files.", metavar="FILE...", show_default=False)
    ],
    contract: options.ContractHere = None,
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    report: options.Reports = None,
    strict: options.Strict = False,
    python: options.Python = None,
    no_color: options.NoColor = False,
    verbose: options.Verbose = 0,
) -> int:
    """Hold source files against the contract's demands on their modules: read only, nothing is run.

    Where modules run, and what their environment holds, is checked on the image: `spybuild scan`.
    """
    start_logging(verbose)
    destinations = options.destinations(format_, output, report)
    from spybuild.cli.output import deliver
    from spybuild.source_checking import check_source

    made = check_source(files, options.contract_here(contract, files[0]), python=python, strict=strict)
    return deliver(made, destinations, plain=no_color)
