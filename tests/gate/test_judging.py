"""Each thing that may be wrong with an attestation is refused by its name, and hides no good one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from packaging.version import Version

from spybuild.gate.decision import decide
from spybuild.gate.policy import AcceptedContract, KeylessDemand
from spybuild.model.attested import (
    SVR,
    Attested,
    AttestedContract,
    AttestedTool,
    AttestedWaiver,
    AuthenticatedTime,
    KeySigner,
    Verified,
)
from spybuild.model.matching import Exactly, Expression, Glob
from spybuild.model.platforms import Platform
from tests.gate.making import (
    AMD64,
    ARM64,
    BY_KEY,
    CONTRACT,
    IDENTITY,
    INDEX,
    ISSUER,
    KEYLESS,
    NOW,
    YESTERDAY,
    attested,
    child,
    digest,
    image,
    manifest,
    passed,
    policy,
    refusal,
    relisted,
    statement,
    verified,
    with_amd64,
)

WRONG_STATEMENTS: dict[str, tuple[Verified, dict[str, Any], str]] = {
    "another image": (passed(subject=digest("other")), {}, f"is about {digest('other')}, another image"),
    "another predicate type": (passed(predicate_type="https://slsa.dev/provenance/v1"), {}, "not a test result"),
    "an index statement on a platform": (passed(predicate_type=SVR), {}, "not a test result"),
    "result FAILED": (passed(passed=False), {}, "does not say that the checks passed"),
    "another platform": (passed(platform=ARM64), {}, "is a pass on 'linux/arm64', not on linux/amd64"),
    "no platform": (passed(platform=None), {}, "does not say which platform passed"),
    "another variant": (passed(platform=Platform("linux", "amd64", "v3")), {}, "is a pass on 'linux/amd64/v3'"),
    "another contract": (
        passed(contracts=(AttestedContract(digest=digest("lax.yml"), name="lax.yml"),)),
        {},
        "is a pass of another contract ('lax.yml'",
    ),
    "no contract": (passed(contracts=()), {}, "does not say which contract passed"),
    "another repository": (
        passed(repository="registry.example/evil"),
        {},
        "made for the repository 'registry.example/evil'",
    ),
    "no repository": (passed(repository=""), {}, "does not say in which repository"),
    "a repository not named": (
        passed(),
        {"attested_for": (Glob("registry.example/staging/*"),)},
        "which the policy does not name",
    ),
    "too long ago": (passed(validated_at=NOW - timedelta(days=45)), {}, "was validated too long ago: 45d"),
    "in the future": (passed(validated_at=NOW + timedelta(hours=1)), {}, "was validated in the future"),
    "no time": (passed(validated_at=None), {}, "does not say when it was validated"),
    "before the floor": (passed(), {"validated_since": NOW}, "before 2026-11-20T12:00:00Z"),
    "a tool that is too old": (passed(), {"minimum_tool": Version("0.4.1")}, "spybuild 0.4.0, which is too old"),
    "a pre-release of the tool": (
        passed(tool=AttestedTool(name="spybuild", version="0.4.1rc1")),
        {"minimum_tool": Version("0.4.1")},
        "which is too old",
    ),
    "another tool": (
        passed(tool=AttestedTool(name="other", version="9")),
        {"minimum_tool": Version("0.4.0")},
        "was made by 'other' '9', not by spybuild 0.4.0 or later",
    ),
    "a tool without a version": (
        passed(tool=AttestedTool(name="spybuild", version="new")),
        {"minimum_tool": Version("0.4.0")},
        "not by spybuild 0.4.0 or later",
    ),
    "no tool": (passed(tool=None), {"minimum_tool": Version("0.4.0")}, "an unknown tool"),
    "static only": (
        passed(evidence=("static",)),
        {"evidence": frozenset({"runtime", "static"})},
        "rests on static evidence only; the policy asks for runtime evidence too",
    ),
    "the image's config only": (passed(evidence=("config",)), {}, "rests on no evidence"),
    "no evidence": (passed(evidence=()), {}, "rests on no evidence"),
    "a waiver": (passed(waivers=(AttestedWaiver(rule="SPY101", expires=date(2027, 1, 1)),)), {}, "'SPY101' waived"),
    "a waiver of another rule": (
        passed(waivers=(AttestedWaiver(rule="missing-function", expires=date(2027, 1, 1)),)),
        {"waivers": frozenset({"SPY010"})},
        "which the policy does not allow",
    ),
    "a waiver of an unknown rule": (
        passed(waivers=(AttestedWaiver(rule="SPY999", expires=date(2027, 1, 1)),)),
        {"waivers": frozenset({"SPY010"})},
        "which the policy does not allow",
    ),
    "a waiver that has ended": (
        passed(waivers=(AttestedWaiver(rule="SPY101", expires=date(2026, 11, 19)),)),
        {"waivers": None},
        "waived until 2026-11-19, which is over",
    ),
    "a waiver without an end": (
        passed(waivers=(AttestedWaiver(rule="SPY101"),)),
        {"waivers": None},
        "waived without an end",
    ),
    "another key": (
        verified(attested(), signer=KeySigner(fingerprint=digest("other key"))),
        {},
        "whom the policy does not name",
    ),
    "another identity": (
        verified(attested(), signer=KEYLESS.model_copy(update={"identity": "mallory@example.com"})),
        {},
        "by 'mallory@example.com'",
    ),
    "another issuer": (
        verified(attested(), signer=KEYLESS.model_copy(update={"issuer": "https://issuer.example"})),
        {},
        "issuer 'https://issuer.example'",
    ),
    "another claim": (
        passed(),
        {"signers": (KeylessDemand(Exactly(IDENTITY), Exactly(ISSUER), {"runnerEnvironment": "github-hosted"}),)},
        "whom the policy does not name",
    ),
    "another source repository": (
        passed(),
        {"source_repositories": (Glob("https://github.com/acme/other"),)},
        "was made from 'https://github.com/acme/thermostat'",
    ),
    "a key where a source repository is asked for": (
        verified(attested(), signer=BY_KEY),
        {"source_repositories": (Glob("**"),)},
        "names no source repository that a certificate vouches for",
    ),
    "a signature from another time": (
        verified(attested(), signed_at=AuthenticatedTime(at=NOW, source="timestamp")),
        {},
        "says it was validated at 2026-11-19T12:00:00Z, 1d from the time of its timestamp",
    ),
    "a key without a timestamp where an age is asked for": (
        verified(attested(), signer=BY_KEY, signed_at=None),
        {},
        "has no authenticated time",
    ),
}


@pytest.mark.parametrize("case", WRONG_STATEMENTS.values(), ids=WRONG_STATEMENTS.keys())
def test_a_platform_is_refused_for(case: tuple[Verified, dict[str, Any], str]) -> None:
    """Everything that may be wrong with the only attestation of a platform refuses it, and the reason says what."""
    attestation, demands, reason = case
    reasons = refusal(with_amd64(attestation), **demands)
    assert reason in reasons
    assert f"linux/amd64 ({manifest(AMD64)}): the attestation {attestation.digest} " in reasons


@pytest.mark.parametrize("case", WRONG_STATEMENTS.values(), ids=WRONG_STATEMENTS.keys())
def test_a_bad_attestation_hides_no_good_one(case: tuple[Verified, dict[str, Any], str]) -> None:
    """Beside a good attestation a bad one is told of and changes nothing, be it newer or older."""
    bad, demands, _ = case
    good = passed().model_copy(update={"digest": digest("the good one")})
    alone = decide(policy(**demands), with_amd64(good), NOW)
    both = image(child(AMD64, bad, good), child(ARM64), attestations=(relisted(good),))
    decision = decide(policy(**demands), both, NOW)
    assert decision.admitted == alone.admitted
    assert decision.platforms[0].chosen == alone.platforms[0].chosen
    assert any(each.digest == bad.digest and each.reasons for each in decision.platforms[0].attestations)


def test_any_named_signer_will_do() -> None:
    """A key and an identity stand side by side, and an expression must match all of the identity."""
    by_key = verified(attested(), signer=BY_KEY)
    assert decide(policy(), with_amd64(by_key), NOW).admitted
    expression = KeylessDemand(Expression("^https://github\\.com/acme/[^/]+/.+$"), Exactly(ISSUER))
    assert decide(policy(signers=(expression,)), image(), NOW).admitted
    partial = KeylessDemand(Expression("^https://github\\.com/acme/$"), Exactly(ISSUER))
    assert "does not name" in refusal(image(), signers=(partial,))


def test_several_contracts_are_accepted_while_one_replaces_another() -> None:
    """Any of the policy's contracts will do; one that has an end counts through that day."""
    both = (AcceptedContract(digest("next.yml")), AcceptedContract(CONTRACT, "old.yml", until=date(2026, 11, 20)))
    assert decide(policy(contracts=both), image(), NOW).admitted
    over = (AcceptedContract(CONTRACT, "old.yml", until=date(2026, 11, 19)),)
    assert "the contract old.yml" in refusal(image(), contracts=over)
    assert "accepted until 2026-11-19" in refusal(image(), contracts=over)


