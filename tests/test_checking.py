"""The main job, with an engine that answers from memory."""

from pathlib import Path

import pytest

import spybuild
from spybuild.checking import contract_of_image, prefers_pypy
from spybuild.errors import ContractError, ImageNotFound, PlatformNotRunnable, ProbeError, UsageError
from spybuild.model.image import Image
from spybuild.model.report import Verdict
from spybuild.model.surroundings import Surroundings
from tests.fakes.engine import FakeEngine
from tests.making import contract, facts, module

ARM = {"system": "Linux", "machine": "aarch64", "bits": 64, "byteorder": "little"}
GOOD = facts(module(version="1"))
ARM_BAD = facts(module(version="2"), platform=ARM)


@pytest.fixture
def spymodel(tmp_path: Path) -> Path:
    """A contract that wants version 1."""
    path = tmp_path / "spymodel.yml"
    path.write_text("filename: plugin.py\nversion: '1'\n")
    return path


def test_every_platform_of_the_image_is_checked(spymodel: Path) -> None:
    """One that fails fails the image, and the other's pass stays visible."""
    engine = FakeEngine({"linux/amd64": GOOD, "linux/arm64": ARM_BAD})
    report = spybuild.scan("app:1", spymodel, engine=engine)
    assert [(each.platform, each.verdict) for each in report.platforms] == [
        ("linux/amd64", Verdict.PASS),
        ("linux/arm64", Verdict.FAIL),
    ]
    assert report.verdict is Verdict.FAIL
    assert not engine.closed  # it is the caller's, who may scan more with it


def test_what_differs_between_platforms_is_told_and_breaks_nothing(spymodel: Path) -> None:
    """The contract says what all must have; what else one has is a note."""
    good = module(version="1")
    more = module(version="1", functions=[{"name": "fast", "parameters": []}])
    engine = FakeEngine({"linux/amd64": facts(good), "linux/arm64": facts(more, platform=ARM)})
    report = spybuild.scan("app:1", spymodel, engine=engine)
    assert report.verdict is Verdict.PASS
    assert [(each.module, each.api, each.platforms) for each in report.differences] == [
        ("plugin.py", "function fast()", ("linux/arm64",))
    ]


def test_only_wanted_platforms_are_checked(spymodel: Path) -> None:
    """--platform chooses among those the image has."""
    engine = FakeEngine({"linux/amd64": GOOD, "linux/arm64": ARM_BAD})
    report = spybuild.scan("app:1", spymodel, engine=engine, platforms=["amd64"])
    assert [each.platform for each in report.platforms] == ["linux/amd64"]
    assert report.verdict is Verdict.PASS


def test_a_wanted_platform_that_the_image_lacks_is_an_error(spymodel: Path) -> None:
    """It is never left out in silence; the message names what there is."""
    with pytest.raises(ImageNotFound, match=r"no platform linux/s390x[\s\S]*linux/amd64"):
        spybuild.scan("app:1", spymodel, engine=FakeEngine({"linux/amd64": GOOD}), platforms=["linux/s390x"])


def test_a_platform_that_cannot_run_is_undecided_and_says_why(spymodel: Path) -> None:
    """The others are still reported, and the image does not pass."""
    engine = FakeEngine({"linux/amd64": GOOD, "linux/arm64": PlatformNotRunnable("cannot run", "install qemu")})
    report = spybuild.scan("app:1", spymodel, engine=engine)
    assert report.platforms[1].problem == "cannot run\n  install qemu"
    assert report.platforms[1].verdict is report.verdict is Verdict.UNDECIDED


def test_an_answer_that_cannot_be_trusted_is_a_finding(spymodel: Path) -> None:
    """A dead or forged probe is undecided, never a crash and never a pass."""
    report = spybuild.scan("app:1", spymodel, engine=FakeEngine({"linux/amd64": ProbeError("forged", "words")}))
    (finding,) = report.platforms[0].findings
    assert (finding.rule, finding.message, finding.found) == ("SPY003", "forged", "words")
    assert report.verdict is Verdict.UNDECIDED


