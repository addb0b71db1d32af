"""The report for machines."""

import json

import jsonschema

from spybuild.attested_report import parse_report
from spybuild.reports import as_json
from spybuild.schemas import schema_of
from tests.reports.test_text import finding, platform, report


def test_the_report_follows_its_published_schema() -> None:
    """What `spybuild schema report` says is what is written."""
    form = json.loads(as_json.render(report(platform("linux/amd64"), platform("linux/arm64", finding()))))
    schema = schema_of("report")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(form, schema)


def test_a_report_says_where_its_evidence_is_the_builds_word() -> None:
    """And nothing elsewhere; it follows its schema either way, and is read back."""
    told = platform("linux/amd64").model_copy(update={"from_build": True})
    text = as_json.render(report(told, platform("linux/arm64")))
    form = json.loads(text)
    assert [each.get("from_build") for each in form["platforms"]] == [True, None]
    jsonschema.validate(form, schema_of("report"))
    assert [each.from_build for each in parse_report(text.encode(), "it").platforms] == [True, False]


def test_the_keys_stand_in_a_readable_order() -> None:
    """The verdict comes before the platforms it sums up."""
    form = json.loads(as_json.render(report(platform("linux/amd64"))))
    first = ["schema_version", "tool", "subject", "contract", "verdict", "warnings", "platforms"]
    assert list(form) == [*first, "differences"]


def test_the_same_report_gives_the_same_bytes() -> None:
    """No time, no order of a set, no host path."""
    assert as_json.render(report(platform("linux/amd64", finding()))) == as_json.render(
        report(platform("linux/amd64", finding()))
    )


def test_hostile_text_is_ascii_in_json() -> None:
    """Nothing in the file can trick a terminal that shows it."""
    shown = as_json.render(report(platform("linux/amd64", finding(found="\x1b[2J\u202e"))))
    assert shown.isascii()
    assert "\x1b" not in shown