def test_promotion_names_where_the_evidence_comes_from() -> None:
    """An image attested in staging is admitted in production only by a policy that names staging."""
    moved = image(repository="registry.example/prod/thermostat")
    assert "not for 'registry.example/prod/thermostat'" in refusal(moved)
    assert decide(policy(attested_for=(Glob("registry.example/home/*"),)), moved, NOW).admitted


def test_where_the_image_lives_may_be_limited() -> None:
    """The same image in a repository that the policy does not name is refused."""
    assert "the image is in the repository" in refusal(image(), lives_in=(Glob("registry.example/prod/**"),))


@pytest.mark.parametrize(("offset", "admitted"), [(-30, True), (0, True), (10, True), (11, False)])
def test_clocks_may_differ_a_little(offset: int, admitted: bool) -> None:
    """A moment within the tolerance is not the future; one beyond it is (minutes)."""
    pass_ = passed(validated_at=NOW + timedelta(minutes=offset))
    assert decide(policy(), with_amd64(pass_), NOW).admitted is admitted


@pytest.mark.parametrize(("seconds", "admitted"), [(0, True), (600, True), (-600, True), (601, False), (-601, False)])
def test_the_signature_was_made_when_the_statement_says(seconds: int, admitted: bool) -> None:
    """An old signature that was stamped anew is refused: the two times must agree (tolerance ten minutes)."""
    signed = AuthenticatedTime(at=YESTERDAY + timedelta(seconds=seconds), source="timestamp")
    assert decide(policy(), with_amd64(verified(attested(), signed_at=signed)), NOW).admitted is admitted


