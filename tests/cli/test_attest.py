"""`spybuild attest`: a report is bound to the image that it is on, and to nothing else."""

import json
import os
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

from spybuild.attested_report import parse_report
from spybuild.errors import UsageError
from spybuild.model.finding import Category, Finding
from spybuild.model.report import Report
from spybuild.reports import as_json
from spybuild.schemas import schema_of
from tests.attestation.making import report as usual_report
from tests.cli.attesting import Desk
from tests.fakes.registry import Fault

FINDING = Finding(rule="SPY104", name="missing-method", category=Category.MISSING, message="no run", remedy="add it")
GOOD, REFUSED = Fault(method="PUT"), Fault(method="PUT", status=403, is_lost=True)


def test_a_pass_is_attested(desk: Desk) -> None:
    """Each platform and the index; the report says by what, in the published form; verify takes it."""
    said = desk.attest("--key", "cosign.key", "-f", "json")
    assert said.code == 0, said.err
    validate(said.json, schema_of("report"))
    written = said.json["attestations"]
    assert [each["platform"] for each in written] == ["linux/amd64", "linux/arm64", None]
    assert written[-1]["subject"] == said.json["subject"]["digest"]
    assert {each["repository"] for each in written} == {f"{desk.server.address}/shop/api"}
    found = desk.verify("-f", "json").json
    assert found["admitted"]
    assert [each["attestation"] for each in found["platforms"]] == [each["attestation"] for each in written[:-1]]
    assert found["attestation"] == written[-1]["attestation"]


def test_people_are_told_what_was_attested(desk: Desk) -> None:
    """A line for each, with both digests."""
    lines = [line for line in desk.attest().out.splitlines() if line.startswith("attested ")]
    assert [line.split()[1] for line in lines] == ["linux/amd64", "linux/arm64", "index"]
    assert all(line.count("sha256:") == 2 for line in lines)


def test_a_report_without_attestations_is_as_before(desk: Desk) -> None:
    """The published form lets them be left out; `attest` reads its own reports again."""
    before = json.loads((desk.folder / "report.json").read_text())
    validate(before, schema_of("report"))
    assert "attestations" not in before
    assert desk.attest("--key", "cosign.key", "-f", "json", "-o", "report.json").code == 0
    assert desk.attest().code == 0


def test_a_single_manifest_has_no_index_statement(desk: Desk) -> None:
    """An image of one platform is attested alone."""
    (first, _) = desk.platforms()
    subject = {"reference": desk.image, "digest": first.digest, "kind": "image"}
    desk.report(platforms=(first,), subject=subject)
    image = f"{desk.server.address}/shop/api@{first.digest}"
    said = desk.run("attest", image, "--report", "report.json", "--key", "cosign.key", "-f", "json")
    assert [each["platform"] for each in said.json["attestations"]] == ["linux/amd64"]
    assert desk.verify(image=image).code == 0


def test_the_time_is_that_of_the_reports_file(desk: Desk) -> None:
    """Or an old report would be as good as new."""
    old = time.time() - 40 * 86400
    os.utime(desk.folder / "report.json", (old, old))
    assert desk.attest().code == 0
    said = desk.verify("--policy", desk.policy())
    assert said.code == 5
    assert "validated too long ago: 40d" in said.out


def test_a_file_from_the_future_is_from_now(desk: Desk) -> None:
    """A clock that goes wrong where files are kept makes no attestation that cannot be used."""
    ahead = time.time() + 86400
    os.utime(desk.folder / "report.json", (ahead, ahead))
    assert desk.attest().code == 0
    assert desk.verify("--policy", desk.policy()).code == 0


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"contract": None}, 2, "the report is on no contract"),
        ({"subject": {"reference": "x", "kind": "index"}}, 2, "no digest where it was validated"),
        ({"subject": {"reference": "x", "kind": "index", "digest": "sha256:" + "ab" * 32}}, 3, "was validated"),
        ({"platforms": ()}, 2, "did not pass"),
    ],
)
def test_what_is_no_pass_of_the_image_is_refused(desk: Desk, changes: dict[str, Any], code: int, reason: str) -> None:
    """With the reason, and nothing is written."""
    desk.report(**changes)
    said = desk.attest()
    assert (said.code, reason in said.err) == (code, True), said.err
    assert desk.server.written() == []


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"findings": (FINDING,)}, 2, "did not pass on every platform"),
        ({"evidence": ()}, 2, "did not pass on every platform"),
        ({"digest": None}, 2, "linux/amd64, linux/arm64 has no digest"),
        ({"digest": "sha256:" + "ab" * 32}, 3, "which was validated"),
    ],
)
def test_platforms_that_did_not_pass_are_not_attested(
    desk: Desk, changes: dict[str, Any], code: int, reason: str
) -> None:
    """Nor are those that the registry does not have."""
    desk.report(platforms=tuple(desk.platforms(**changes)))
    said = desk.attest()
    assert (said.code, reason in said.err) == (code, True), said.err
    assert desk.server.written() == []


