"""From a connection to BuildKit to the end of the build: a result or an error, never silence."""

import os
import traceback
from collections.abc import Mapping

from buildkit.frontend.bridge import Bridge
from buildkit.frontend.build import Refused, carry_out
from buildkit.frontend.errors import status
from buildkit.frontend.options import OptionsError, passed_options, read_options
from buildkit.frontend.transport import Connection, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire


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
        traceback.print_exc()
        return status(
            f"spybuild: this is a bug in SpyBuild's frontend; nothing was decided\n{type(error).__name__}: {error}"
        )


def _status(error: RpcError) -> wire.Status:
    """An error of BuildKit's, as it told it: with its places in a Dockerfile."""
    return wire.Status.FromString(error.status) if error.status else wire.Status(code=error.code, message=str(error))
