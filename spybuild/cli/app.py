"""The application: what all verbs share, and how errors become exit codes."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Annotated

import typer

from spybuild import __version__
from spybuild.errors import SpyBuildError
from spybuild.reports.escaping import lines

_INTERRUPTED = 130
_SOON = 0.05  # seconds
_COULD_NOT_DECIDE = 3
_HELP = """The contract gate for Python container images.

A contract (spymodel.yml) says what the modules of an image must be and where they may run; SpyBuild checks it on every
platform of the image, in that platform's own rootfs and interpreter.

Exit codes: 0 pass, 1 contract violated or undecided, 2 usage or contract invalid, 3 environment, 4 evidence missing or
not verified, 5 evidence verified and the policy says no.
Every option can be set by a variable of the environment: --platform is SPYBUILD_PLATFORM.
"""

# each in the module of its name; in the order of the help
_VERBS = ("scan", "validate", "check", "attest", "verify", "promote", "policy", "explain", "schema")


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """The application with the verb that the arguments begin with, or with all of them, as for the help.

    Loading a verb takes time, and only one is used.
    """
    app = typer.Typer(
        name="spybuild",
        help=_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks print local variables, and so secrets
        add_completion=False,
        rich_markup_mode="rich" if find_spec("rich") else None,  # the image goes without it
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_shared)
    asked = arguments[0] if arguments else ""
    for name in [asked] if asked in _VERBS else _VERBS:
        verb = getattr(import_module(f"spybuild.cli.{name}"), name)
        if isinstance(verb, typer.Typer):
            app.add_typer(verb, name=name)
        else:
            app.command(name)(verb)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spybuild {__version__}")
        raise typer.Exit


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
    os.environ.pop("_SPYBUILD_COMPLETE", None)  # completion would answer in a verb's place, and images have an ENV
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # none has a say in what contracts mean; looking costs time, too
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _not_raised
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a name shows its escapes
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are text files here
    try:
        code = application(arguments)(list(arguments), prog_name="spybuild", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SpyBuildError as error:
        return _say(str(error), error.exit_code)
    except typer.TyperException as error:
        return _say(error.format_message(), 2)
    except (typer.Abort, _Interrupted):
        return _say("interrupted", _INTERRUPTED)
    except OSError as error:
        return _say(_refused(error), _COULD_NOT_DECIDE)
    except SystemExit:  # typer leaves so where a pipe's reader has left
        return _INTERRUPTED
    except Exception:  # a bug of ours must not look like a broken contract, which is exit code 1
        told = traceback.format_exc()  # without local variables, which may hold secrets
        return _say(f"this is a bug in SpyBuild; nothing was decided\n{told}", _COULD_NOT_DECIDE)


class _Interrupted(BaseException):
    """Ctrl-C or a polite kill: what runs is removed on the way out. Typer would take a KeyboardInterrupt for itself."""


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # who says it twice does not wait for registries that do not answer
    raise _Interrupted


def _not_raised(what: "sys.UnraisableHookArgs") -> None:
    """What was raised where Python drops it, in a callback of the importer's for example: an interrupt comes again."""
    if what.exc_type is _Interrupted:
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(what)


def _refused(error: OSError) -> str:
    """What the system would not do; what has no file's name and is about writing, is about stdout."""
    reason = error.strerror or type(error).__name__
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {reason}"
    is_output = error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EDQUOT)
    return f"the output could not be written: {reason}" if is_output else f"the system refused: {reason}"


def _say(message: str, code: int) -> int:
    """Print a message on stderr, made harmless, and return the exit code; typer has none where it showed the help."""
    shown = [line for line in lines(message) if message]
    sys.stderr.write("".join(f"{'' if index else 'spybuild: '}{line}\n" for index, line in enumerate(shown)))
    return code
