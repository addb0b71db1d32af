"""Source files held against a contract, before there is an image."""

import sys
from pathlib import Path

import pytest

from spybuild.errors import InterpreterNotFound, UsageError
from spybuild.model.report import Verdict
from spybuild.source_checking import check_source

CONTRACT = "filename: plugin.py\nfunctions: [{name: setup, arguments: [{name: hub}]}]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package with a module, and a contract."""
    package = tmp_path / "src" / "thermo"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text("def setup(hub): ...\n")
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    return tmp_path


def verdict(project: Path, contract: str, source: str) -> list[str]:
    """The rules that a source breaks."""
    (project / "spymodel.yml").write_text(contract)
    (project / "src/thermo/plugin.py").write_text(source)
    report = check_source([project / "src/thermo/plugin.py"], project / "spymodel.yml")
    return [each.rule for each in report.platforms[0].findings]


def test_a_file_that_fits_passes(project: Path) -> None:
    """The report says that it was read only, and by which Python's rules."""
    report = check_source([project / "src/thermo/plugin.py"], project / "spymodel.yml")
    assert (report.verdict, report.subject.kind) == (Verdict.PASS, "source")
    assert report.platforms[0].evidence == ("static",)
    assert report.platforms[0].platform == "source"
    interpreter = report.platforms[0].interpreter
    assert interpreter is not None
    assert interpreter.version.startswith("3.")


def test_a_report_holds_no_path_of_this_machine(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are called as they were named, wherever the project lies; what is the interpreter's is below its prefix."""
    monkeypatch.chdir(project)
    (project / "src/thermo/plugin.py").write_text("def setup(other): ...\n")
    report = check_source(["src/thermo/plugin.py"], "spymodel.yml")
    (finding,) = report.platforms[0].findings
    assert str(finding.image_location).startswith("src/thermo/plugin.py")
    assert report.platforms[0].modules[0].path == "src/thermo/plugin.py"
    assert str(project) not in report.model_dump_json()
    assert sys.prefix not in report.model_dump_json()


def test_nothing_of_it_is_executed(project: Path) -> None:
    """What it would do on import does not happen."""
    mark = project / "mark"
    source = f"open({str(mark)!r}, 'w').close()\ndef setup(hub): ...\n"
    assert verdict(project, CONTRACT, source) == ["SPY501"]  # whether it can be opened there, no source tells
    assert not mark.exists()


@pytest.mark.parametrize("name", ["plugin.py", "thermo/plugin.py", "thermo.plugin", "src/thermo/plugin.py"])
def test_the_contract_may_call_the_module_in_any_way(project: Path, name: str) -> None:
    """A file name, a path's end, an import name."""
    contract = CONTRACT.replace("plugin.py", name)
    assert verdict(project, contract, "def setup(hub): ...\n") == []
    assert verdict(project, contract, "def setup(other): ...\n") == ["SPY201"]


def test_a_package_is_named_by_its_folder(project: Path) -> None:
    """Its file is __init__.py."""
    (project / "spymodel.yml").write_text(CONTRACT.replace("plugin.py", "thermo"))
    (project / "src/thermo/__init__.py").write_text("from .plugin import setup\n")
    report = check_source([project / "src/thermo/__init__.py"], project / "spymodel.yml")
    assert report.verdict is Verdict.PASS


def test_demands_on_other_modules_are_left_alone(project: Path) -> None:
    """pre-commit gives the files that changed."""
    contract = "modules:\n- {filename: plugin.py, functions: [{name: setup}]}\n- {filename: other.py}\n"
    assert verdict(project, contract, "def setup(): ...\n") == []


def test_modules_of_deployments_are_held_against_the_alternative_that_comes_closest(project: Path) -> None:
    """Where they run is the image's to show."""
    contract = """
deployments:
- {arch: arm64, systems: [{os: windows, pythons: [{version: 3.9.1, modules: [{filename: plugin.py, functions: [{name: a}]}]}]}]}
- {arch: arm64, systems: [{os: linux, pythons: [{version: 3.9.1, modules: [{filename: plugin.py, functions: [{name: a}, {name: b}]}]}]}]}
"""
    assert verdict(project, contract, "def a(): ...\n") == []
    assert verdict(project, contract, "def c(): ...\n") == ["SPY101"]


def test_what_cannot_be_decided_is_no_pass(project: Path) -> None:
    """The finding has the reason and the line."""
    assert verdict(project, CONTRACT, "globals()[input()] = 1\n") == ["SPY501"]


def test_a_file_that_the_contract_does_not_speak_of_is_a_usage_error(project: Path) -> None:
    """Passing it would say that it was checked."""
    (project / "src/thermo/other.py").touch()
    with pytest.raises(UsageError, match=r"says nothing of .*other\.py"):
        check_source([project / "src/thermo/other.py"], project / "spymodel.yml")


def test_a_file_that_is_not_there_is_a_usage_error(project: Path) -> None:
    """So is a folder."""
    with pytest.raises(UsageError, match="no file"):
        check_source([project / "src"], project / "spymodel.yml")


def test_an_interpreter_that_is_none_is_told(project: Path) -> None:
    """--python names one."""
    with pytest.raises(InterpreterNotFound):
        check_source([project / "src/thermo/plugin.py"], project / "spymodel.yml", python="/no/python")
