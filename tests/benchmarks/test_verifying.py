"""What is measured of the gate is what is meant: an image that passes, and the same demands on both sides."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.suite import BENCHMARKS
from benchmarks.verifying import deciding, ours_on, ten_platforms
from spybuild.gate.decision import decide
from spybuild.model.attested import ImageEvidence
from tests.attestation.making import CONTRACT
from tests.stack import Docker, Stack


def bench(folder: Path) -> Bench:
    engine = Docker("unix:///run/d.sock", "28", "containerd", started_by_us=False)
    return Bench(Stack(docker=engine), engine, folder, 5)


def test_the_decision_that_is_measured_is_made_of_ten_platforms() -> None:
    """All of them count: without any one's attestation the image is refused."""
    policy, evidence = ten_platforms()
    decision = decide(policy, evidence, datetime.now(UTC))
    assert (decision.admitted, len(decision.platforms)) == (True, 10)
    for left_out in evidence.children:
        bare = left_out.model_copy(update={"attestations": ()})
        children = tuple(bare if each is left_out else each for each in evidence.children)
        spoilt = ImageEvidence(
            repository=evidence.repository,
            digest=evidence.digest,
            is_index=True,
            children=children,
            attestations=evidence.attestations,
        )
        assert not decide(policy, spoilt, datetime.now(UTC)).admitted


def test_a_decision_is_held_to_a_millisecond(tmp_path: Path) -> None:
    """In microseconds."""
    (row,) = deciding(bench(tmp_path))
    assert (row.what, row.bound) == ("decide: 10 platforms", "<= 1000")
    assert row.ours.endswith(" µs")


def test_many_images_are_verified_in_one_call(tmp_path: Path) -> None:
    """By a key and a contract."""
    command = ours_on(bench(tmp_path), "r/a@sha256:x", "r/b@sha256:y")
    assert command.argv[1:4] == ("verify", "r/a@sha256:x", "r/b@sha256:y")
    assert command.argv[-4:] == ("--contract", str(CONTRACT), "--repository", "**")


@pytest.mark.parametrize("name", ["verify", "sign"])
def test_without_registries_nothing_is_measured(name: str, tmp_path: Path) -> None:
    """The stack is named."""
    with pytest.raises(AssertionError, match="the stack has no registry"):
        list(BENCHMARKS[name](bench(tmp_path)))
