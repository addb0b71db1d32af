"""`spybuild promote`: an image moves on if the gate lets it, and people are told what moved."""

from typing import Any

from tests.cli.attesting import Desk
from tests.fakes.registry import Fault


def promote(desk: Desk, *arguments: str, to: str = "prod/api:1", **policy: Any) -> tuple[int, str, str]:
    """Promote the image, by a policy with these changes."""
    desk.policy(**policy)
    said = desk.run("promote", desk.image, f"{desk.server.address}/{to}", "--policy", "gate.yml", *arguments)
    return said.code, said.out, said.err


def test_an_admitted_image_moves_with_its_evidence(attested: Desk) -> None:
    """The same digest, verified there as here; what moved is told."""
    code, out, _ = promote(attested)
    assert code == 0
    assert out.splitlines()[0].startswith(f"{attested.image} -> {attested.server.address}/prod/api:1  sha256:")
    assert "3 referrers" in out
    assert out.splitlines()[-1] == f"tag {attested.server.address}/prod/api:1 moved"
    there = attested.verify("--policy", "gate.yml", image=f"{attested.server.address}/prod/api:1")
    assert there.code == 0


def test_again_is_as_once(attested: Desk) -> None:
    """The tag is the image already."""
    promote(attested)
    code, out, _ = promote(attested)
    assert (code, out.splitlines()[-1].endswith("is this image already")) == (0, True)


def test_a_refused_image_stays(attested: Desk) -> None:
    """Exit 5, the reason, and nothing is written; the tag is as it was."""
    attested.server.asked.clear()
    code, out, _ = promote(attested, contracts=[{"digest": "sha256:" + "ab" * 32}])
    assert (code, "is a pass of another contract" in out) == (5, True)
    assert out.splitlines()[-1].endswith("is as it was: not there")
    assert attested.server.written() == []


def test_an_unattested_image_is_exit_4(desk: Desk) -> None:
    """As `verify` has it."""
    code, out, _ = promote(desk)
    assert (code, out.count("has no attestation")) == (4, 3)


def test_machines_read_what_moved(attested: Desk) -> None:
    """With the decision."""
    attested.policy()
    to = f"{attested.server.address}/prod/api:1"
    found = attested.run("promote", attested.image, to, "--policy", "gate.yml", "-f", "json").json
    assert (found["admitted"], found["tagged"], found["replaced"]) == (True, True, None)
    assert found["moved"]["referrers"] == 3
    assert [each["admitted"] for each in found["platforms"]] == [True, True]


def test_what_is_left_behind_is_told(attested: Desk) -> None:
    """A stranger's referrer that cannot be copied is a line on stderr, and no reason to stay."""
    root = attested.report().subject.digest
    assert root
    broken = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "cd" * 32, "size": 3}
    assert attested.server.referrers is not None
    attested.server.referrers[root].append(broken)
    code, _, err = promote(attested)
    assert code == 0
    assert "spybuild: left behind: " in err


def test_a_place_that_is_no_tag(attested: Desk) -> None:
    """Only a tag can be moved."""
    code, _, err = promote(attested, to=f"prod/api@sha256:{'ab' * 32}")
    assert (code, "is no place to promote to" in err) == (2, True)


def test_a_registry_that_refuses_is_exit_3(attested: Desk) -> None:
    """And the tag is as it was."""
    attested.server.faults = [("prod/api/blobs/uploads", Fault(status=403, is_lost=True)) for _ in range(50)]
    code, out, err = promote(attested)
    assert (code, out) == (3, "")
    assert "does not let us write" in err
    assert ("prod/api", "1") not in attested.server.manifests


def test_a_policy_is_needed(attested: Desk) -> None:
    """There is no gate without one."""
    said = attested.run("promote", attested.image, f"{attested.server.address}/prod/api:1")
    assert (said.code, "--policy" in said.err) == (2, True)
