"""Builds the image spybuild/spybuild: python -m buildkit.image [--platform LIST] [--base REF] [--load | --push].

It needs Docker with buildx, found as `docker` along PATH, and pip for the wheels. Foreign platforms need no emulation.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from buildkit.artifacts import MACHINES, ROOT, ArtifactError, Artifacts

TAG = "spybuild/spybuild"
BASE = "python:3.13-slim"
PYTHON = "3.13"
PLATFORMS = tuple(MACHINES)


@dataclass(frozen=True)
class Build:
    """One build of the image."""

    platforms: Sequence[str] = PLATFORMS
    tag: str = TAG
    base: str = BASE
    python: str = PYTHON
    """The version of the base's Python, which the wheels must fit."""
    output: str = "--load"
    docker: str = "docker"
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set for docker besides this process's own environment."""

    def command(self) -> list[str]:
        """What is run, in the root of the checkout."""
        return [
            self.docker, "buildx", "build", "--platform", ",".join(self.platforms), "--build-arg", f"BASE={self.base}",
            "--provenance=false", "--tag", self.tag, self.output, ".",
        ]  # fmt: skip

    def run(self, *, quiet: bool = False) -> None:
        """Make what is needed, and build.

        Raises:
            ArtifactError: something could not be made, or the build failed.
        """
        Artifacts(ROOT).make(self.python, _say)
        command = self.command()
        if not quiet:
            _say(shlex.join(command))
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **self.environment}, capture_output=quiet, text=True, check=False
        )
        if done.returncode:
            raise ArtifactError(f"docker buildx build ended with {done.returncode}\n{done.stderr or ''}".rstrip())


def main(arguments: Sequence[str] | None = None) -> int:
    """Build as the command line says; the exit code is 0 or 1."""
    started = time.monotonic()
    try:
        build = parse(arguments)
        build.run()
    except (ArtifactError, OSError) as error:
        _say(str(error))
        return 1
    _say(f"{build.tag}, for {', '.join(build.platforms)}, in {time.monotonic() - started:.1f} s")
    return 0


def parse(arguments: Sequence[str] | None = None) -> Build:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m buildkit.image", description=__doc__)
    parser.add_argument("--platform", default=",".join(PLATFORMS), help="a list with commas; default: %(default)s")
    parser.add_argument("--tag", default=TAG, help="default: %(default)s")
    parser.add_argument("--base", default=os.environ.get("SPYBUILD_BASE") or BASE, help="default: %(default)s")
    parser.add_argument("--python", default=PYTHON, help="the version of the base's Python; default: %(default)s")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--load", dest="output", action="store_const", const="--load", help="into Docker (the default)")
    where.add_argument("--push", dest="output", action="store_const", const="--push", help="to the tag's registry")
    given = parser.parse_args(arguments)
    platforms = tuple(platform.strip() for platform in given.platform.split(","))
    if unknown := [platform for platform in platforms if platform not in MACHINES]:
        parser.error(f"no image for {', '.join(unknown)}: there can be one for {', '.join(MACHINES)}")
    return Build(platforms, given.tag, given.base, given.python, given.output or "--load")


def _say(text: str) -> None:
    sys.stderr.write(f"image: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
