"""From a connection to BuildKit to the end of the build: a result or an error, never silence."""

import os
from collections.abc import Mapping
from contextlib import suppress

from google.protobuf.message import DecodeError

from buildkit.frontend.bridge import Bridge
from buildkit.frontend.build import Refused, carry_out
from buildkit.frontend.errors import status
from buildkit.frontend.options import OptionsError, passed_options, read_options
from buildkit.frontend.transport import Connection, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire

_BUG = "spybuild: this is a bug in SpyBuild's frontend; nothing was decided"
_ADVICE = """\
  please report it; until it is mended, build with --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1, and hold the image
  against its contract with `spybuild scan`"""


def serve(reader: int, writer: int) -> None:
    """Carry out the build that BuildKit asks for.

    Args:
        reader: the file descriptor to read from.
        writer: the file descriptor to write to, where hello has been said.
    """
    connection = Connection(reader, writer, greeted=True)
    bridge = Bridge(connection)
    try:
        bridge.give_back(outcome(connection, os.environ))
    except RpcError as error:  # it does not take the result
        bridge.give_back(_status(error))


def outcome(connection: Connection, environment: Mapping[str, str]) -> wire.Result | wire.Status:
    """How the build ends. An error that has places in a Dockerfile keeps them.

    Args:
        connection: to BuildKit.
        environment: the variables that BuildKit started us with.
    """
    try:
        options = read_options(passed_options(environment))
        return carry_out(Bridge(connection, options.cache_imports), options)
    except Refused as refused:
        return refused.status
    except OptionsError as error:
        return status(f"spybuild: {error}")
    except RpcError as error:
        return _status(error)
    except Exception as error:  # whatever it is, the user is to see it: BuildKit shows no more than an exit code
        import traceback  # takes its time to load, which builds that go well need not spend

        traceback.print_exc()
        return status(f"{_BUG}\n  {type(error).__name__}: {error}\n{_ADVICE}")


def _status(error: RpcError) -> wire.Status:
    """An error of BuildKit's, as it told it: with its places in a Dockerfile, if they can be read."""
    with suppress(DecodeError):
        if error.status:
            return wire.Status.FromString(error.status)
    return wire.Status(code=error.code, message=str(error))
