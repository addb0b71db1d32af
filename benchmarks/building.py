"""Benchmarks of the frontend: what it adds to a build where all is cached, and what validating costs beside a scan."""

from collections.abc import Iterator

from benchmarks.bench import FOREIGN, NATIVE, SECRETS, Bench
from benchmarks.measuring import Command
from benchmarks.samples import BASE, SMART_HOME, thermostat
from benchmarks.table import Row, added, compared
from tests.buildkit.building import published

_MOST_ADDED = 0.25  # seconds
_OPTIONS = {"SPYBUILD_CONTRACT": "thermostat/spymodel.yml", "SPYBUILD_SECRETS": "DEVICE_TOKEN"}
# A variable of the deployment's that is another one each time: BuildKit has not validated with that yet.
_ANEW = 'exec "$@" --build-arg "SPYBUILD_VARIABLES=ROUND=$(date +%s%N)"'


def cached(bench: Bench) -> Iterator[Row]:
    """Both platforms of the thermostat, all of it in BuildKit's cache, through the frontend and without it."""
    frontend, both = published(bench.stack), f"{NATIVE},{FOREIGN}"
    through, without = bench.measure(_build(bench, both, frontend), _build(bench, both))
    yield added("build: 2 platforms, all cached", through, without, "without the frontend", _MOST_ADDED)


def validating(bench: Bench) -> Iterator[Row]:
    """What validating a platform adds to a build of which all else is cached, beside a scan of the same image."""
    sample, frontend = thermostat(bench.stack), published(bench.stack)
    for platform, how in ((NATIVE, "amd64"), (FOREIGN, "arm64 (emulated)")):
        commands = (
            _anew(_build(bench, platform, frontend)),
            _build(bench, platform),
            bench.scan(sample, platform),
        )
        through, without, scan = bench.measure(*commands)
        yield compared(f"build: {how}, validated anew", (through - without).seconds, scan.seconds, "ours, scan", 1.3)


def _build(bench: Bench, platforms: str, frontend: str = "") -> Command:
    """A build of the thermostat, kept in the cache only; through a frontend, or BuildKit's own."""
    arguments = {"BASE": bench.stack.bases[BASE]}
    if frontend:
        arguments |= {"BUILDKIT_SYNTAX": frontend, **_OPTIONS}
    flags = (
        "--quiet", "--output=type=cacheonly", "--target=unchecked", f"--platform={platforms}",
        "--file=thermostat/Dockerfile", "--secret=id=DEVICE_TOKEN,env=DEVICE_TOKEN",
        *(f"--build-arg={name}={value}" for name, value in arguments.items()),
    )  # fmt: skip
    environment = {**bench.engine.environment(), **SECRETS}
    return Command((bench.engine.client or "docker", "buildx", "build", *flags, "."), SMART_HOME, environment)


def _anew(build: Command) -> Command:
    """The same build, whose validation BuildKit cannot have cached."""
    return Command(("sh", "-c", _ANEW, "sh", *build.argv), build.folder, build.environment)
