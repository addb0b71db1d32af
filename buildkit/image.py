"""Builds spybuild/spybuild, spybuild/frontend, or both: python -m buildkit.image [--target all] [--push].

It needs Docker with buildx, found as `docker` along PATH, and pip for the wheels. Foreign platforms need no emulation.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildkit.artifacts import MACHINES, ROOT, ArtifactError, Artifacts
from buildkit.sizes import in_archive, in_registry

TAGS = {"spybuild": "spybuild/spybuild", "frontend": "spybuild/frontend"}
"""The two images, which differ in what they start, by the target of ./Dockerfile."""
TAG = TAGS["spybuild"]
BASE = "python:3.13-slim"
PYTHON = "3.13"
PLATFORMS = tuple(MACHINES)
# Every engine can read gzip; more of it than usual, since a base is built rarely and pulled often.
_COMPRESSION = "compression=gzip,compression-level=9,force-compression=true"


@dataclass(frozen=True)
class Build:
    """One build of one of the images."""

    platforms: Sequence[str] = PLATFORMS
    tag: str = TAG
    base: str = BASE
    python: str = PYTHON
    """The version of the base's Python, which the wheels must fit."""
    target: str = "spybuild"
    push: bool = False
    """Whether it goes to the tag's registry, or into Docker."""
    cached: bool = True
    """Whether what earlier builds made is taken."""
    docker: str = "docker"
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set for docker besides this process's own environment."""

    def command(self) -> list[str]:
        """What is run, in the root of the checkout."""
        return [
            self.docker, "buildx", "build", "--platform", ",".join(self.platforms), "--target", self.target,
            "--build-arg", f"BASE={self.base}", "--build-arg", f"SOURCE_DATE_EPOCH={self.date}", "--provenance=false",
            "--output", f"type={'registry' if self.push else 'docker'},name={self.tag},{_COMPRESSION}",
            *([] if self.cached else ["--no-cache"]), ".",
        ]  # fmt: skip

    @property
    def date(self) -> int:
        """When the image says it was made, in seconds since 1970: the same sources, the same image."""
        return int(os.environ.get("SOURCE_DATE_EPOCH") or 0)

    def run(self, *, quiet: bool = False) -> None:
        """Make what is needed, and build.

        Raises:
            ArtifactError: something could not be made, or the build failed.
        """
        Artifacts(ROOT).make(self.python, _say)
        if not quiet:
            _say(shlex.join(self.command()))
        self._docker(self.command(), quiet=quiet)

    def sizes(self) -> dict[str, int]:
        """What is pulled for each platform, in bytes; nothing of a Docker that keeps its layers unpacked.

        Raises:
            ArtifactError: it is not there.
        """
        if self.push:
            return in_registry(self.tag, lambda name: self._docker(
                [self.docker, "buildx", "imagetools", "inspect", "--raw", name], quiet=True
            ))  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "image.tar")
            self._docker([self.docker, "save", "--output", str(archive), self.tag], quiet=True)
            return in_archive(archive)

    def _docker(self, command: Sequence[str], *, quiet: bool) -> str:
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=quiet, text=True, check=False)
        if done.returncode:
            raise ArtifactError(f"{' '.join(command[:3])} ended with {done.returncode}\n{done.stderr or ''}".rstrip())
        return done.stdout or ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build as the command line says; the exit code is 0 or 1."""
    try:
        for build in parse(arguments):
            _make(build)
    except (ArtifactError, OSError) as error:
        _say(str(error))
        return 1
    return 0


def _make(build: Build) -> None:
    started = time.monotonic()
    build.run()
    for platform, size in build.sizes().items():
        _say(f"{platform}: {size / 1e6:.1f} MB compressed")
    _say(f"{build.tag}, for {', '.join(build.platforms)}, in {time.monotonic() - started:.1f} s")


def parse(arguments: Sequence[str] | None = None) -> tuple[Build, ...]:
    """The builds that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m buildkit.image", description=__doc__)
    parser.add_argument("--platform", default=",".join(PLATFORMS), help="a list with commas; default: %(default)s")
    parser.add_argument("--target", choices=(*TAGS, "all"), default="spybuild", help="default: %(default)s")
    parser.add_argument("--tag", help="default: spybuild/ and the target")
    parser.add_argument("--base", default=os.environ.get("SPYBUILD_BASE") or BASE, help="default: %(default)s")
    parser.add_argument("--python", default=PYTHON, help="the version of the base's Python; default: %(default)s")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--load", dest="push", action="store_false", default=False, help="into Docker (the default)")
    where.add_argument("--push", action="store_true", help="to the tag's registry")
    given = parser.parse_args(arguments)
    platforms = tuple(platform.strip() for platform in given.platform.split(","))
    if unknown := [platform for platform in platforms if platform not in MACHINES]:
        parser.error(f"no image for {', '.join(unknown)}: there can be one for {', '.join(MACHINES)}")
    targets = tuple(TAGS) if given.target == "all" else (given.target,)
    if given.tag and len(targets) > 1:
        parser.error("a tag is for one image: name its --target as well")
    return tuple(
        Build(platforms, given.tag or TAGS[target], given.base, given.python, target, bool(given.push))
        for target in targets
    )


def _say(text: str) -> None:
    sys.stderr.write(f"image: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
