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
from spybuild.model.report import (
    EvidenceKind,
    Interpreter,
    ModuleReport,
    PlatformReport,
    Report,
    Subject,
    Tool,
    Verdict,
)
from spybuild.model.surroundings import Surroundings
from spybuild.rules import catalogue, catalogue_integrity
from tests.images.small import CONFIG, MANIFEST, Json, SmallImage, encoded

CONTRACT = parse_contract(b"filename: plugin.py\n", "spymodel.yml")
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
MADE_WITH = {"variables": [], "python": "", "user": "nobody"}
FILES = {"app/plugin.py": b"X = 1\n", "usr/bin/python3": b"\x7fELF", "usr/bin/true": b"\x7fELF true"}
SPOKEN_OF = ("app/plugin.py", "usr/bin/python3")
PYTHON = {"implementation": "CPython", "version": "3.13.5", "executable": "/usr/bin/python3"}
PLUGIN = {"name": "plugin.py", "path": "/app/plugin.py", "version": None, "verdict": "pass", "api": ["variable X: int"]}
OPEN = catalogue.UNDECIDED_NAME.breach("not to be read", module="plugin.py")


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def vouched(*names: str) -> list[Json]:
    """The digests of these files, as the frontend writes them."""
    return [{"path": f"/{name}", "digest": sha256(FILES[name])} for name in names]


