"""Evidence from both sides, and a verdict that says which it rests on."""

from pathlib import Path

import pytest

import spybuild
from spybuild.errors import EngineUnavailable, ImageInvalid, PlatformNotRunnable, ProbeError, UsageError
from spybuild.images.files import Files
from spybuild.images.rootfs_source import RootfsSource
from spybuild.model.evidence import Demand
from spybuild.model.image import Image, PlatformImage
from spybuild.model.platforms import Platform
from spybuild.model.report import PlatformReport, Report, Verdict
from spybuild.model.surroundings import Surroundings
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


OPAQUE = "globals()['__version__'] = open('/version').read()\n"


def test_static_evidence_that_tells_nothing_is_not_said_to_be_had(spymodel: Path, tree: Tree) -> None:
    """A module may hide from those who read it and lie to the probe: then nothing has agreed with anything."""
    tree.write("/app/plugin.py", OPAQUE)
    platform = only(spybuild.scan("app:1", spymodel, engine=engine(told()), source=source(tree)))
    assert (platform.evidence, platform.verdict) == (("runtime",), Verdict.PASS)
    assert "leaves open" in (platform.problem or "")


def test_both_kinds_demanded_are_no_pass_where_the_source_tells_nothing(spymodel: Path, tree: Tree) -> None:
    """Whoever asks for both wants them to agree."""
    tree.write("/app/plugin.py", OPAQUE)
    report = spybuild.scan("app:1", spymodel, engine=engine(told()), source=source(tree), evidence=Demand.BOTH)
    assert (rules(only(report)), report.verdict) == (["SPY501"], Verdict.UNDECIDED)


HOOKS = [("hook.pth", "import evil\n"), ("sitecustomize.py", "import evil\n"), ("usercustomize/__init__.py", "")]


@pytest.mark.parametrize(("name", "content"), HOOKS)
def test_a_start_up_hook_that_may_replace_the_module_is_no_static_pass(
    spymodel: Path, tree: Tree, name: str, content: str
) -> None:
    """`sys.modules["plugin"] = …` in a .pth line: the image runs another module than its source shows."""
    tree.write(f"/usr/local/lib/python3.11/site-packages/{name}", content)
    platform = only(spybuild.scan("rootfs://root", spymodel, source=source(tree)))
    assert (rules(platform), platform.verdict) == (["SPY505"], Verdict.UNDECIDED)
    both = only(spybuild.scan("app:1", spymodel, engine=engine(told()), source=source(tree)))
    assert (both.evidence, rules(both)) == (("runtime",), [])


def test_a_hook_on_a_pythonpath_that_is_given_counts(spymodel: Path, tree: Tree) -> None:
    """What --env adds to the image decides about sys.path, too."""
    tree.write("/srv/sitecustomize.py", "import evil\n")
    given = Surroundings({"PYTHONPATH": "/srv"}, {})
    platform = only(spybuild.scan("rootfs://root", spymodel, source=source(tree), surroundings=given))
    assert rules(platform) == ["SPY505"]


def test_a_tag_that_moved_in_a_store_without_manifests_is_noticed(spymodel: Path, tree: Tree) -> None:
    """The classic store knows images by their configs' digests alone: one was run, another would be read."""

    class Moved(RootfsSource):
        def image(self) -> Image:
            return Image("app:1", None, "image", (PlatformImage(AMD64, None, f"sha256:{1:064}"),))

    class Classic(FakeEngine):
        def open(self, reference: str) -> Image:
            return Image(reference, None, "image", (PlatformImage(AMD64, None, f"sha256:{2:064}"),))

    moved = Moved("app:1", tree.root, AMD64)
    report = spybuild.scan("app:1", spymodel, engine=Classic({"linux/amd64": told()}), source=moved)  # type: ignore[dict-item]
    assert SPY503 in rules(only(report))
    assert "changed meanwhile" in (only(report).problem or "")


def test_a_path_that_is_no_utf8_does_not_break_the_report(tree: Tree) -> None:
    """An image's author chooses names of files; JSON holds no half a surrogate pair."""
    tree.write("/venv/pyvenv.cfg", "home = /usr/local/bin\n").link("/venv/bin/python", "/\udcff")
    report = spybuild.scan("rootfs://root", None, source=source(tree), integrity=True)
    assert "\\\\udcff" in report.model_dump_json()


@pytest.mark.parametrize("demand", [Demand.RUNTIME, Demand.BOTH])
def test_integrity_alone_does_not_pretend_to_have_run_anything(tree: Tree, demand: Demand) -> None:
    """A demand that cannot be met is refused, not forgotten."""
    with pytest.raises(UsageError, match="no runtime evidence"):
        spybuild.scan("rootfs://root", None, source=source(tree), integrity=True, evidence=demand)


def test_programs_of_linux_are_foreign_to_windows(spymodel: Path, tree: Tree) -> None:
    """An index, or --platform, may claim anything; an ELF file runs on no Windows."""
    claimed = RootfsSource("rootfs://root", tree.root, Platform("windows", "amd64"))
    platform = only(spybuild.scan("rootfs://root", spymodel, source=claimed))
    assert "SPY305" in [each.rule for each in platform.findings]
    assert platform.verdict is Verdict.FAIL
