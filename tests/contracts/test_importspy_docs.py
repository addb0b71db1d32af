"""Every contract that ImportSpy's documentation shows can be read."""

from pathlib import Path

import pytest

from spybuild.contracts import load_contract
from spybuild.errors import ContractError

DOCS = Path(__file__).parent / "importspy-docs"
SNIPPETS = sorted(DOCS.glob("*.yml"))
# the ones ImportSpy's own model reads, which is what `strict` means
STRICT = {"09", "10", "12", "15", "16", "17", "18", "19", "21", "23", "24"}


def test_all_are_here() -> None:
    assert [path.name[:2] for path in SNIPPETS] == [f"{number:02d}" for number in range(1, 25)]


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_the_documented_contracts_load(path: Path) -> None:
    loaded = load_contract(path)
    assert bool(loaded.warnings) is (path.name[:2] not in STRICT)


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_a_strict_reading_refuses_what_importspy_refuses(path: Path) -> None:
    if path.name[:2] in STRICT:
        assert not load_contract(path, strict=True).warnings
    else:
        with pytest.raises(ContractError) as caught:
            load_contract(path, strict=True)
        assert caught.value.problems == tuple(map(str, load_contract(path).warnings))


def test_versions_without_quotes_keep_their_text() -> None:
    (deployment,) = load_contract(DOCS / "05-examples-l102.yml").contract.deployments
    assert deployment.systems[0].pythons[0].version == "3.10"


@pytest.mark.parametrize("path", sorted((DOCS / "old").glob("*.yml")), ids=lambda path: path.stem)
def test_the_forms_of_importspy_0_3_load(path: Path) -> None:
    loaded = load_contract(path)
    assert all(variable.value for found in loaded.contract.environments() for variable in found.variables)
    assert any("0.3" in warning.message for warning in loaded.warnings)


def test_fragments_are_told_where_they_belong() -> None:
    """Two blocks show the inside of a contract: they are none, and the message says what is missing around them."""
    with pytest.raises(ContractError, match="a contract is a mapping at its root"):
        load_contract(DOCS / "fragments" / "cli-l172.yml")
    with pytest.raises(ContractError, match=r"it belongs to runtime or deployments\[\].systems\[\]"):
        load_contract(DOCS / "fragments" / "cli-l260.yml")