def test_the_interpreter_of_another_architecture_fails_the_platform(spymodel: Path) -> None:
    """The arm64 image that runs an x86_64 Python is found, whatever the contract asks."""
    report = spybuild.scan("app:1", spymodel, engine=FakeEngine({"linux/arm64": GOOD}))
    assert [finding.rule for finding in report.platforms[0].findings] == ["SPY305"]


def test_what_flags_add_goes_into_the_request_and_not_into_its_repr(spymodel: Path) -> None:
    """Secrets are named to the probe, so that it hides their values."""
    engine = FakeEngine({"linux/amd64": GOOD})
    given = Surroundings({"MODE": "prod"}, {"TOKEN": "hunter2-value"})
    spybuild.scan("app:1", spymodel, engine=engine, surroundings=given)
    (request,) = engine.requests
    assert request.environment == {"MODE": "prod", "TOKEN": "hunter2-value"}
    assert request.secrets == ("TOKEN",)
    assert "hunter2" not in repr(request) + repr(given)


def test_a_secret_that_got_past_the_probe_is_not_in_the_report(spymodel: Path) -> None:
    """A hostile module writes its own answer; we know the values, and look once more."""
    leaking = facts(
        module(outcome="failed", error={"type": "E", "message": "it is hunter2-value"}, stdout="hunter2-value")
    )
    given = Surroundings({}, {"TOKEN": "hunter2-value"})
    report = spybuild.scan("app:1", spymodel, engine=FakeEngine({"linux/amd64": leaking}), surroundings=given)
    assert "hunter2" not in report.model_dump_json()
    assert "[value of TOKEN]" in report.model_dump_json()
    assert report.verdict is Verdict.FAIL


def test_the_report_names_the_contract_by_its_content(spymodel: Path) -> None:
    """The digest of the contract's bytes is in the report, and its path as it was named."""
    report = spybuild.scan("app:1", spymodel, engine=FakeEngine({"linux/amd64": GOOD}))
    assert report.contract is not None
    assert report.contract.path == str(spymodel)
    assert report.contract.digest is not None
    assert report.contract.digest.startswith("sha256:")


def test_a_mistake_in_the_contract_is_told_before_a_missing_image(tmp_path: Path) -> None:
    """Whoever writes a contract hears of it wherever they are."""

    class Empty(FakeEngine):
        def open(self, reference: str) -> Image:
            raise ImageNotFound("no such image")

    (tmp_path / "c.yml").write_text("functons: []\n")
    with pytest.raises(ContractError, match="did you mean functions"):
        spybuild.scan("app:1", tmp_path / "c.yml", engine=Empty({}))


def test_an_image_may_name_its_own_contract() -> None:
    """The label holds the contract's path in the image."""
    engine = FakeEngine({"linux/amd64": GOOD}, label="/app/spymodel.yml", file=b"filename: plugin.py\n")
    loaded = contract_of_image(engine.open("app:1"), engine, None)
    assert loaded.contract.filename == "plugin.py"
    assert loaded.contract.path == "app:1:/app/spymodel.yml"


def test_an_image_that_names_no_contract_is_a_usage_error() -> None:
    """No contract is never a pass; the message says the three ways to name one."""
    engine = FakeEngine({"linux/amd64": GOOD})
    with pytest.raises(UsageError, match=r"no contract[\s\S]*-c FILE"):
        contract_of_image(engine.open("app:1"), engine, None)


def test_pypy_is_looked_for_first_where_the_contract_allows_nothing_else() -> None:
    """One CPython among the alternatives is enough to look for CPython first."""
    assert prefers_pypy(contract("runtime: {implementation: [PyPy]}"))
    assert not prefers_pypy(contract("runtime: {implementation: [PyPy, CPython]}"))
    assert not prefers_pypy(contract("runtime: {python: '>=3.9'}"))
