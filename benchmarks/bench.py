"""What every benchmark has: the engine, the commands that are measured, and how often."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Command, Runs, in_turn
from benchmarks.samples import Sample, import_statement
from tests.stack import Docker, Stack

NATIVE, FOREIGN = "linux/amd64", "linux/arm64"
SPYBUILD = Path(sys.executable).parent / "spybuild"
SECRETS = {"DEVICE_TOKEN": "sample-device-token"}


@dataclass(frozen=True)
class Bench:
    """Where it is measured: the engine, a folder for contracts and contexts, and how many rounds."""

    stack: Stack
    engine: Docker
    folder: Path
    rounds: int

    def scan(self, sample: Sample, *platforms: str, evidence: str = "runtime") -> Command:
        """SpyBuild scans the sample on these platforms."""
        flags = [flag for each in platforms for flag in ("--platform", each)]
        argv = ("--evidence", evidence, *flags, *sample.flags)
        return self._spybuild(sample, sample.image, argv, self.engine.environment())

    def read(self, sample: Sample, reference: str, cache: Path, *, cold: bool) -> Command:
        """SpyBuild reads the sample where the reference says, with its cache in a folder, which is empty when cold."""
        environment = {"SPYBUILD_CACHE_DIR": str(cache)}
        argv = ("--evidence", "static", *sample.flags)
        return self._spybuild(sample, reference, argv, environment, emptied=cache if cold else None)

    def docker_run(self, sample: Sample) -> Command:
        """Docker's own client imports the sample's modules, as who wrote the image would try it by hand."""
        argv = ("run", "--rm", "--platform", NATIVE, "--entrypoint", "python3", sample.image)
        statement = ("-c", import_statement(sample.modules))
        return Command((self.engine.client or "docker", *argv, *statement), self.folder, self.engine.environment())

    def measure(self, *commands: Command) -> list[Runs]:
        """The runs of these commands, taken in turn."""
        return in_turn(commands, self.rounds)

    def _spybuild(
        self, sample: Sample, image: str, argv: tuple[str, ...], environment: Mapping[str, str],
        emptied: Path | None = None,
    ) -> Command:  # fmt: skip
        command = (str(SPYBUILD), "scan", image, "-c", str(sample.contract), *argv)
        return Command(command, self.folder, {**environment, **SECRETS}, emptied)
