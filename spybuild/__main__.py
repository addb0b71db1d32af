"""`python -m spybuild`, and the `spybuild` command."""

import sys

from spybuild import __version__


def main() -> None:
    """Run the command line and leave with its exit code; asking for the version alone loads nothing else."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"spybuild {__version__}\n")
        return
    from spybuild.cli import main as run

    raise SystemExit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
