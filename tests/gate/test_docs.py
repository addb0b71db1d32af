"""`docs/gate.md` is true: its policies and cases can be copied, and the gate says what the page says it says."""

import re
from datetime import date
from pathlib import Path

import pytest

from spybuild.gate.cases import CaseFile
from spybuild.gate.documents import parse_document
from spybuild.gate.grammar import FloorsPart, KeylessPart, KeyPart, PlatformsPart, PolicyFile, RepositoriesPart
from spybuild.gate.loading import parse_policy
from spybuild.gate.policy import AcceptedContract
from tests.conftest import ROOT
from tests.gate.making import AMD64, ARM64, CONTRACT, S390X, child, digest, image, passed, refusal, with_amd64
from tests.gate.test_judging import WRONG_STATEMENTS

PAGE = (ROOT / "docs" / "gate.md").read_text()


def examples(kind: str) -> list[str]:
    """The blocks of YAML of this kind."""
    return re.findall(rf"^```yaml {kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", examples("policy"))
def test_every_policy_shown_loads(text: str, folder: Path) -> None:
    """Beside a contract and a key of the names that it uses."""
    assert parse_policy(text.encode(), "gate.yml", folder).signers


def test_every_case_shown_loads() -> None:
    """Its evidence is the reader's own."""
    cases = examples("case")
    assert cases
    for text in cases:
        assert parse_document(text.encode(), "case.yml", CaseFile).sound().expect.reasons


def test_no_example_is_of_another_kind() -> None:
    """A block that no test reads could be wrong."""
    kinds = re.findall(r"^```(.+)$", PAGE, re.MULTILINE)
    assert set(kinds) == {"yaml policy", "yaml case"}


def test_every_key_is_told_of() -> None:
    """Every key of the grammar stands on the page, as the grammar spells it."""
    parts = (PolicyFile, PlatformsPart, RepositoriesPart, FloorsPart, KeylessPart, KeyPart)
    keys = [field.alias or name for part in parts for name, field in part.model_fields.items()]
    assert [key for key in keys if not re.search(rf"\b{key}\b", PAGE)] == []


def sayings() -> str:
    """Every reason that the gate gives for what goes wrong in its tests, one a line."""
    images = [(with_amd64(attestation), demands) for attestation, demands, _ in WRONG_STATEMENTS.values()]
    old = digest("last year's manifest")
    images += [
        (image(child(AMD64), child(ARM64, passed(ARM64, subject=old), digest=old)), {}),
        (image(child(AMD64), child(ARM64), child(S390X)), {}),
        (image(child(AMD64)), {}),
        (image(child(AMD64), child(ARM64, attestations=())), {}),
        (image(), {"contracts": (AcceptedContract(CONTRACT, "old.yml", date(2026, 1, 1)),)}),
        (with_amd64(*(passed(),) * 1001), {}),
    ]
    return "\n".join(refusal(evidence, **demands) for evidence, demands in images)


def test_the_page_quotes_the_gate() -> None:
    """What stands in the table of threats is what the gate says of them; … stands for anything on the line."""
    table = PAGE[PAGE.index("| threat |") : PAGE.index("## Testing a policy")]
    rows = [row.split(" | ")[1] for row in table.splitlines()[2:] if row.startswith("|")]
    quotes = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]
    assert len(quotes) >= len(rows) >= 14
    told = sayings()
    pattern = {quote: ".*".join(map(re.escape, re.split(" ?… ?", quote))) for quote in quotes}
    assert [quote for quote in quotes if not re.search(pattern[quote], told)] == []
