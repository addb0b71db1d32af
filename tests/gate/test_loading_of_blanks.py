"""What is left blank in a policy, or cannot be meant, is told of: it never means that nothing is demanded."""

import pytest

from tests.gate.test_loading import DIGEST, SHORTEST, problems, with_line


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("platforms: {required: []}", "platforms.required: is empty; leave the key out"),
        ("platforms: {required: }", "platforms.required: must be a list"),
        ("repositories: {livesIn: []}", "repositories.livesIn: is empty; leave the key out"),
        ("repositories: {livesIn: }", "repositories.livesIn: must be a list"),
        ("repositories: {attestedFor: []}", "repositories.attestedFor: is empty; leave the key out"),
        ("sourceRepositories: []", "sourceRepositories: is empty; leave the key out"),
        ("sourceRepositories:", "sourceRepositories: must be a list"),
        ("floors: {tool: }", "floors.tool: is empty; leave the key out"),
        ("floors: {validatedSince: }", "floors.validatedSince: is empty; leave the key out"),
        ("clockTolerance: 25h", "clockTolerance: '25h' is more than a day"),
    ],
)
def test_a_demand_that_was_left_blank_is_not_taken_for_none(line: str, problem: str) -> None:
    """Whose items were all commented out would let in what it was to keep out; so would a tolerance beyond reason."""
    (told,) = problems(with_line(line))
    assert problem in told


def test_a_contract_that_ends_on_no_day_is_refused() -> None:
    """`until:` with nothing behind it is not for ever."""
    (told,) = problems(SHORTEST.replace(f"- digest: {DIGEST}", f"- digest: {DIGEST}\n    until:"))
    assert "contracts[0].until: is empty; leave the key out" in told


@pytest.mark.parametrize("version", ["true", "1.0", "'1'", "2"])
def test_true_is_no_version_of_the_grammar(version: str) -> None:
    """`schemaVersion` is the number 1."""
    (told,) = problems(SHORTEST.replace("schemaVersion: 1", f"schemaVersion: {version}"))
    assert "must be the number 1" in told
