"""What BuildKit starts: it speaks on stdin and stdout, and ends with a result or with an error, never with silence."""

import os
import sys
import traceback
from collections.abc import Mapping

from buildkit.frontend.bridge import Bridge
from buildkit.frontend.build import Refused, carry_out
from buildkit.frontend.errors import status
from buildkit.frontend.options import OptionsError, passed_options, read_options
from buildkit.frontend.transport import Connection, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire


def main() -> None:
    """Carry out the build that BuildKit asks for."""
    connection = Connection(*_pipes())
    Bridge(connection).give_back(outcome(connection, os.environ))


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
        return (
            wire.Status.FromString(error.status) if error.status else wire.Status(code=error.code, message=str(error))
        )
    except Exception as error:  # whatever it is, the user is to see it: BuildKit shows no more than an exit code
        traceback.print_exc()
        return status(
            f"spybuild: this is a bug in SpyBuild's frontend; nothing was decided\n{type(error).__name__}: {error}"
        )


def _pipes() -> tuple[int, int]:
    """Descriptors to read from and to write to; what is printed by mistake goes to BuildKit's log, not between them."""
    reader, writer = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reader, writer


if __name__ == "__main__":
    main()