@pytest.mark.parametrize(("age", "admitted"), [(timedelta(days=30), True), (timedelta(days=30, seconds=1), False)])
def test_the_limit_itself_is_not_too_old(age: timedelta, admitted: bool) -> None:
    """Thirty days are thirty days."""
    assert decide(policy(), with_amd64(passed(validated_at=NOW - age)), NOW).admitted is admitted


def test_a_key_without_timestamps_needs_the_policys_word() -> None:
    """Without a limit on the age, or where the signer's clock is trusted, a key's bare signature counts."""
    bare = [verified(each, signer=BY_KEY, signed_at=None) for each in (attested(AMD64), attested(ARM64))]
    index = statement().model_copy(update={"signer": BY_KEY, "signed_at": None})
    evidence = image(child(AMD64, bare[0]), child(ARM64, bare[1]), attestations=(index,))
    assert "has no authenticated time" in refusal(evidence)
    assert decide(policy(max_age=None), evidence, NOW).admitted
    assert decide(policy(trusts_signers_clock=True), evidence, NOW).admitted


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_are_refused_and_crash_nothing(moment: datetime) -> None:
    """Whatever a statement says of its time is compared without overflowing."""
    strange = verified(attested(validated_at=moment), signed_at=AuthenticatedTime(at=NOW, source="log"))
    assert "validated" in refusal(with_amd64(strange))
    assert "validated" in refusal(with_amd64(strange), max_age=None)


def test_waivers_that_are_allowed_are_let_pass_through_their_last_day() -> None:
    """All of them, or those of the rules that the policy names, by id or name."""
    waived = passed(waivers=(AttestedWaiver(rule="missing-function", expires=date(2026, 11, 20)),))
    assert decide(policy(waivers=None), with_amd64(waived), NOW).admitted
    assert decide(policy(waivers=frozenset({"SPY101"})), with_amd64(waived), NOW).admitted


def test_an_attestation_of_another_kind_beside_ours_is_no_matter() -> None:
    """Provenance, SBOMs and the like hang on the same digests."""
    other = verified(
        Attested(subject=manifest(AMD64), predicate_type="https://slsa.dev/provenance/v1"), digest=digest("provenance")
    )
    on_index = verified(Attested(subject=INDEX, predicate_type="https://spdx.dev/Document"), digest=digest("sbom"))
    evidence = image(child(AMD64, other, passed()), child(ARM64), attestations=(on_index, statement()))
    assert decide(policy(), evidence, NOW).admitted


def test_a_newer_failure_does_not_take_a_pass_back() -> None:
    """Passes are evidence, their absence is not: a pass is taken back by the policy (floors), not by a statement."""
    failed = passed(passed=False, validated_at=NOW).model_copy(update={"digest": digest("failed")})
    assert decide(policy(), image(child(AMD64, failed, passed()), child(ARM64)), NOW).admitted
    assert "before" in refusal(image(), validated_since=NOW)
