"""The application: what all verbs share, and how errors become exit codes."""

import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from spybuild import __version__
from spybuild.cli import attest, check, explain, policy, promote, scan, schema, validate, verify
from spybuild.errors import SpyBuildError
from spybuild.reports.escaping import lines

_INTERRUPTED = 130
_COULD_NOT_DECIDE = 3
_HELP = """The contract gate for Python container images.

A contract (spymodel.yml) says what the modules of an image must be and where they may run; SpyBuild checks it on every
platform of the image, in that platform's own rootfs and interpreter.

Exit codes: 0 pass, 1 contract violated or undecided, 2 usage or contract invalid, 3 environment, 4 evidence missing or
not verified, 5 evidence verified and the policy says no.
Every option can be set by a variable of the environment: --platform is SPYBUILD_PLATFORM.
"""

app = typer.Typer(
    name="spybuild",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, and so secrets
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("scan")(scan.scan)
app.command("validate")(validate.validate)
app.command("check")(check.check)
app.command("attest")(attest.attest)
app.command("verify")(verify.verify)
app.command("promote")(promote.promote)
app.add_typer(policy.policy, name="policy")
app.command("explain")(explain.explain)
app.command("schema")(schema.schema)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spybuild {__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options that come before the verb."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line.

    Args:
        arguments: what follows the program's name.

    Returns:
        The exit code.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a name shows its escapes
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are text files here
    try:
        code = app(list(arguments), prog_name="spybuild", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SpyBuildError as error:
        return _say(str(error), error.exit_code)
    except typer.TyperException as error:
        return _say(error.format_message(), 2)
    except (typer.Abort, _Interrupted):
        return _say("interrupted", _INTERRUPTED)
    except OSError as error:
        return _say(f"the output could not be written: {error.strerror}", _COULD_NOT_DECIDE)
    except SystemExit:  # typer leaves so where a pipe's reader has left
        return _INTERRUPTED
    except Exception:  # a bug of ours must not look like a broken contract, which is exit code 1
        told = traceback.format_exc()  # without local variables, which may hold secrets
        return _say(f"this is a bug in SpyBuild; nothing was decided\n{told}", _COULD_NOT_DECIDE)


class _Interrupted(BaseException):
    """Ctrl-C or a polite kill: what runs is removed on the way out. Typer would take a KeyboardInterrupt for itself."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise _Interrupted


def _say(message: str, code: int) -> int:
    """Print a message on stderr, made harmless, and return the exit code; typer has none where it showed the help."""
    shown = [line for line in lines(message) if message]
    sys.stderr.write("".join(f"{'' if index else 'spybuild: '}{line}\n" for index, line in enumerate(shown)))
    return code
