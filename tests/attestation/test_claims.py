"""What a statement says, read back: nothing that it does not say."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.attestation.claims import LARGEST_STATEMENT, read_claims
from spybuild.attestation.statements import Circumstances, index_statement, platform_statement
from spybuild.errors import EvidenceRefused
from spybuild.model.attested import (
    SVR,
    TEST_RESULT,
    Attested,
    AttestedChild,
    AttestedContract,
    AttestedTool,
    AttestedWaiver,
)
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from tests.attestation.making import CONTRACT, INDEX, MANIFESTS, MOMENT, platform_report, report, statement

WAIVER = AttestedWaiver(rule="SPY101", reason="a shim", owner="@home", expires=date(2026, 12, 31))
AMD64 = MANIFESTS["linux/amd64"]


def _with(**extension: Any) -> bytes:
    said = {"schemaVersion": 1, **extension}
    return statement(predicate={"result": "PASSED", "configuration": [], "spybuild": said})


def test_a_platform_statement_is_read_back() -> None:
    """Everything that was said, and no more."""
    said = Circumstances(MOMENT, "registry.example/app", INDEX, (WAIVER,))
    assert read_claims(platform_statement(report(), platform_report(), said)) == Attested(
        subject=AMD64,
        predicate_type=TEST_RESULT,
        passed=True,
        repository="registry.example/app",
        platform=Platform.parse("linux/amd64"),
        index=INDEX,
        contracts=(AttestedContract(digest=CONTRACT, name="contracts/app.yml"),),
        validated_at=MOMENT,
        tool=AttestedTool(name="spybuild", version="0.1.0"),
        evidence=("runtime", "static"),
        waivers=(WAIVER,),
    )


def test_evidence_of_the_build_itself_was_signed_like_any_other() -> None:
    """`fromBuild` stands in the platform's statement, and in the index's where it is so of any platform."""
    built, others = platform_report(from_build=True), report().platforms[1:]
    said = Circumstances(MOMENT, "registry.example/app", INDEX)
    children = tuple(
        AttestedChild(platform=Platform.parse(name), digest=digest, attestation=CONTRACT)
        for name, digest in MANIFESTS.items()
    )
    whole = report().model_copy(update={"platforms": (built, *others)})
    assert read_claims(platform_statement(whole, built, said)).from_build
    assert read_claims(index_statement(whole, children, said)).from_build
    assert not read_claims(platform_statement(whole, others[0], said)).from_build
    assert not read_claims(index_statement(report(), children, said)).from_build


def test_whose_word_it_is_cannot_be_said_in_another_type() -> None:
    """A text would be neither yes nor no."""
    with pytest.raises(EvidenceRefused):
        read_claims(_with(fromBuild="no"))


def test_an_index_statement_is_read_back() -> None:
    """Everything that was said, children included."""
    children = tuple(
        AttestedChild(platform=Platform.parse(name), digest=digest, attestation=CONTRACT)
        for name, digest in MANIFESTS.items()
    )
    found = read_claims(index_statement(report(), children, Circumstances(MOMENT, "r.example/app", INDEX)))
    assert (found.subject, found.predicate_type, found.passed) == (INDEX, SVR, True)
    assert (found.children, found.validated_at, found.platform) == (children, MOMENT, None)


def test_cosigns_older_statements_are_read() -> None:
    """Cosign writes Statement v0.1, and a predicate without our extension: what it does not say is not there."""
    found = read_claims(statement(_type="https://in-toto.io/Statement/v0.1"))
    assert found == Attested(subject=AMD64, predicate_type=TEST_RESULT, passed=True)


@pytest.mark.parametrize(
    ("result", "passed"), [("PASSED", True), ("WARNED", False), ("FAILED", False), ("passed", False), ("", False)]
)
def test_only_passed_is_a_pass(result: str, passed: bool) -> None:
    """Threat 5: the predicate must say PASSED, in exactly this way."""
    assert read_claims(statement(predicate={"result": result, "configuration": []})).passed is passed


def test_a_pass_with_failed_tests_is_none() -> None:
    """A statement that contradicts itself proves nothing."""
    said = {"result": "PASSED", "configuration": [], "failedTests": ["a"]}
    assert not read_claims(statement(predicate=said)).passed


@pytest.mark.parametrize(
    "more",
    [
        {"warnedTests": ["a"]},
        {"spybuild": {"schemaVersion": 1, "rules": {"broken": 1}}},
        {"spybuild": {"schemaVersion": 1, "rules": {"undecided": 1}}},
    ],
)
def test_a_pass_with_findings_is_none(more: dict[str, Any]) -> None:
    """PASSED, beside tests that warned, or rules that were broken or undecided."""
    assert not read_claims(statement(predicate={"result": "PASSED", "configuration": [], **more})).passed


def test_waivers_that_are_counted_and_not_listed_are_refused() -> None:
    """A policy that allows none, or some, could not see which."""
    said = {"schemaVersion": 1, "rules": {"waived": 2}, "waivers": [{"rule": "SPY101"}]}
    with pytest.raises(EvidenceRefused, match="counts 2 waivers, and lists 1"):
        read_claims(statement(predicate={"result": "PASSED", "configuration": [], "spybuild": said}))


def test_a_missing_result_is_malformed() -> None:
    """Threat 5: a predicate without a result must not pass for want of a contradiction."""
    with pytest.raises(EvidenceRefused, match="result"):
        read_claims(statement(predicate={"configuration": []}))


def test_unknown_fields_are_ignored() -> None:
    """in-toto lets statements and predicates grow; what we do not know changes nothing of what we do."""
    grown = statement(
        extra={"passed": True},
        subject=[{"name": "_", "digest": {"sha256": AMD64.hex, "gitCommit": "1"}, "uri": "x"}],
        predicate={
            "result": "FAILED",
            "configuration": [],
            "passed": True,
            "spybuild": {"schemaVersion": 1, "passed": True},
        },
    )
    assert read_claims(grown) == Attested(subject=AMD64, predicate_type=TEST_RESULT)


def test_kinds_of_evidence_that_are_unknown_do_not_count() -> None:
    """A word that is none of ours is no evidence."""
    assert read_claims(_with(evidence=["static", "divination"])).evidence == ("static",)


def test_another_predicate_is_not_looked_into() -> None:
    """An SBOM is authentic or not; it is no pass whatever it holds."""
    other = statement(predicateType="https://spdx.dev/Document", predicate={"result": "PASSED", "anything": [1.5]})
    assert read_claims(other) == Attested(subject=AMD64, predicate_type="https://spdx.dev/Document")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (statement(_type="https://in-toto.io/Statement/v2"), "wrong-type"),
        (statement(_type=None), "malformed"),
        (statement(subject=[]), "malformed"),
        (statement(subject=[{"name": "_"}]), "malformed"),
        (statement(subject=[{"name": "_", "digest": {"sha1": "a" * 40}}]), "malformed"),
        (statement(subject=[{"name": "_", "digest": {"sha256": "a" * 63}}]), "malformed"),
        (statement(subject=[{"name": "_", "digest": {"sha256": AMD64.hex}}] * 2), "unsupported"),
        (statement(predicateType=""), "malformed"),
        (statement(predicate=[]), "malformed"),
        (statement(predicate={"result": "PASSED", "configuration": {}}), "malformed"),
        (statement(predicate={"result": "PASSED", "configuration": [], "spybuild": []}), "malformed"),
        (_with(validatedAt="yesterday"), "malformed"),
        (_with(validatedAt="2026-11-20T12:00:00"), "malformed"),
        (_with(platform="??"), "malformed"),
        (_with(index="latest"), "malformed"),
        (_with(waivers=[{"rule": "SPY101", "expires": "soon"}]), "malformed"),
        (_with(platforms=[{}] * 1001), "malformed"),
        (_with(schemaVersion=2), "unsupported"),
        (_with(schemaVersion="1"), "malformed"),
        (statement(predicateType=SVR, predicate={"properties": ["SPYBUILD_CONTRACT_PASSED"]}), "malformed"),
        (b"PASSED", "malformed"),
        (b" " * (LARGEST_STATEMENT + 1), "too-large"),
        (statement()[:-1] + b',"predicateType":"x"}', "malformed"),
    ],
)
def test_what_is_no_statement_of_its_type_is_refused(content: bytes, reason: str) -> None:
    """Wrong types, no or several subjects, broken digests and times, a key twice: a reason each, never a pass."""
    with pytest.raises(EvidenceRefused) as refusal:
        read_claims(content)
    assert refusal.value.reason == reason


def test_another_payload_type_is_refused() -> None:
    """Threat 3: the type that was signed decides, not what the bytes look like."""
    with pytest.raises(EvidenceRefused) as refusal:
        read_claims(statement(), "application/vnd.cyclonedx+json")
    assert refusal.value.reason == "wrong-type"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["_type", "subject", "predicateType", "predicate", "result", "configuration", "spybuild", "schemaVersion", "evidence",
     "platforms", "waivers", "index", "validatedAt", "tool", "verifier", "properties", "timeCreated", "failedTests"]
)  # fmt: skip


@given(
    st.dictionaries(KEYS, JSON),
    st.dictionaries(KEYS, JSON),
    st.dictionaries(KEYS, JSON),
    st.sampled_from([TEST_RESULT, SVR]),
)
def test_no_statement_crashes_the_reader(
    top: dict[str, Any], predicate: dict[str, Any], extension: dict[str, Any], kind: str
) -> None:
    """Whatever a trusted but careless signer signs is read or refused."""
    usual = json.loads(statement(predicateType=kind))
    whole = usual | {"predicate": {"spybuild": {"schemaVersion": 1} | extension} | predicate} | top
    with suppress(EvidenceRefused):
        read_claims(json.dumps(whole).encode())


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)),
)
def test_names_and_times_are_read_back(repository: str, moment: datetime) -> None:
    """Whatever the repository is called and whenever it was."""
    at = moment.replace(microsecond=0, tzinfo=UTC)
    found = read_claims(platform_statement(report(), platform_report(), Circumstances(at, repository)))
    assert (found.repository, found.validated_at) == (repository, at)


def test_a_digest_of_sha512_is_one() -> None:
    """The image-spec registers it, too."""
    found = read_claims(statement(subject=[{"name": "_", "digest": {"sha512": "ab" * 64}}]))
    assert found.subject == Digest("sha512", "ab" * 64)
