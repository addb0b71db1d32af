"""The benchmarks: what is put beside what, and the bounds to hold."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import building, reading, verifying
from benchmarks.bench import FOREIGN, NATIVE, SPYBUILD, Bench
from benchmarks.measuring import Command, MeasurementError, clean
from benchmarks.peers import IMPORTSPY, command_of
from benchmarks.samples import application, heavy, module, thermostat, trivial
from benchmarks.table import Row, compared, loaded, memory

_DOCKER_RUN = "docker run"
_IMPORTSPY = "importspy 0.5.0"
_HEAVY_MODULES = ("docker", "pydantic")


def imports(bench: Bench) -> Iterator[Row]:
    """A scan of one platform beside the bare import of the same modules."""
    samples = {
        "scan: 1 trivial module": trivial(bench.stack, bench.folder, 1),
        "scan: the thermostat": thermostat(bench.stack),
        "scan: a module that imports 10 heavy ones": application(bench.stack, bench.folder),
        "scan: the 10 heavy ones, each under contract": heavy(bench.stack, bench.folder),
    }
    for what, sample in samples.items():
        ours, peer = bench.measure(bench.scan(sample, NATIVE), bench.docker_run(sample))
        yield compared(what, ours.seconds, peer.seconds, _DOCKER_RUN, 1.3)
    sample = samples["scan: the thermostat"]
    ours, peer = bench.measure(bench.scan(sample, NATIVE, evidence="both"), bench.docker_run(sample))
    yield compared("scan: the thermostat, both kinds of evidence", ours.seconds, peer.seconds, _DOCKER_RUN)


def modules(bench: Bench) -> Iterator[Row]:
    """Growth with the number of modules; what holds here is the bound on the growth."""
    counts = (1, 10, 100)
    samples = [trivial(bench.stack, bench.folder, count) for count in counts]
    both = [command for each in samples for command in (bench.scan(each, NATIVE), bench.docker_run(each))]
    runs = bench.measure(*both)
    for count, ours, peer in zip(counts, runs[::2], runs[1::2], strict=True):
        yield compared(f"scan: {count} of 100 modules in an image", ours.seconds, peer.seconds, _DOCKER_RUN)
    yield compared("scan: 100 trivial modules", runs[4].seconds, runs[0].seconds, "ours, 1 module", 2)
    yield compared("docker run: 100 trivial modules", runs[5].seconds, runs[1].seconds, "docker run, 1 module")


def platforms(bench: Bench) -> Iterator[Row]:
    """Two platforms in one scan beside a scan of each; less than 1 means that they overlap."""
    sample = trivial(bench.stack, bench.folder, 1)
    wanted = ((NATIVE, FOREIGN), (NATIVE,), (FOREIGN,))
    both, native, foreign = bench.measure(*(bench.scan(sample, *each) for each in wanted))
    yield compared("scan: amd64 and arm64 (emulated)", both.seconds, (native + foreign).seconds, "ours, one by one")
    yield compared("scan: amd64 and arm64 (emulated)", both.seconds, foreign.seconds, "ours, arm64 alone")


def start(bench: Bench) -> Iterator[Row]:
    """The start of the command line."""
    argvs = ((str(each), "--version") for each in (SPYBUILD, command_of(IMPORTSPY)))
    ours, peer = bench.measure(*(Command(argv, bench.folder, {}) for argv in argvs))
    yield compared("spybuild --version", ours.seconds, peer.seconds, _IMPORTSPY, 0.5)
    yield loaded(f"import spybuild: of {' and '.join(_HEAVY_MODULES)}", _loaded_by_import(bench.folder))


def check(bench: Bench) -> Iterator[Row]:
    """One source file, read and not run, by both command lines."""
    file, contract = (str(each) for each in module(bench.folder))
    argvs = (
        (str(SPYBUILD), "check", file, "-c", contract),
        (str(command_of(IMPORTSPY)), "check", file, "-s", contract),
    )
    ours, peer = bench.measure(*(Command(argv, bench.folder, {}) for argv in argvs))
    yield compared("spybuild check: one file", ours.seconds, peer.seconds, f"{_IMPORTSPY} check", 0.7)


def peak(bench: Bench) -> Iterator[Row]:
    """The memory of the scanning process; that of the containers is the image's."""
    for what, sample in (
        ("memory: scan of the thermostat, 2 platforms", thermostat(bench.stack)),
        ("memory: scan of 100 modules, 2 platforms", trivial(bench.stack, bench.folder, 100)),
        ("memory: scan of 10 heavy modules, 2 platforms", heavy(bench.stack, bench.folder)),
    ):
        (runs,) = bench.measure(bench.scan(sample, NATIVE, FOREIGN))
        yield memory(what, runs.peak_bytes, 150)


BENCHMARKS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "imports": imports,
    "modules": modules,
    "platforms": platforms,
    "start": start,
    "memory": peak,
    "check": check,
    "read": reading.read,
    "hashing": reading.hashing,
    "fetched": reading.fetched,
    "sizes": reading.sizes,
    "verify": verifying.verify,
    "decide": verifying.deciding,
    "sign": verifying.signing,
    "build": building.cached,
    "validate": building.validating,
}
LONG = frozenset({"sizes"})
"""Those that take minutes, and gigabytes of the stack's cache: measured only when they are asked for by name."""


def _loaded_by_import(folder: Path) -> set[str]:
    """Which of the heavy modules `import spybuild` loads."""
    program = "import sys, spybuild; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=clean({}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementError(f"import spybuild: {done.stderr.strip()}")
    return set(_HEAVY_MODULES).intersection(done.stdout.split())
