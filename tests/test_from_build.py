"""Tests of `spybuild.from_build`: what a build told of itself, held against the image that was pushed."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spybuild.contracts import parse_contract
from spybuild.from_build import FromBuild
from spybuild.images.layers.store import LayerStore
from spybuild.images.oci_source import OciSource
from spybuild.images.opening import open_source
from spybuild.model.report import EvidenceKind, PlatformReport, Report, Subject, Tool, Verdict
from spybuild.model.surroundings import Surroundings
from spybuild.rules import catalogue, catalogue_integrity
from tests.images.small import CONFIG, MANIFEST, Json, SmallImage, encoded

CONTRACT = parse_contract(b"filename: plugin.py\n", "spymodel.yml")
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
MADE_WITH = {"variables": [], "python": "", "user": "nobody"}
FILES = {"app/plugin.py": b"X = 1\n", "usr/bin/python3": b"\x7fELF"}


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def told(entry: Json, **changes: Any) -> bytes:
    """The statement that the frontend made of a pass on linux/amd64; `changes` by the name of what is wrong."""
    platform = {
        "platform": changes.get("platform", "linux/amd64"), "digest": None, "problem": None,
        "evidence": changes.get("evidence", ["runtime"]),
        "interpreter": {"implementation": "CPython", "version": "3.13.5", "executable": "/usr/bin/python3"},
        "modules": [{"name": "plugin.py", "path": "/app/plugin.py", "version": None, "verdict": "pass", "api": ["variable X: int"]}],
        "findings": [], "verdict": "pass" if changes.get("evidence", True) else "undecided",
    }  # fmt: skip
    report = {
        "schema_version": 1, "tool": {"name": "spybuild", "version": "1"},
        "subject": {"reference": "this rootfs", "digest": None, "kind": "rootfs"},
        "contract": {
            "path": "spymodel.yml", "policy_id": None, "digest": changes.get("contract", str(CONTRACT.contract.digest)),
        },
        "warnings": [], "verdict": platform["verdict"], "platforms": [platform],
    }  # fmt: skip
    contents = [{"path": f"/{name}", "digest": sha256(content)} for name, content in FILES.items()]
    ours = {
        "schemaVersion": changes.get("version", 2), "madeWith": {**MADE_WITH, **changes.get("made_with", {})}, "platform": "linux/amd64", "report": changes.get("report", report),
        "contents": changes.get("contents", contents),
    }  # fmt: skip
    subject = str(changes.get("subject", entry["digest"])).removeprefix("sha256:")
    return encoded({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "x", "digest": {"sha256": subject}}],
        "predicateType": changes.get("kind", TEST_RESULT), "predicate": {"spybuildFromBuild": ours},
    })  # fmt: skip


def image(*statements: Any, files: dict[str, bytes] = FILES) -> tuple[SmallImage, Json]:
    """An image whose build attached these statements: bytes, or what is wrong with them."""
    made = SmallImage()
    entry = made.platform("linux/amd64", [files])
    layers = []
    for each in statements:
        blob = made.blob(each if isinstance(each, bytes) else told(entry, **each), "application/vnd.in-toto+json")
        layers.append({**blob, "annotations": {"in-toto.io/predicate-type": TEST_RESULT}})
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST, "config": made.blob(b"{}", CONFIG), "layers": layers,
    }  # fmt: skip
    attached = {
        **made.document(manifest),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": entry["digest"],
        },
    }  # fmt: skip
    made.index([entry, *([attached] if statements else [])])
    return made, entry


def reported(
    tmp_path: Path, made: SmallImage, entry: Json, *findings: Any, evidence: tuple[EvidenceKind, ...] = ()
) -> PlatformReport:
    """What comes of a report on the files alone, with these findings, and of what the build told."""
    source = open_source(f"oci-dir://{made.into_layout(tmp_path / 'layout')}", store=LayerStore())
    assert isinstance(source, OciSource)
    read = Report(
        tool=Tool(version="1"),
        subject=Subject(reference="app", kind="index"),
        platforms=(
            PlatformReport(
                platform="linux/amd64",
                digest=entry["digest"],
                problem="it could not be run",
                findings=findings,
                evidence=evidence,
            ),
        ),
    )
    try:
        (platform,) = FromBuild(CONTRACT, source).report(read).platforms
    finally:
        source.close()
    return platform


def test_a_report_on_the_very_files_of_the_image_is_evidence(tmp_path: Path) -> None:
    """What only running could tell, the build has told."""
    platform = reported(tmp_path, *image({}), catalogue.UNDECIDED_NAME.breach("not to be read"))
    assert (platform.verdict, platform.evidence, platform.problem) == (Verdict.PASS, ("runtime",), None)
    assert [(module.name, module.api) for module in platform.modules] == [("plugin.py", ("variable X: int",))]


def test_a_report_made_in_the_surroundings_that_are_given_is_evidence(tmp_path: Path) -> None:
    """The build's own variables are those of this scan: `SPYBUILD_VARIABLES` there, --env here."""
    made, _ = image({"made_with": {"variables": ["MODE=a", "PORT=80"]}})
    source = open_source(f"oci-dir://{made.into_layout(tmp_path / 'layout')}", store=LayerStore())
    assert isinstance(source, OciSource)
    (platform,) = source.image().platforms
    try:
        given = Surroundings({"PORT": "80", "MODE": "a"})
        read = PlatformReport(platform="linux/amd64", digest=str(platform.digest))
        report = Report(tool=Tool(version="1"), subject=Subject(reference="app", kind="index"), platforms=(read,))
        assert FromBuild(CONTRACT, source, given).report(report).verdict is Verdict.PASS
    finally:
        source.close()


