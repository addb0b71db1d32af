"""The catalogue is complete and consistent."""

import re

from spybuild.rules.catalogue import all_rules, find_rule


def test_ids_and_names_are_unique_and_well_formed() -> None:
    """SPY and three digits; names in lower case with hyphens."""
    rules = all_rules()
    assert len({rule.id for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    assert all(re.fullmatch(r"SPY\d{3}", rule.id) and re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name) for rule in rules)


def test_every_rule_says_what_it_means_and_what_to_do() -> None:
    """Meaning and remedy are whole sentences."""
    assert all(
        text.endswith((".", ")")) and text[0].isupper() for rule in all_rules() for text in (rule.meaning, rule.remedy)
    )


def test_a_rule_is_found_by_id_and_by_name_in_any_case() -> None:
    """`spy104` and `Missing-Method` are the same rule."""
    assert find_rule("spy104") is find_rule("Missing-Method") is not None
    assert find_rule("SPY999") is None
