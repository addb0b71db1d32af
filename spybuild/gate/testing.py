"""A policy tested offline: recorded cases are decided anew, and held against what they expect.

A folder's every file is a case, but for those that cases name as their evidence: a misspelt case is a broken one, and
is never left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from spybuild.contracts.reading import printable
from spybuild.errors import PolicyError, UsageError
from spybuild.gate.cases import CaseFile, Expectation
from spybuild.gate.decision import Decision, decide
from spybuild.gate.documents import parse_document, read_document
from spybuild.gate.policy import Policy
from spybuild.gate.recording import load_evidence
from spybuild.model.names import shown

_SUFFIXES = (".yml", ".yaml", ".json")


class Outcome(StrEnum):
    """How a case ended; `error` means that it could not be decided."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True)
class CaseResult:
    """One case.

    Attributes:
        path: its file.
        name: what it shows.
        outcome: how it ended.
        complaints: what is not as expected, or why it could not be decided.
        decision: what the gate said; None where it could not.
    """

    path: str
    name: str
    outcome: Outcome
    complaints: tuple[str, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True)
class _Case:
    path: Path
    file: CaseFile | None
    problems: Sequence[str] = ()

    @property
    def evidence_path(self) -> Path | None:
        written = self.file.evidence if self.file else None
        return self.path.parent / written if isinstance(written, str) else None


def run_cases(policy: Policy, paths: Iterable[Path | str]) -> tuple[CaseResult, ...]:
    """Decide every case below `paths` by `policy`.

    Args:
        policy: what is tested.
        paths: files, or folders, which are searched at every depth for `.yml`, `.yaml` and `.json`.

    Returns:
        A result for each case, in the order of the paths.

    Raises:
        UsageError: there is no such path, or no case: a policy that was not tested has passed no test.
    """
    cases = [_read(path) for path in _files(paths)]
    evidence = {case.evidence_path.resolve() for case in cases if case.evidence_path}
    results = tuple(_run(policy, case) for case in cases if case.file or case.path.resolve() not in evidence)
    if not results:
        raise UsageError("there is no case to test the policy with", "a case is a .yml, .yaml or .json file")
    return results


def _files(paths: Iterable[Path | str]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            below = (each for each in sorted(path.rglob("*")) if each.suffix in _SUFFIXES and each.is_file())
            found.update(dict.fromkeys(below))
        elif path.exists():
            found[path] = None
        else:
            raise UsageError(f"there is no case at {shown(str(path), 200)}")
    return list(found)


def _read(path: Path) -> _Case:
    try:
        return _Case(path, parse_document(read_document(path), str(path), CaseFile).sound())
    except PolicyError as error:
        return _Case(path, None, error.problems)


def _run(policy: Policy, case: _Case) -> CaseResult:
    path = printable(str(case.path))
    if case.file is None:
        return CaseResult(path, case.path.stem, Outcome.ERROR, tuple(case.problems))
    name = case.file.name or case.path.stem
    try:
        evidence = case.file.evidence
        decision = decide(
            policy, load_evidence(case.path.parent / evidence) if isinstance(evidence, str) else evidence, case.file.now
        )
    except PolicyError as error:
        return CaseResult(path, name, Outcome.ERROR, error.problems)
    complaints = tuple(_complaints(case.file.expect, decision))
    return CaseResult(path, name, Outcome.FAILED if complaints else Outcome.PASSED, complaints, decision)


def _complaints(expected: Expectation, decision: Decision) -> Iterable[str]:
    if decision.admitted != expected.admitted:
        yield f"expected it to be {_word(expected.admitted)}, and it was {_word(decision.admitted)}"
        missing: tuple[str, ...] = ()
    else:
        said = "\n".join(decision.all_reasons).lower()
        missing = tuple(wanted for wanted in expected.reasons if wanted.lower() not in said)
        yield from (f"no reason says {shown(wanted, 200)}" for wanted in missing)
    if missing or decision.admitted != expected.admitted:
        yield from (f"the gate said: {reason}" for reason in decision.all_reasons)


def _word(admitted: bool) -> str:
    return "admitted" if admitted else "refused"
