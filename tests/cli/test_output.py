"""Tests of `spybuild.cli.output`."""

import pytest

from spybuild.cli.output import exit_code
from spybuild.model.finding import Finding
from spybuild.model.report import PlatformReport, Report, Subject, Tool
from spybuild.rules import catalogue, catalogue_integrity


def report(*platforms: PlatformReport) -> Report:
    """A report on an image."""
    return Report(tool=Tool(version="1"), subject=Subject(reference="app", kind="image"), platforms=platforms)


def platform(*findings: Finding, problem: str | None = None) -> PlatformReport:
    """What is said of one platform."""
    evidence = () if problem else ("runtime",)
    return PlatformReport(platform="linux/amd64", evidence=evidence, findings=findings, problem=problem)


BROKEN = catalogue.MISSING_MODULE.breach("it is not there")
UNKNOWN = catalogue_integrity.UNDECIDED_INTEGRITY.breach("no Python was found")


@pytest.mark.parametrize(
    ("platforms", "code"),
    [
        ((platform(),), 0),
        ((platform(BROKEN),), 1),
        ((platform(UNKNOWN),), 1),
        ((platform(problem="cannot run"),), 3),
        ((platform(), platform(problem="cannot run")), 3),
        ((platform(BROKEN), platform(problem="cannot run")), 1),
        ((platform(UNKNOWN), platform(problem="cannot run")), 1),
        ((), 1),
    ],
)
def test_the_exit_code_tells_a_broken_contract_from_an_environment_that_hinders(
    platforms: tuple[PlatformReport, ...], code: int
) -> None:
    """Where something broken was found, nothing that hindered the rest makes it less broken."""
    assert exit_code(report(*platforms)) == code


def test_a_platform_that_was_run_is_told_of_although_its_source_says_too_little() -> None:
    """What running left open is the contract's affair (an ambiguous module), not the environment's."""
    run = PlatformReport(platform="linux/amd64", evidence=("runtime",), findings=(UNKNOWN,), problem="too little")
    assert exit_code(report(run)) == 1


def test_a_platform_without_python_is_the_environments_fault_although_its_integrity_is_unknown() -> None:
    """What could not be had tells nothing of the contract: exit 3, with the next step."""
    assert exit_code(report(platform(UNKNOWN, problem="no Python"))) == 3
