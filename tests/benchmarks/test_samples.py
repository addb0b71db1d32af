"""The contracts that are measured say what they should."""

from pathlib import Path

import pytest

from benchmarks.samples import HEAVY, Sample, contract_text, import_statement, trivial_names
from benchmarks.suite import BENCHMARKS, Bench
from spybuild.contracts import parse_contract
from spybuild.rules.demands import requested_modules
from tests.stack import Docker, Stack


@pytest.mark.parametrize("count", [1, 10, 100])
def test_a_contract_asks_for_so_many_modules(count: int) -> None:
    """Each of them once, under its own name."""
    names = trivial_names(count)
    text = contract_text(dict.fromkeys(names, "variables: [{name: NUMBER, value: 1}]"))
    loaded = parse_contract(text.encode(), "spymodel.yml", strict=True)
    assert requested_modules(loaded.contract) == names
    assert len(set(names)) == count


def test_both_sides_import_the_same() -> None:
    """The peer's statement names the modules of the contract."""
    assert import_statement(("json", "xml.etree")) == "import json, xml.etree"
    compile(import_statement(tuple(HEAVY)), "statement", "exec")


def test_the_commands_name_the_same_image_platform_and_modules(tmp_path: Path) -> None:
    """A scan of one platform beside `docker run` of it."""
    engine = Docker("unix:///run/d.sock", "28", "containerd", started_by_us=False, client="/usr/bin/docker")
    bench = Bench(Stack(docker=engine), engine, tmp_path, 5)
    sample = Sample("some/image", tmp_path / "c.yml", ("a", "b.c"), ("--secret", "DEVICE_TOKEN"))
    scan, peer = bench.scan(sample, "linux/amd64"), bench.docker_run(sample)
    assert scan.argv[1:] == (
        "scan", "some/image", "-c", str(tmp_path / "c.yml"), "--platform", "linux/amd64", "--secret", "DEVICE_TOKEN",
    )  # fmt: skip
    assert " ".join(peer.argv) == (
        "/usr/bin/docker run --rm --platform linux/amd64 --entrypoint python3 some/image -c import a, b.c"
    )
    assert scan.environment["DOCKER_HOST"] == peer.environment["DOCKER_HOST"] == "unix:///run/d.sock"


def test_every_benchmark_says_what_it_is() -> None:
    """The names that the command line takes."""
    assert set(BENCHMARKS) == {"imports", "modules", "platforms", "start", "memory"}
    assert all(benchmark.__doc__ for benchmark in BENCHMARKS.values())
