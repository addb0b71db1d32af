"""The report for people."""

from typing import Any

from spybuild.model.finding import Category, Finding
from spybuild.model.report import ContractReference, Difference, PlatformReport, Report, Subject, Tool
from spybuild.reports import text
from spybuild.rules import catalogue

INTERPRETER = {"implementation": "CPython", "version": "3.13.5", "executable": "/usr/bin/python3"}


def finding(**changes: Any) -> Finding:
    """A finding about plugin.py."""
    details: dict[str, Any] = {"expected": "function f", "module": "plugin.py", **changes}
    return catalogue.MISSING_FUNCTION.breach("function f is missing", **details)


def report(*platforms: PlatformReport) -> Report:
    """A report on app:1."""
    return Report(
        tool=Tool(version="0"),
        subject=Subject(reference="app:1", digest="sha256:aa", kind="index"),
        contract=ContractReference(path="c.yml"),
        platforms=platforms,
    )


def platform(name: str, *findings: object, **changes: object) -> PlatformReport:
    """A platform's report with these findings."""
    verdict = "fail" if findings else "pass"
    modules = [{"name": "plugin.py", "verdict": verdict}]
    fields = {"platform": name, "evidence": ["runtime"], "interpreter": INTERPRETER, "modules": modules}
    return PlatformReport.model_validate({**fields, "findings": findings, **changes})


def test_one_table_shows_modules_and_platforms() -> None:
    """Rows are modules, columns are platforms with their interpreter."""
    shown = text.render(report(platform("linux/amd64"), platform("linux/arm64", finding())))
    assert "module     linux/amd64       linux/arm64\n           CPython 3.13.5    CPython 3.13.5\n" in shown
    assert "plugin.py  pass              FAIL\n" in shown
    assert shown.endswith("verdict: FAIL  (1 of 2 platforms passed, 1 finding)\n")


def test_the_same_finding_on_several_platforms_is_shown_once() -> None:
    """The platforms are named together."""
    shown = text.render(report(platform("linux/amd64", finding()), platform("linux/arm64", finding())))
    assert shown.count("SPY101 missing-function  MISSING  on every platform") == 1


def test_findings_that_differ_name_their_own_platform() -> None:
    """What differs is never merged."""
    shown = text.render(
        report(platform("linux/amd64", finding(found="a")), platform("linux/arm64", finding(found="b")))
    )
    assert "on linux/amd64\n" in shown
    assert "on linux/arm64\n" in shown


def test_differences_between_platforms_are_a_note_and_no_finding() -> None:
    """By module, at most twenty; names from the image are escaped."""
    many = [
        Difference(module="plugin.py", api=f"function f{number}()", platforms=("linux/arm64",)) for number in range(20)
    ]
    one = Difference(module="plugin.py", api="function \x1b[31m()", platforms=("linux/amd64",))
    passed = report(platform("linux/amd64"), platform("linux/arm64"))
    shown = text.render(passed.model_copy(update={"differences": (one, *many)}))
    assert "note: plugin.py is not the same on every platform\n  only on linux/amd64: function \\x1b[31m()\n" in shown
    assert "  only on linux/arm64: function f18()\n  and 1 more, which -f json tells\n" in shown
    assert shown.endswith("verdict: pass  (2 of 2 platforms passed)\n")


def test_a_platform_with_a_problem_says_it_and_is_not_passed() -> None:
    """The next step is in the text."""
    broken = PlatformReport(platform="linux/arm64", problem="this machine cannot run linux/arm64\n  install qemu")
    shown = text.render(report(platform("linux/amd64"), broken))
    assert "linux/arm64: could not be checked: this machine cannot run linux/arm64\n  install qemu\n" in shown
    assert "verdict: UNDECIDED  (1 of 2 platforms passed)\n" in shown


def test_hostile_names_never_reach_the_terminal_raw() -> None:
    """Escapes, bidirectional overrides and newlines in what an image says are shown as text."""
    evil = finding(found="\x1b[2J\u202egpj.exe\nverdict: pass", module="plugin.py")
    shown = text.render(report(platform("linux/amd64", evil)))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\nverdict: pass" not in shown


def test_a_platform_of_an_index_cannot_write_on_the_terminal_either() -> None:
    """Its architecture is any text that the index's author likes."""
    made = report(
        platform("linux/arm64\x1b[2J\nverdict: pass", finding()), PlatformReport(platform="a\x1b/b", problem="no")
    )
    shown = text.render(made)
    assert "\x1b" not in shown
    assert "\nverdict: pass" not in shown


def test_colour_is_only_there_when_asked_for() -> None:
    """The words are the same with and without."""
    made = report(platform("linux/amd64", finding()))
    coloured = text.render(made, colour=True)
    assert "\x1b[31m" in coloured
    plain = text.render(made)
    assert "\x1b" not in plain


def test_the_output_of_a_module_that_failed_is_shown() -> None:
    """Traceback, stdout and stderr help to mend the import."""
    failed = catalogue.IMPORT_FAILED.breach("plugin.py raised", module="plugin.py")
    module = {
        "name": "plugin.py",
        "verdict": "fail",
        "traceback": [{"path": "/app/plugin.py", "line": 3, "function": "<module>", "source": "import gone"}],
        "stderr": "one\ntwo\n",
    }
    shown = text.render(report(platform("linux/amd64", failed, modules=[module])))
    assert "    at /app/plugin.py:3 in <module>  import gone\n    stderr  one\n    stderr  two\n" in shown


def test_an_unknown_is_undecided() -> None:
    """UNKNOWN findings are no failures, and no passes."""
    unknown = finding(category=Category.UNKNOWN)
    assert "verdict: UNDECIDED" in text.render(report(platform("linux/amd64", unknown)))


def test_a_problem_beside_evidence_says_what_the_verdict_rests_on() -> None:
    """A platform that cannot be run here is read, and the report says that it is no more than that."""
    read = PlatformReport(platform="linux/arm64", problem="this machine cannot run linux/arm64", evidence=("static",))
    assert "linux/arm64: static evidence only: this machine cannot run" in text.render(report(read))
    assert text.render(report(read)).endswith("verdict: pass  (1 of 1 platform passed)\n")


def test_a_report_without_a_contract_says_so() -> None:
    """The table still tells of each platform."""
    bare = report(PlatformReport(platform="linux/amd64", evidence=("static",))).model_copy(update={"contract": None})
    assert "integrity only, no contract" in text.render(bare)
