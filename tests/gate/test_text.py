"""A decision as people read it."""

from spybuild.gate.decision import decide
from spybuild.gate.text import render_decision
from spybuild.model.attested import Refused
from tests.gate.making import AMD64, ARM64, NOW, child, image, manifest, passed, policy, statement


def test_an_admitted_image_names_its_evidence() -> None:
    """One line a platform, with the manifest and the attestation that counts."""
    text = render_decision(decide(policy(), image(), NOW))
    assert text.splitlines() == [
        f"linux/amd64  {manifest(AMD64)}  attested by {passed(AMD64).digest}",
        f"linux/arm64  {manifest(ARM64)}  attested by {passed(ARM64).digest}",
        f"index  attested by {statement().digest}",
        "gate: admitted",
    ]


def test_evidence_that_is_the_builds_own_word_was_shown_like_any_other() -> None:
    """Whoever looks at the gate sees on which platform nobody but the build ran the modules."""
    told = passed(AMD64)
    told = told.model_copy(update={"attested": told.attested.model_copy(update={"from_build": True})})
    lines = render_decision(decide(policy(), image(child(AMD64, told), child(ARM64)), NOW)).splitlines()
    assert lines[0] == f"linux/amd64  {manifest(AMD64)}  attested by {told.digest} (runtime evidence: its build's word)"
    assert lines[1].endswith(f"attested by {passed(ARM64).digest}")


def test_a_refused_image_says_why() -> None:
    """One line a reason; hostile text is made harmless."""
    evil = Refused(reason="\x1b[2J bad")
    text = render_decision(
        decide(policy(), image(child(AMD64, evil), child(ARM64, attestations=())), NOW), verbose=True
    )
    assert "refused: linux/amd64" in text
    assert f"refused: linux/arm64 ({manifest(ARM64)}) has no attestation" in text
    assert "\x1b" not in text
    assert "  (unreadable)  does not count" in text
    assert text.endswith("gate: REFUSED\n")


def test_a_platform_that_needs_no_evidence_says_so() -> None:
    """`extra: allow` is visible."""
    evidence = image(child(AMD64), child(ARM64, attestations=()))
    text = render_decision(decide(policy(required=(AMD64,), extra="allow"), evidence, NOW), verbose=True)
    assert f"linux/arm64  {manifest(ARM64)}  not asked for" in text
