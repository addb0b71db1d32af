"""A pass as a statement: byte for byte, and only a pass."""

import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from spybuild.attestation.statements import Circumstances, index_statement, platform_statement
from spybuild.errors import UsageError
from spybuild.model.attested import AttestedChild, AttestedWaiver
from spybuild.model.digests import Digest
from spybuild.model.finding import Category, Finding
from spybuild.model.platforms import Platform
from spybuild.model.report import ContractReference, ModuleReport, Verdict
from spybuild.rules.catalogue import all_rules
from tests.attestation.making import INDEX, MANIFESTS, MOMENT, platform_report, report

GOLDEN = Path(__file__).parent / "golden"
WAIVER = AttestedWaiver(rule="SPY101", reason="a shim until 2.0", owner="@home", expires=date(2026, 12, 31))
SAID = Circumstances(MOMENT, "registry.example/app", INDEX)
CHILDREN = tuple(
    AttestedChild(platform=Platform.parse(name), digest=digest, attestation=Digest.of(name.encode()))
    for name, digest in MANIFESTS.items()
)
FINDING = Finding(rule="SPY101", name="x", category=Category.MISSING, message="m", remedy="r")
DOUBT = FINDING.model_copy(update={"category": Category.UNKNOWN})


def _pretty(content: bytes) -> str:
    """As golden files have it. The number of rules grows, and is nobody's concern here."""
    found = json.loads(content)
    if rules := found["predicate"]["spybuild"].get("rules"):
        assert rules.pop("known") == len(all_rules())
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("platform", lambda: platform_statement(report(), platform_report(), SAID)),
        (
            "platform-waived",
            lambda: platform_statement(report(), platform_report(), Circumstances(MOMENT, "", None, (WAIVER,))),
        ),
        ("index", lambda: index_statement(report(), CHILDREN, SAID)),
    ],
)
def test_statements_are_as_they_were(name: str, make: Callable[[], bytes]) -> None:
    """What gates of others look for does not change unnoticed: golden files, to be changed by hand."""
    assert _pretty(make()) == (GOLDEN / f"{name}.json").read_text()


def test_the_bytes_are_canonical() -> None:
    """No white space, keys sorted; the same whatever order the evidence, modules and children came in."""
    shuffled = platform_report(evidence=("runtime", "static"))
    first = platform_statement(report(), platform_report(), SAID)
    assert first == platform_statement(report(), shuffled, SAID)
    assert first == json.dumps(json.loads(first), sort_keys=True, separators=(",", ":")).encode()
    children = list(CHILDREN)
    random.Random(1).shuffle(children)
    assert index_statement(report(), children[::-1], SAID) == index_statement(report(), CHILDREN, SAID)


def test_times_are_utc_in_seconds() -> None:
    """Whatever zone the caller's clock has."""
    there = (MOMENT + timedelta(microseconds=5)).astimezone(timezone(timedelta(hours=-8)))
    said = Circumstances(there, "registry.example/app", INDEX)
    assert platform_statement(report(), platform_report(), said) == platform_statement(
        report(), platform_report(), SAID
    )


@pytest.mark.parametrize("path", ["/home/me/contracts/app.yml", r"C:\work\app.yml"])
def test_no_path_of_the_machine_is_signed(path: str) -> None:
    """An absolute path says where a contract lay on the machine that checked it."""
    contract = ContractReference(path=path, digest="sha256:" + "b0" * 32)
    made = json.loads(platform_statement(report(contract=contract), platform_report(), SAID))
    assert made["predicate"]["configuration"][0]["name"] == "app.yml"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"findings": (FINDING,)}, r"did not pass \(fail\)"),
        ({"findings": (DOUBT,)}, r"did not pass \(undecided\)"),
        ({"problem": "no interpreter"}, r"did not pass \(undecided\)"),
        ({"evidence": ()}, "no evidence"),
        ({"digest": None}, "no digest"),
        ({"digest": "sha256:abc"}, "cannot be attested"),
        ({"digest": "md5:" + "a" * 32}, "cannot be attested"),
        ({"platform": "??"}, "no platform"),
    ],
)
def test_what_is_no_pass_becomes_no_statement(changes: dict[str, Any], message: str) -> None:
    """A failure, a doubt, no evidence, no digest: nothing is signed."""
    platform = platform_report(**changes)
    with pytest.raises(UsageError, match=message):
        platform_statement(report(platform), platform, SAID)
    with pytest.raises(UsageError):
        index_statement(report(platform), CHILDREN[:1], SAID)


@pytest.mark.parametrize("contract", [None, ContractReference(path="app.yml")])
def test_a_pass_names_its_contract(contract: ContractReference | None) -> None:
    """Integrity alone, or a contract of unknown content, is nothing that a gate could ask for."""
    with pytest.raises(UsageError, match="which contract"):
        platform_statement(report(contract=contract), platform_report(), SAID)


@pytest.mark.parametrize("children", [(), CHILDREN[:1], (*CHILDREN, CHILDREN[0]), (CHILDREN[0], CHILDREN[0])])
def test_an_index_lists_exactly_its_platforms(children: tuple[AttestedChild, ...]) -> None:
    """One left out, one twice: refused, for the list is what a gate compares."""
    with pytest.raises(UsageError, match="exactly the platforms"):
        index_statement(report(), children, SAID)


def test_an_index_rests_on_attested_platforms() -> None:
    """Each child names the attestation that it rests on."""
    bare = (CHILDREN[0], CHILDREN[1].model_copy(update={"attestation": None}))
    with pytest.raises(UsageError, match="linux/arm64 has no attestation"):
        index_statement(report(), bare, SAID)


def test_an_index_is_the_one_of_the_report() -> None:
    """A report on one index is no evidence for another."""
    with pytest.raises(UsageError, match="not on the index"):
        index_statement(report(), CHILDREN, Circumstances(MOMENT, "", Digest.of(b"another")))
    with pytest.raises(UsageError, match="needs the digest"):
        index_statement(report(), CHILDREN, Circumstances(MOMENT))


def test_an_index_claims_only_evidence_that_all_platforms_have() -> None:
    """Both kinds on one platform and one on the other is one kind for the index."""
    mixed = report(platform_report("linux/amd64"), platform_report("linux/arm64", evidence=("static",)))
    assert json.loads(index_statement(mixed, CHILDREN, SAID))["predicate"]["spybuild"]["evidence"] == ["static"]


def test_a_time_needs_its_zone() -> None:
    """A clock without a zone says no moment."""
    with pytest.raises(UsageError, match="time zone"):
        platform_statement(report(), platform_report(), Circumstances(datetime(2026, 1, 1), ""))


def test_hostile_names_stay_text() -> None:
    """A module may be called anything; the statement stays one JSON document."""
    name = 'a"}],"result":"FAILED\n\u2028'
    platform = platform_report(modules=(ModuleReport(name=name, verdict=Verdict.PASS),))
    made = json.loads(platform_statement(report(platform), platform, SAID))
    assert made["predicate"]["passedTests"] == [name]
    assert made["predicate"]["result"] == "PASSED"