def test_what_is_read_from_the_image_counts_whatever_its_build_told(tmp_path: Path) -> None:
    """The report is not signed; the image's own files speak first."""
    broken = catalogue_integrity.FOREIGN_BINARY.breach("made for another machine")
    assert reported(tmp_path, *image({}), broken).verdict is Verdict.FAIL


def test_what_integrity_leaves_open_stays_open(tmp_path: Path) -> None:
    """Running the image does not tell it either."""
    open_ = catalogue_integrity.UNDECIDED_INTEGRITY.breach("a file is damaged")
    assert reported(tmp_path, *image({}), open_).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"contract": f"sha256:{'0' * 64}"}, "it is on another contract"),
        ({"subject": f"sha256:{'0' * 64}"}, "it is not on sha256:"),
        ({"kind": "https://slsa.dev/provenance/v1"}, "it is not on sha256:"),
        ({"version": 1}, "another version of the frontend"),
        ({"made_with": {"variables": ["MODE=a"]}}, "made with other variables"),
        ({"made_with": {"python": "/opt/lying"}}, "made with other variables, another --python"),
        ({"made_with": {"user": "image"}}, "made with other variables, another --python or another --user"),
        ({"made_with": {"more": 1}}, "made with other variables"),
        ({"platform": "linux/arm64"}, "it is not on linux/amd64"),
        ({"evidence": ["static"]}, "no pass that rests on running"),
        ({"evidence": []}, "no pass that rests on running"),
        ({"report": None}, "no JSON object"),
        ({"report": []}, "no JSON object"),
        ({"contents": []}, "does not vouch for /app/plugin.py"),
        ({"contents": None}, "does not say which files"),
        ({"contents": ["x"]}, "does not say which files"),
        ({"contents": [{"path": "/app/plugin.py", "digest": sha256(b"X = 1\n")}]}, "does not vouch for /usr/bin/python3"),
        (
            {"contents": [
                {"path": "/app/plugin.py", "digest": sha256(b"X = 2\n")},
                {"path": "/usr/bin/python3", "digest": sha256(b"\x7fELF")},
            ]},
            "/app/plugin.py is not what was validated",
        ),
        (b"no json", "no statement of the frontend's"),
        (b"[]", "no statement of the frontend's"),
        (b'{"subject": [], "subject": []}', "no statement of the frontend's"),
    ],
)  # fmt: skip
def test_a_report_that_does_not_hold_is_no_evidence(tmp_path: Path, wrong: Any, words: str) -> None:
    """Then the image has to be run."""
    platform = reported(tmp_path, *image(wrong))
    assert platform.verdict is Verdict.UNDECIDED
    assert platform.problem is not None
    assert words in platform.problem, platform.problem
    assert "leave --from-build out" in platform.problem


def test_a_file_that_was_changed_after_the_build_is_found(tmp_path: Path) -> None:
    """Another image cannot take a report along: its files are others."""
    platform = reported(tmp_path, *image({}, files=FILES | {"app/plugin.py": b"X = 2\n"}))
    assert platform.problem is not None
    assert "/app/plugin.py is not what was validated" in platform.problem


def test_an_image_without_a_report_is_undecided(tmp_path: Path) -> None:
    """It was built without the frontend."""
    platform = reported(tmp_path, *image())
    assert platform.problem is not None
    assert "none is attached" in platform.problem


def test_one_bad_statement_hides_no_good_one(tmp_path: Path) -> None:
    """Nor does it count."""
    assert reported(tmp_path, *image(b"rubbish", {"version": 9}, {})).verdict is Verdict.PASS


def test_more_statements_than_any_build_attaches_are_refused(tmp_path: Path) -> None:
    """A registry is no place to make us read without end."""
    platform = reported(tmp_path, *image(*([{}] * 101)))
    assert platform.problem is not None
    assert "more statements" in platform.problem


def test_what_is_broken_is_broken_whatever_its_build_told(tmp_path: Path) -> None:
    """A breach that was read needs no report to fail."""
    broken = catalogue_integrity.FOREIGN_BINARY.breach("made for another machine")
    made, entry = image()
    platform = reported(tmp_path, made, entry, broken, evidence=("static",))
    assert (platform.verdict, platform.problem is None) == (Verdict.FAIL, False)
    assert reported(tmp_path / "other", made, entry, evidence=("static",)).verdict is Verdict.UNDECIDED


def test_a_report_is_read_without_the_libraries_of_signing() -> None:
    """`--from-build` signs nothing by itself: it wanted what `pip install spybuild[sign]` brings."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from spybuild.attested_report import parse_report\n"
        "from spybuild.errors import UsageError\n"
        "try: parse_report(b'[]', 'report.json')\n"
        "except UsageError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "report.json is no JSON object\n"
