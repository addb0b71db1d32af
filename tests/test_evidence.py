"""Evidence from both sides, and a verdict that says which it rests on."""

from pathlib import Path

import pytest

import spybuild
from spybuild.errors import EngineUnavailable, ImageInvalid, PlatformNotRunnable, ProbeError, UsageError
from spybuild.images.files import Files
from spybuild.images.rootfs_source import RootfsSource
from spybuild.model.evidence import Demand
from spybuild.model.image import PlatformImage
from spybuild.model.report import PlatformReport, Report, Verdict
from tests.fakes.engine import FakeEngine
from tests.interpreters.trees import AMD64, Tree
from tests.making import facts, module

SOURCE = "__version__ = '1'\n"
GOOD = facts(
    module(version="1"), interpreter={"implementation": "CPython", "version": "3.11.2", "executable": "python3"}
)
SPY502, SPY503 = "SPY502", "SPY503"


@pytest.fixture
def spymodel(tmp_path: Path) -> Path:
    """A contract that wants version 1 of a module."""
    path = tmp_path / "spymodel.yml"
    path.write_text("filename: /app/plugin.py\nversion: '1'\n")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A root filesystem with a Python and the module."""
    return Tree(tmp_path / "root").python().write("/app/plugin.py", SOURCE)


def engine(answer: object) -> FakeEngine:
    return FakeEngine({"linux/amd64": answer})  # type: ignore[dict-item]


def source(tree: Tree) -> RootfsSource:
    return RootfsSource("rootfs://root", tree.root, AMD64)


def told(**changes: object) -> object:
    """The probe's answer for the module under the contract's name for it."""
    return GOOD.model_copy(
        update={"modules": (module(requested="/app/plugin.py", path="/app/plugin.py", version="1", **changes),)}
    )


def only(report: Report) -> PlatformReport:
    [platform] = report.platforms
    return platform


def rules(platform: PlatformReport) -> list[str]:
    """The rules broken, without integrity's."""
    return [each.rule for each in platform.findings if not each.rule.startswith("SPY6")]


def test_both_kinds_of_evidence_are_taken_where_both_can_be_had(spymodel: Path, tree: Tree) -> None:
    """The report says so."""
    platform = only(spybuild.scan("app:1", spymodel, engine=engine(told()), source=source(tree)))
    assert platform.evidence == ("runtime", "static")
    assert rules(platform) == []


def test_a_module_that_is_not_what_its_source_says_fails(spymodel: Path, tree: Tree) -> None:
    """The running module says version 1; a forged answer would, too."""
    tree.write("/app/plugin.py", "__version__ = '2'\n")
    platform = only(spybuild.scan("app:1", spymodel, engine=engine(told()), source=source(tree)))
    assert rules(platform) == [SPY502]
    assert platform.verdict is Verdict.FAIL


def test_an_image_that_can_only_be_read_is_read(spymodel: Path, tree: Tree) -> None:
    """No engine, no emulation."""
    platform = only(spybuild.scan("rootfs://root", spymodel, source=source(tree)))
    assert platform.evidence == ("static",)
    assert platform.interpreter is not None
    assert platform.interpreter.version == "3.11.2"
    assert rules(platform) == []


def test_a_platform_that_cannot_run_here_is_left_to_static_evidence(spymodel: Path, tree: Tree) -> None:
    """The report says why, and that it is no more than that."""
    unable = engine(PlatformNotRunnable("cannot run", "install qemu"))
    platform = only(spybuild.scan("app:1", spymodel, engine=unable, source=source(tree)))
    assert (platform.evidence, platform.problem) == (("static",), "cannot run\n  install qemu")
    assert rules(platform) == []


@pytest.mark.parametrize("demand", [Demand.RUNTIME, Demand.BOTH])
def test_evidence_that_was_demanded_and_cannot_be_had_is_no_pass(spymodel: Path, tree: Tree, demand: Demand) -> None:
    """Static evidence does not stand in for what was asked."""
    unable = engine(PlatformNotRunnable("cannot run"))
    platform = only(spybuild.scan("app:1", spymodel, engine=unable, source=source(tree), evidence=demand))
    assert SPY503 in rules(platform)
    assert platform.verdict is not Verdict.PASS


