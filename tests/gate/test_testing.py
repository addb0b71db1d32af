"""A policy is tested offline against recorded cases."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from spybuild.errors import UsageError
from spybuild.gate.recording import dump_evidence
from spybuild.gate.testing import CaseResult, Outcome, run_cases
from spybuild.gate.text import render_results
from spybuild.model.attested import ImageEvidence
from tests.gate.making import AMD64, ARM64, NOW, child, image, passed, policy

HONEST = image()
FORGED = image(child(AMD64, passed(passed=False)), child(ARM64))


def case(evidence: str | ImageEvidence, *, admitted: bool, reasons: tuple[str, ...] = (), **more: object) -> str:
    """A case's JSON; evidence is inline, or a path."""
    inline = json.loads(dump_evidence(evidence)) if isinstance(evidence, ImageEvidence) else evidence
    expect = {"admitted": admitted, "reasons": list(reasons)}
    now = NOW.isoformat()
    return json.dumps(
        {"schemaVersion": 1, "now": now, "evidence": inline, "expect": expect, **more}, ensure_ascii=False
    )


def run(folder: Path) -> tuple[CaseResult, ...]:
    """The results of all cases in the folder."""
    return run_cases(policy(), [folder])


def test_cases_pass_when_the_gate_says_what_they_expect(tmp_path: Path) -> None:
    """Admitted or refused, with the reasons named; evidence inline or in a file beside the case."""
    (tmp_path / "honest.json").write_text(case("recorded/evidence.json", admitted=True))
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "evidence.json").write_text(dump_evidence(HONEST))
    (tmp_path / "forged.yml").write_text(
        case(
            FORGED, admitted=False, reasons=("LINUX/AMD64", "does not say that the checks passed"), name="result FAILED"
        )
    )
    results = run(tmp_path)
    assert [(each.name, each.outcome) for each in results] == [("result FAILED", "passed"), ("honest", "passed")]
    assert render_results(results) == "2 passed\n"


def test_a_case_fails_with_what_the_gate_said(tmp_path: Path) -> None:
    """Expected in and refused; expected out and let in; refused for another reason."""
    (tmp_path / "a.json").write_text(case(FORGED, admitted=True))
    (tmp_path / "b.json").write_text(case(HONEST, admitted=False))
    (tmp_path / "c.json").write_text(case(FORGED, admitted=False, reasons=("too long ago",)))
    first, second, third = run(tmp_path)
    assert first.complaints[0] == "expected it to be admitted, and it was refused"
    assert first.complaints[1].startswith("the gate said: linux/amd64 (sha256:")
    assert second.complaints == ("expected it to be refused, and it was admitted",)
    assert third.complaints[0] == "no reason says 'too long ago'"
    assert {each.outcome for each in (first, second, third)} == {Outcome.FAILED}
    text = render_results([first, second, third])
    assert text.startswith(f"FAILED {tmp_path}/a.json - a\n    expected it to be admitted, and it was refused\n")
    assert text.endswith("\n3 failed\n")


def test_the_moment_is_the_cases(tmp_path: Path) -> None:
    """Evidence gets old by the case's clock, not by the machine's."""
    (tmp_path / "late.json").write_text(
        case(HONEST, admitted=False, reasons=("too long ago",)).replace(
            NOW.isoformat(), (NOW + timedelta(days=60)).isoformat()
        )
    )
    assert run(tmp_path)[0].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("expct: {}", "unknown key; did you mean expect?"),
        ("{}", "`expect` is missing"),
        (case("nowhere.json", admitted=True), "no such file"),
        (case(HONEST, admitted=True).replace('"admitted": true', '"admitted": "maybe"'), "must be true or false"),
        (case(HONEST, admitted=True).replace('"isIndex"', '"isindex"'), "unknown key; did you mean isIndex?"),
        (case("", admitted=True), "must not be empty"),
    ],
)
def test_a_case_that_cannot_be_decided_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    """It is told of with its places, and is never left out."""
    (tmp_path / "case.yml").write_text(text)
    (result,) = run(tmp_path)
    assert result.outcome is Outcome.ERROR
    assert any(complaint in told for told in result.complaints)
    assert render_results([result]).endswith("1 error\n")


def test_recorded_evidence_that_no_case_names_is_an_error(tmp_path: Path) -> None:
    """A file that nothing uses is likelier a case that was misspelt than one that is not needed."""
    (tmp_path / "good.json").write_text(case(HONEST, admitted=True))
    (tmp_path / "evidence.json").write_text(dump_evidence(HONEST))
    assert [each.outcome for each in run(tmp_path)] == [Outcome.ERROR, Outcome.PASSED]


def test_no_case_is_no_pass(tmp_path: Path) -> None:
    """An empty folder, and a path that is not there."""
    with pytest.raises(UsageError, match="no case to test"):
        run(tmp_path)
    with pytest.raises(UsageError, match="there is no case at"):
        run(tmp_path / "nowhere")