def test_a_platform_that_was_left_out_keeps_all_from_being_attested(desk: Desk) -> None:
    """The index has it, and somebody will run it."""
    desk.report(platforms=tuple(desk.platforms()[:1]))
    said = desk.attest()
    assert said.code == 3
    assert "has platforms that were not validated: linux/arm64" in said.err
    assert desk.server.written() == []


def test_a_tag_that_was_moved_is_noticed(desk: Desk) -> None:
    """What is under it now was not validated."""
    other = desk.platforms()[0].digest
    assert other
    desk.server.manifests["shop/api", "1"] = desk.server.manifests["shop/api", other]
    said = desk.attest()
    assert (said.code, "is now" in said.err) == (3, True)
    assert desk.server.written() == []


def test_a_digest_that_is_not_the_reports_is_refused(desk: Desk) -> None:
    """The user names one image, the report another."""
    other = f"{desk.server.address}/shop/api@sha256:{'ab' * 32}"
    said = desk.run("attest", other, "--report", "report.json", "--key", "cosign.key")
    assert (said.code, "was to be attested" in said.err) == (3, True)


def test_half_attested_is_never_done(desk: Desk) -> None:
    """One platform cannot be written: exit 3, the report and the message name the other; again, and it is complete."""
    desk.server.faults = [("manifests/", GOOD), ("manifests/", REFUSED)]
    said = desk.attest("--key", "cosign.key", "-f", "json")
    assert (said.code, desk.server.faults) == (3, [])
    (written,) = said.json["attestations"]
    assert "the image is not attested as a whole" in said.err
    assert f"known to be attested: {written['platform']} ({written['attestation']});" in said.err
    assert desk.verify().code == 4
    assert desk.attest().code == 0
    assert desk.verify().code == 0


def test_an_index_that_is_not_attested_is_not_done(desk: Desk) -> None:
    """Both platforms are named as written, and the gate refuses."""
    desk.server.faults = [("manifests/", GOOD), ("manifests/", GOOD), ("manifests/", REFUSED)]
    said = desk.attest("--key", "cosign.key", "-f", "json")
    assert (said.code, len(said.json["attestations"])) == (3, 2)
    refused = desk.verify()
    assert (refused.code, "the index has no attestation" in refused.out) == (4, True)


def test_the_older_form_is_stored_beside(desk: Desk) -> None:
    """Where it is asked for."""
    assert desk.attest("--key", "cosign.key", "--legacy-att").code == 0
    assert any(path.endswith(".att") for path in desk.server.written("manifests"))
    assert desk.verify().code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no sound JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "no report of SpyBuild's"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"platforms": 7}', "no report of SpyBuild's"),
        (b'{"platforms": [7]}', "no report of SpyBuild's"),
        (b"\xff\xfe", "no sound JSON"),
    ],
)
def test_what_is_no_report_is_refused(desk: Desk, content: bytes, reason: str) -> None:
    """In one sentence."""
    (desk.folder / "report.json").write_bytes(content)
    said = desk.attest()
    assert (said.code, reason in said.err) == (2, True), said.err


def test_a_report_that_is_not_there(desk: Desk) -> None:
    """Is told of."""
    (desk.folder / "report.json").unlink()
    said = desk.attest()
    assert (said.code, "cannot be read: No such file or directory" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("place", "value"),
    [((), "fail"), (("platforms", 0), "undecided"), ((), None), (("platforms", 0, "modules", 0), "fail")],
)
def test_a_report_that_contradicts_itself_is_refused(desk: Desk, place: tuple[Any, ...], value: Any) -> None:
    """Whoever wrote `pass` over findings, or the reverse, did not get it from SpyBuild."""
    form = json.loads((desk.folder / "report.json").read_text())
    part = form
    for key in place:
        part = part[key]
    part["verdict"] = value
    (desk.folder / "report.json").write_text(json.dumps(form))
    said = desk.attest()
    assert (said.code, "contradicts itself" in said.err) == (2, True)


REPORT = as_json.render(usual_report())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_refused(content: bytes) -> None:
    """Never anything else."""
    with pytest.raises(UsageError):
        parse_report(content, "report.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [(), ("platforms",), ("platforms", 0), ("platforms", 0, "modules"), ("subject",), ("contract",), ("tool",)]
)


@given(PLACES, st.sampled_from(["verdict", "digest", "platforms", "evidence", "findings", "path", "x"]), JSON)
def test_any_change_to_a_report_leaves_a_report_or_is_refused(place: tuple[Any, ...], key: str, value: Any) -> None:
    """A value of any kind anywhere; what is read has the verdicts that it says."""
    form = json.loads(REPORT)
    part = form
    for step in place:
        part = part[step]
    if isinstance(part, dict):
        part[key] = value
    else:
        part.append(value)
    try:
        found = parse_report(json.dumps(form).encode(), "report.json")
    except UsageError:
        return
    assert found.verdict == form["verdict"]


def test_reports_are_read_back_as_they_were() -> None:
    """With their findings."""
    found = parse_report(REPORT.encode(), "report.json")
    assert as_json.render(Report(**{name: getattr(found, name) for name in Report.model_fields})) == REPORT