def test_an_engine_that_breaks_leaves_the_platform_undecided(spymodel: Path, tree: Tree) -> None:
    """Only a platform that cannot run at all is left to its files."""
    broken = engine(EngineUnavailable("the daemon went away"))
    assert rules(only(spybuild.scan("app:1", spymodel, engine=broken, source=source(tree)))) == [SPY503]


def test_a_probe_that_died_is_undecided_whatever_the_files_say(spymodel: Path, tree: Tree) -> None:
    """A forged or missing answer is a finding of its own."""
    platform = only(spybuild.scan("app:1", spymodel, engine=engine(ProbeError("forged")), source=source(tree)))
    assert rules(platform) == ["SPY003"]


def test_files_that_cannot_be_read_leave_the_platform_undecided(spymodel: Path, tree: Tree) -> None:
    """An image that breaks its layers on purpose does not get away with being run only."""

    class Unreadable(RootfsSource):
        def files(self, image: PlatformImage) -> Files:
            raise ImageInvalid("a layer is damaged")

    broken = Unreadable("rootfs://root", tree.root, AMD64)
    platform = only(spybuild.scan("app:1", spymodel, engine=engine(told()), source=broken))
    assert (platform.evidence, rules(platform)) == (("runtime",), [SPY503])
    alone = only(spybuild.scan("rootfs://root", spymodel, source=broken))
    assert (alone.evidence, alone.verdict, alone.problem) == ((), Verdict.UNDECIDED, "a layer is damaged")


def test_files_of_another_image_than_the_engine_ran_are_not_believed(spymodel: Path, tree: Tree) -> None:
    """A tag that was moved between running and reading."""
    other = FakeEngine({"linux/arm64": told()})  # type: ignore[dict-item]
    [platform] = spybuild.scan("app:1", spymodel, engine=other, source=source(tree)).platforms
    assert SPY503 in rules(platform)


def test_integrity_alone_needs_no_contract(tree: Tree) -> None:
    """A secret of nobody, a module of nobody: the image itself is looked at."""
    report = spybuild.scan("rootfs://root", None, source=source(tree), integrity=True)
    assert report.contract is None
    assert only(report).evidence == ("static",)


def test_integrity_of_an_image_without_python_is_undecided(tmp_path: Path) -> None:
    """Nothing was checked, and that is no pass."""
    empty = Tree(tmp_path / "empty").write("/etc/hostname", "x")
    platform = only(spybuild.scan("rootfs://x", None, source=source(empty), integrity=True))
    assert platform.verdict is Verdict.UNDECIDED
    assert [each.rule for each in platform.findings] == ["SPY600"]


def test_a_contract_in_an_image_without_python_is_undecided(spymodel: Path, tmp_path: Path) -> None:
    """The files tell of no module."""
    empty = Tree(tmp_path / "empty").write("/app/plugin.py", SOURCE)
    platform = only(spybuild.scan("rootfs://x", spymodel, source=source(empty)))
    assert (platform.evidence, platform.verdict) == ((), Verdict.UNDECIDED)
    assert "no Python" in (platform.problem or "")


def test_the_contract_that_an_images_label_names_is_read_from_its_files(tree: Tree) -> None:
    """No engine is needed for that."""
    with pytest.raises(UsageError, match="no contract"):
        spybuild.scan("rootfs://root", None, source=source(tree))


@pytest.mark.parametrize("demand", [Demand.RUNTIME, Demand.BOTH])
def test_what_can_only_be_read_is_not_run(spymodel: Path, tree: Tree, demand: Demand) -> None:
    """The message says how to get there."""
    with pytest.raises(UsageError, match="can be read, not run"):
        spybuild.scan(f"rootfs://{tree.root}", spymodel, evidence=demand)


def test_an_unknown_image_id_was_a_mistake_of_the_command_line(spymodel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No registry knows it, so what the daemon says is all there is to say, with its exit code."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for demand in (None, Demand.STATIC):
        with pytest.raises(EngineUnavailable, match="no Docker daemon"):
            spybuild.scan(f"sha256:{'a' * 64}", spymodel, evidence=demand)


def test_a_source_of_no_kind_we_know_is_a_usage_error(spymodel: Path) -> None:
    """It names those there are."""
    with pytest.raises(UsageError, match="is no source of images"):
        spybuild.scan("ftp://host/image", spymodel)
