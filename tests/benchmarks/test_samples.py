"""The contracts that are measured say what they should."""

from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.samples import HEAVY, Sample, contract_text, import_statement, module, trivial_names
from benchmarks.suite import BENCHMARKS
from spybuild.contracts import parse_contract
from spybuild.rules.demands import requested_modules
from spybuild.source_checking import check_source
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
        "scan", "some/image", "-c", str(tmp_path / "c.yml"), "--evidence", "runtime", "--platform", "linux/amd64", "--secret", "DEVICE_TOKEN",
    )  # fmt: skip
    assert " ".join(peer.argv) == (
        "/usr/bin/docker run --rm --platform linux/amd64 --entrypoint python3 some/image -c import a, b.c"
    )
    assert scan.environment["DOCKER_HOST"] == peer.environment["DOCKER_HOST"] == "unix:///run/d.sock"


def test_reading_is_told_where_and_with_which_cache(tmp_path: Path) -> None:
    """Cold is the same command on a cache that is emptied first; no engine is named."""
    engine = Docker("unix:///run/d.sock", "28", "containerd", started_by_us=False)
    bench = Bench(Stack(docker=engine), engine, tmp_path, 5)
    sample = Sample("some/image", tmp_path / "c.yml", ("a",))
    cold, warm = (bench.read(sample, "oci-archive://x.tar", tmp_path / "cache", cold=cold) for cold in (True, False))
    assert cold.argv == warm.argv
    assert cold.argv[1:] == ("scan", "oci-archive://x.tar", "-c", str(tmp_path / "c.yml"), "--evidence", "static")
    assert (cold.emptied, warm.emptied) == (tmp_path / "cache", None)
    assert cold.environment["SPYBUILD_CACHE_DIR"] == str(tmp_path / "cache")
    assert "DOCKER_HOST" not in cold.environment


def test_the_source_that_both_command_lines_check_fits_its_contract(tmp_path: Path) -> None:
    """The contract is strict ImportSpy, and asks for all that the module has."""
    file, contract = module(tmp_path)
    loaded = parse_contract(contract.read_bytes(), "meter.yml", strict=True).contract
    assert str(check_source([file], contract, strict=True).verdict) == "pass"
    file.write_text(file.read_text().replace("def total(", "def sum_of("))
    assert str(check_source([file], contract, strict=True).verdict) == "fail"
    assert {each.name for each in loaded.functions} == {"create", "total"}


def test_every_benchmark_says_what_it_is() -> None:
    """The names that the command line takes."""
    names = "imports modules platforms start memory check read hashing fetched sizes verify decide sign build validate"
    assert list(BENCHMARKS) == names.split()
    assert all(benchmark.__doc__ for benchmark in BENCHMARKS.values())
