"""`python -m spybuild`, and the `spybuild` command."""

import gc
import os
import sys
from typing import TextIO

from spybuild import __version__

# modules, models and syntax trees stay: to look among them for garbage as often as usual takes a sixth of a short run
BETWEEN_COLLECTIONS = 50_000


def main() -> None:
    """Run the command line and leave with its exit code; asking for the version alone loads nothing else."""
    sys.stdout, sys.stderr = _open(sys.stdout), _open(sys.stderr)
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"spybuild {__version__}\n")
        return
    gc.set_threshold(BETWEEN_COLLECTIONS)
    from spybuild.cli import main as run

    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads it: say so by the exit code alone, and do not try again at the end
        sys.stdout = _open(None)
        code = code or 3
    raise SystemExit(code)


def _open(stream: TextIO | None) -> TextIO:
    """A stream that was closed before we started is written to nowhere."""
    return stream if stream is not None else open(os.devnull, "w")  # noqa: PTH123  # stays open to the end


if __name__ == "__main__":
    main()
