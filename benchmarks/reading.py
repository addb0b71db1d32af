"""Benchmarks of reading images: static evidence of a large image, from an archive and from a registry."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.counting import Counter
from benchmarks.large import Large, large
from benchmarks.measuring import Command, Runs, run
from benchmarks.peers import STRUCTURE_TEST, command_of
from benchmarks.table import Row, compared, counted, memory

_ROOT = Path(__file__).parent.parent
_TAR_PASS = """\
import sys, tarfile
with tarfile.open(sys.argv[1], "r|gz") as tar:
    for member in tar:
        tar.members = []
"""
_TAR_PASS_NAME = "tarfile, r|gz"
_FILE_TEST = """\
schemaVersion: 2.0.0
fileExistenceTests:
  - {name: the plugin, path: /app/thermostat/plugin.py, shouldExist: true}
"""
# The copies of its packages that make the image so many bytes large, uncompressed.
_SIZES = {"0.2 GB": 0, "1 GB": 6, "3 GB": 20}
_MOST_REQUESTS = 6  # the tag's manifest or index, a platform's manifest, the config, the layer, and a login's two
_DOCUMENTS = 1 << 20


def read(bench: Bench) -> Iterator[Row]:
    """A large image in one layer, cold and warm, beside a bare pass over its tar and one test of one file."""
    image = large(bench.stack, bench.engine)
    places = {"archive": f"oci-archive://{image.archive}", "registry": f"registry://{image.reference}"}
    scans = [_scan(bench, image, name, where, cold=cold) for name, where in places.items() for cold in (True, False)]
    *ours, bare = bench.measure(*scans, _tar_pass(bench, image))
    for name, cold, warm in zip(places, ours[::2], ours[1::2], strict=True):
        yield compared(f"read: from the {name}, cold", cold.seconds, bare.seconds, _TAR_PASS_NAME, 2.5)
        yield compared(f"read: from the {name}, warm", warm.seconds, cold.seconds, "ours, cold", 0.3)
    yield from _beside_structure_test(bench, image)
    yield memory("memory: reading the archive, cold", ours[0].peak_bytes, 150)


def hashing(bench: Bench) -> Iterator[Row]:
    """What it costs to hash all files that RECORDs name, beyond reading the layer without."""
    image = large(bench.stack, bench.engine)
    program = (sys.executable, "-m", "benchmarks.hashing", str(image.archive), str(image.recorded_names))
    argvs = ((*program, "--hash"), program, ("sha256sum", str(image.recorded)))
    hashed, plain, peer = bench.measure(*(Command(argv, _ROOT, {}) for argv in argvs))
    extra: Runs = hashed - plain
    yield compared("hashing what RECORDs name", extra.seconds, peer.seconds, "sha256sum", 1.5)


def fetched(bench: Bench) -> Iterator[Row]:
    """What a registry is asked for: first, and when nothing has changed."""
    image = large(bench.stack, bench.engine)
    registry, _, name = image.reference.partition("/")
    layer = image.layer.stat().st_size
    for when, cold, most in (("at first", True, layer), ("unchanged", False, 0)):
        with Counter(registry).running() as counter:
            run(_scan(bench, image, "counted", f"registry://{counter.address}/{name}", cold=cold))
        of_layer = counter.of_blobs(image.layer_digest)
        others = sum(each.size for each in counter.answers) - of_layer
        yield counted(f"registry, {when}: of the layer", of_layer, most, "bytes")
        yield counted(f"registry, {when}: of anything else", others, _DOCUMENTS, "bytes")
        yield counted(f"registry, {when}: questions", len(counter.answers), _MOST_REQUESTS, "requests")


def sizes(bench: Bench) -> Iterator[Row]:
    """Memory and time as the layer grows."""
    for size, copies in _SIZES.items():
        image = large(bench.stack, bench.engine, copies)
        scan = _scan(bench, image, "size", f"oci-archive://{image.archive}", cold=True)
        ours, bare = bench.measure(scan, _tar_pass(bench, image))
        yield memory(f"memory: reading {size}, cold", ours.peak_bytes, 150)
        yield compared(f"read: {size} from the archive, cold", ours.seconds, bare.seconds, _TAR_PASS_NAME, 2.5)


def _beside_structure_test(bench: Bench, image: Large) -> Iterator[Row]:
    tests = bench.folder / "structure.yaml"
    tests.write_text(_FILE_TEST)
    flags = ("--driver", "tar", "--image", str(image.archive), "--config", str(tests))
    peer = Command((str(command_of(STRUCTURE_TEST)), "test", *flags), bench.folder, {})
    scan = _scan(bench, image, "archive", f"oci-archive://{image.archive}", cold=True)
    ours, theirs = bench.measure(scan, peer)
    yield compared("read: from the archive, cold", ours.seconds, theirs.seconds, "structure-test, tar, 1 file", 0.05)


def _scan(bench: Bench, image: Large, cache: str, where: str, *, cold: bool) -> Command:
    return bench.read(image.sample, where, bench.folder / "caches" / cache, cold=cold)


def _tar_pass(bench: Bench, image: Large) -> Command:
    return Command((sys.executable, "-c", _TAR_PASS, str(image.layer)), bench.folder, {})
