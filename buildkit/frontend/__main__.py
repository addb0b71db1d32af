"""What BuildKit starts. It says hello before anything is imported: BuildKit hangs up after ten seconds of silence.

On a busy machine, from a cold disk, the imports have taken that long.
"""

import gc
import os
import sys

HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""HTTP/2's preface with the SETTINGS frame that must follow it (RFC 9113, 3.4); BuildKit's server waits two seconds."""


def main() -> None:
    """Carry out the build that BuildKit asks for."""
    reader, writer = _pipes()
    os.write(writer, HELLO)
    from spybuild.__main__ import BETWEEN_COLLECTIONS

    gc.set_threshold(BETWEEN_COLLECTIONS)
    from buildkit.frontend.serving import serve

    serve(reader, writer)


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