def told(entry: Json, **changes: Any) -> bytes:
    """The statement that the frontend made of a pass on linux/amd64; `changes` by the name of what is wrong."""
    platform = {
        "platform": changes.get("platform", "linux/amd64"), "digest": None, "problem": None,
        "evidence": changes.get("evidence", ["runtime"]),
        "interpreter": changes.get("interpreter", PYTHON), "modules": changes.get("modules", [PLUGIN]),
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
    contents = vouched(*SPOKEN_OF)
    ours = {
        "schemaVersion": changes.get("version", 2), "madeWith": {**MADE_WITH, **changes.get("made_with", {})}, "platform": "linux/amd64", "report": changes.get("report", report),
        "contents": changes.get("contents", contents),
    }  # fmt: skip
    subject = str(changes.get("subject", entry["digest"])).removeprefix("sha256:")
    tested = str(changes.get("tested", CONTRACT.contract.digest)).removeprefix("sha256:")
    predicate = {
        "result": changes.get("result", "PASSED"), "failedTests": changes.get("failed", []),
        "configuration": [{"name": "spymodel.yml", "digest": {"sha256": tested}}], "spybuildFromBuild": ours,
    }  # fmt: skip
    return encoded({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "x", "digest": {"sha256": subject}}],
        "predicateType": changes.get("kind", TEST_RESULT), "predicate": predicate,
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


def read_from_files(digest: str | None, **changes: Any) -> PlatformReport:
    """The report on the files of the image alone: which interpreter and modules it has, and what is found."""
    module = ModuleReport(name="plugin.py", path="/app/plugin.py", verdict=Verdict.PASS)
    own: dict[str, Any] = {"interpreter": Interpreter(**PYTHON), "modules": (module,)}
    return PlatformReport(platform="linux/amd64", digest=digest, **{**own, **changes})


def reported(
    tmp_path: Path, made: SmallImage, entry: Json, *findings: Any, evidence: tuple[EvidenceKind, ...] = (), **read: Any
) -> PlatformReport:
    """What comes of a report on the files alone, with these findings, and of what the build told."""
    source = open_source(f"oci-dir://{made.into_layout(tmp_path / 'layout')}", store=LayerStore())
    assert isinstance(source, OciSource)
    seen = {"problem": "it could not be run", "findings": findings, "evidence": evidence, **read}
    report = Report(
        tool=Tool(version="1"),
        subject=Subject(reference="app", kind="index"),
        platforms=(read_from_files(entry["digest"], **seen),),
    )
    try:
        (platform,) = FromBuild(CONTRACT, source).report(report).platforms
    finally:
        source.close()
    return platform


def test_a_report_on_the_very_files_of_the_image_is_evidence(tmp_path: Path) -> None:
    """What only running could tell, the build has told."""
    platform = reported(tmp_path, *image({}), OPEN)
    assert (platform.verdict, platform.evidence, platform.problem) == (Verdict.PASS, ("runtime",), None)
    assert platform.from_build
    assert [(module.name, module.api) for module in platform.modules] == [("plugin.py", ("variable X: int",))]


def test_a_report_made_in_the_surroundings_that_are_given_is_evidence(tmp_path: Path) -> None:
    """The build's own variables are those of this scan: `SPYBUILD_VARIABLES` there, --env here."""
    made, _ = image({"made_with": {"variables": ["MODE=a", "PORT=80"]}})
    source = open_source(f"oci-dir://{made.into_layout(tmp_path / 'layout')}", store=LayerStore())
    assert isinstance(source, OciSource)
    (platform,) = source.image().platforms
    try:
        given = Surroundings({"PORT": "80", "MODE": "a"})
        read = read_from_files(str(platform.digest))
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
        ({"contents": []}, "does not vouch for '/app/plugin.py'"),
        ({"contents": None}, "does not say which files"),
        ({"contents": ["x"]}, "does not say which files"),
        ({"contents": vouched("app/plugin.py")}, "does not vouch for '/usr/bin/python3'"),
        ({"contents": vouched(*SPOKEN_OF, "usr/bin/true")}, "vouches for '/usr/bin/true', and does not say what that is"),
        ({"contents": vouched(*SPOKEN_OF, "app/plugin.py")}, "names a file twice"),
        ({"tested": f"sha256:{'0' * 64}"}, "it is on another contract"),
        (
            {"contents": [
                {"path": "/app/plugin.py", "digest": sha256(b"X = 2\n")},
                {"path": "/usr/bin/python3", "digest": sha256(b"\x7fELF")},
            ]},
            "'/app/plugin.py' is not what was validated",
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
    assert "'/app/plugin.py' is not what was validated" in platform.problem


def test_an_image_without_a_report_is_undecided(tmp_path: Path) -> None:
    """It was built without the frontend."""
    platform = reported(tmp_path, *image())
    assert platform.problem is not None
    assert "none is attached" in platform.problem


def test_one_bad_statement_hides_no_good_one(tmp_path: Path) -> None:
    """Nor does it count."""
    assert reported(tmp_path, *image(b"rubbish", {"version": 9}, {})).verdict is Verdict.PASS


def test_what_is_broken_is_broken_whatever_its_build_told(tmp_path: Path) -> None:
    """A breach that was read needs no report to fail."""
    broken = catalogue_integrity.FOREIGN_BINARY.breach("made for another machine")
    made, entry = image()
    platform = reported(tmp_path, made, entry, broken, evidence=("static",))
    assert (platform.verdict, platform.problem is None) == (Verdict.FAIL, False)
    assert reported(tmp_path / "other", made, entry, evidence=("static",)).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    "modules",
    [
        [],
        [PLUGIN, PLUGIN],
        [PLUGIN | {"name": "other.py"}],
        [PLUGIN, PLUGIN | {"name": "other.py"}],
    ],
)
def test_a_statement_that_speaks_of_other_modules_than_the_contract_passed(tmp_path: Path, modules: list[Json]) -> None:
    """Of none at all, say: then nothing vouches for what the source leaves open."""
    contents = vouched("usr/bin/python3", *(["app/plugin.py"] if modules else []))
    platform = reported(tmp_path, *image({"modules": modules, "contents": contents}), OPEN, evidence=("static",))
    assert platform.verdict is Verdict.UNDECIDED
    assert "it speaks of other modules than the contract does" in (platform.problem or "")


def test_a_statement_on_another_file_under_the_modules_name_passed(tmp_path: Path) -> None:
    """Any file of the image could be vouched for in the module's place."""
    wrong = {"modules": [PLUGIN | {"path": "/usr/bin/true"}], "contents": vouched("usr/bin/true", "usr/bin/python3")}
    platform = reported(tmp_path, *image(wrong), OPEN)
    assert platform.verdict is Verdict.UNDECIDED
    assert "'plugin.py' is '/app/plugin.py' in the image, not '/usr/bin/true'" in (platform.problem or "")


@pytest.mark.parametrize("modules", [(), (ModuleReport(name="plugin.py", verdict=Verdict.UNDECIDED),)])
def test_a_module_that_is_not_found_by_reading_cannot_be_vouched_for(tmp_path: Path, modules: Any) -> None:
    """Which file it is, is the build's word alone."""
    platform = reported(tmp_path, *image({}), OPEN, modules=modules)
    assert platform.verdict is Verdict.UNDECIDED
    assert "which file 'plugin.py' is cannot be told by reading the image" in (platform.problem or "")


@pytest.mark.parametrize(
    "open_",
    [
        catalogue.NOT_ENFORCED.breach("`dependencies` is not enforced yet"),
        catalogue.UNKNOWN_TYPE.breach("no type that we know"),
        catalogue.UNDECIDED_NAME.breach("not to be read", module="other.py"),
    ],
)
def test_what_no_module_of_the_statement_decides_was_dropped(tmp_path: Path, open_: Any) -> None:
    """Running the image would have left it undecided, too."""
    platform = reported(tmp_path, *image({}), OPEN, open_)
    assert (platform.verdict, platform.findings) == (Verdict.UNDECIDED, (open_,))


@pytest.mark.parametrize("rule", [catalogue.UNDECIDED_VERSION, catalogue.UNKNOWN_START_UP])
def test_what_is_open_of_the_interpreter_is_decided_by_running_it(tmp_path: Path, rule: Any) -> None:
    """Its micro version, and what its start-up code changes: the statement vouches for that very interpreter."""
    platform = reported(tmp_path, *image({}), rule.breach("open"), evidence=("static",))
    assert (platform.verdict, platform.evidence) == (Verdict.PASS, ("runtime",))


@pytest.mark.parametrize("says", [{"result": "FAILED"}, {"result": "WARNED"}, {"failed": ["plugin.py"]}])
def test_a_statement_that_says_failed_was_taken_for_a_pass(tmp_path: Path, says: Json) -> None:
    """Whatever its report says; and beside one that says passed, in either order, nothing is decided."""
    for number, statements in enumerate([[says], [says, {}], [{}, says]]):
        platform = reported(tmp_path / str(number), *image(*statements), OPEN)
        assert platform.verdict is Verdict.UNDECIDED
        assert "it says that the contract is not kept" in (platform.problem or "")


def test_two_statements_that_tell_different_things_decide_nothing(tmp_path: Path) -> None:
    """A build makes one; one of these is forged."""
    other = {"modules": [PLUGIN | {"api": []}]}
    platform = reported(tmp_path, *image({}, other), OPEN)
    assert platform.verdict is Verdict.UNDECIDED
    assert "there are several, and they contradict each other" in (platform.problem or "")


@pytest.mark.parametrize(
    ("told_of", "words"),
    [
        (None, "its interpreter is nothing, and the image's '/usr/bin/python3'"),
        (PYTHON | {"executable": "/usr/bin/true"}, "its interpreter is '/usr/bin/true', and the image's"),
        (PYTHON | {"executable": "usr/bin/python3"}, "its interpreter is 'usr/bin/python3', and the image's"),
        (PYTHON | {"executable": "/." * 3000 + "/usr/bin/python3"}, "its interpreter is '/././"),
        (PYTHON | {"version": "3.13." + "5" * 200}, "no version that any interpreter has"),
        (PYTHON | {"version": "3.13\x1b[2J"}, "no version that any interpreter has"),
        (PYTHON | {"implementation": ""}, "no version that any interpreter has"),
        (PYTHON | {"implementation": "PyPy"}, "it is on PyPy 3.13.5, and the image has CPython 3.13.5"),
        (PYTHON | {"version": "3.12.5"}, "it is on CPython 3.12.5, and the image has CPython 3.13.5"),
    ],
)
def test_a_statement_on_another_interpreter_than_the_images_passed(tmp_path: Path, told_of: Any, words: str) -> None:
    """Any file of the image was one, of any version."""
    path = "usr/bin/true" if told_of == PYTHON | {"executable": "/usr/bin/true"} else "usr/bin/python3"
    wrong = {"interpreter": told_of, "contents": vouched("app/plugin.py", path)}
    platform = reported(tmp_path, *image(wrong), OPEN)
    assert platform.verdict is Verdict.UNDECIDED
    assert words in (platform.problem or "")


def test_an_interpreter_that_is_not_found_by_reading_cannot_be_vouched_for(tmp_path: Path) -> None:
    """A shell script, say, starts whatever it likes; the reason is told."""
    platform = reported(tmp_path, *image({}), OPEN, interpreter=None, problem="/lying is a script")
    assert platform.verdict is Verdict.UNDECIDED
    assert "cannot be told from its files: /lying is a script" in (platform.problem or "")


def test_an_interpreter_under_another_name_of_its_is_the_same(tmp_path: Path) -> None:
    """`sys.executable` and what is found by reading differ in links; the micro version is not always read."""
    own = Interpreter(implementation="CPython", version="3.13", executable="/usr//bin/./python3")
    platform = reported(tmp_path, *image({}), OPEN, interpreter=own)
    assert (platform.verdict, platform.interpreter) == (Verdict.PASS, own.model_copy(update={"version": "3.13.5"}))


def test_a_module_was_shown_as_passed_beside_its_own_breach(tmp_path: Path) -> None:
    """Its verdict follows from what is found, as everywhere."""
    breach = catalogue.MISSING_MODULE.breach("plugin.py is not there", module="plugin.py")
    platform = reported(tmp_path, *image({}), breach)
    assert [module.verdict for module in platform.modules] == [platform.verdict] == [Verdict.FAIL]


@pytest.mark.parametrize(
    "wrong",
    [
        {"modules": [PLUGIN | {"path": "/x" * 5000}]},
        {"contents": [*vouched(*SPOKEN_OF), {"path": "/x" * 5000, "digest": ""}]},
        {"contents": [*vouched("usr/bin/python3"), {"path": "/app/plugin.py", "digest": "x" * 10_000}]},
        {"interpreter": PYTHON | {"executable": "/x" * 5000}},
        {"modules": [PLUGIN | {"x" * 10_000: 1}]},
        {"platform": "x" * 10_000},
    ],
)
def test_a_text_of_ten_thousand_characters_was_shown_whole(tmp_path: Path, wrong: Json) -> None:
    """Whoever can push wrote it."""
    platform = reported(tmp_path, *image(wrong), OPEN)
    assert platform.verdict is Verdict.UNDECIDED
    assert 0 < len(platform.problem or "") < 1000


@pytest.mark.parametrize(
    "changes",
    [{"api": ["x" * 241]}, {"api": ["x"] * 1001}, {"version": "1" * 10_000}],
    ids=["line", "lines", "version"],
)
def test_what_is_told_of_a_module_has_the_bounds_that_a_build_keeps(tmp_path: Path, changes: Json) -> None:
    """It would go into every report."""
    platform = reported(tmp_path, *image({"modules": [PLUGIN | changes]}), OPEN)
    assert platform.verdict is Verdict.UNDECIDED
    assert "out of all proportion" in (platform.problem or "")


def test_what_a_module_printed_is_not_taken_from_a_statement(tmp_path: Path) -> None:
    """A pass prints nothing, and a forger may."""
    frame = {"path": "/x", "line": 1, "function": "f", "source": "x"}
    loud = PLUGIN | {"stdout": "x" * 10_000, "stderr": "x", "traceback": [frame]}
    (module,) = reported(tmp_path, *image({"modules": [loud]}), OPEN).modules
    assert (module.stdout, module.stderr, module.traceback) == ("", "", ())


def test_statements_without_end_are_no_evidence(tmp_path: Path) -> None:
    """A registry is no place to make us read without end."""
    platform = reported(tmp_path, *image(*({"version": number} for number in range(3, 14))))
    assert "more statements" in (platform.problem or "")


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
