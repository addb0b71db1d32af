"""The static `pip check`."""

from pathlib import Path

import pytest
from packaging.markers import default_environment

from spybuild.integrity.requirements import environments
from spybuild.model.finding import Category
from spybuild.model.platforms import Platform
from tests.integrity.making import distribution, findings, rules, target


def _requires(root: Path, *requirements: str) -> None:
    distribution(root, "shop", "1.0", {}, metadata="\n".join(f"Requires-Dist: {each}" for each in requirements))


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("absent", ["SPY630"]),
        ("paint>=2", ["SPY631"]),
        ("Paint>=1,<2", []),
        ("paint==1.5.dev1", []),
        ("absent; sys_platform == 'win32'", []),
        ("absent; platform_machine == 'x86_64'", ["SPY630"]),
        ("absent; platform_machine == 'aarch64'", []),
        ("absent; python_version < '3.11'", []),
        ("absent; implementation_name == 'pypy'", []),
        ("absent; extra == 'dev'", []),
        ("paint @ https://example.org/paint.whl", []),
        ("absent; platform_system == 'Linux' and os_name == 'posix'", ["SPY630"]),
    ],
)
def test_markers_and_versions_are_those_of_the_target(requirement: str, expected: list[str], tmp_path: Path) -> None:
    """For linux/amd64 and CPython 3.11.4; a pre-release that is installed counts, as for pip check."""
    distribution(tmp_path, "paint", "1.5.dev1", {})
    _requires(tmp_path, requirement)
    assert rules(findings(tmp_path)) == expected


@pytest.mark.parametrize(
    "marker",
    [
        "platform_version == '#1 SMP'", "'Debian' in platform_version", "platform_release != '6.1'",
        "platform_version == '#1' and sys_platform == 'linux'",
    ],
)  # fmt: skip
def test_a_marker_that_compares_the_kernel_is_undecided(marker: str, tmp_path: Path) -> None:
    """No file of the image tells on which kernel it will run: it may be the very one of the marker."""
    _requires(tmp_path, f"absent; {marker}")
    (finding,) = findings(tmp_path)
    assert (finding.rule, finding.category) == ("SPY630", Category.UNKNOWN)


def test_a_marker_of_the_kernel_that_something_else_decides(tmp_path: Path) -> None:
    """On no kernel does this apply."""
    _requires(tmp_path, "absent; platform_version == '#1' and sys_platform == 'win32'")
    assert findings(tmp_path) == []


def test_extras_count_where_something_asks_for_them(tmp_path: Path) -> None:
    """And the extras that these ask for in turn."""
    distribution(
        tmp_path,
        "paint",
        "1",
        {},
        metadata="Provides-Extra: all\nRequires-Dist: paint[oil]; extra == 'all'\nRequires-Dist: linseed; extra == 'oil'",
    )
    assert findings(tmp_path) == []
    _requires(tmp_path, "paint[all]")
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY630"
    assert finding.message.startswith("paint 1 requires linseed")


def test_what_depends_on_an_unknown_micro_version_is_undecided(tmp_path: Path) -> None:
    """It may be met or not: that is no pass, and no failure."""
    _requires(tmp_path, "absent; python_full_version < '3.11.4'")
    assert findings(tmp_path, of=target(version=(3, 11, 4))) == []
    assert [each.category for each in findings(tmp_path, of=target(version=(3, 11, 2)))] == ["MISSING"]
    assert [each.category for each in findings(tmp_path, of=target(version=(3, 11, -1)))] == ["UNKNOWN"]


def test_what_depends_on_the_kernel_is_undecided(tmp_path: Path) -> None:
    """The image has no kernel of its own."""
    _requires(tmp_path, "absent; platform_release >= '6'")
    assert [each.category for each in findings(tmp_path)] == ["UNKNOWN"]


def test_requires_python_is_held_against_the_target(tmp_path: Path) -> None:
    """Where the micro version decides and is not known, it is undecided."""
    distribution(tmp_path, "shop", "1.0", {}, metadata="Requires-Python: >=3.8, !=3.11.4")
    assert [each.category for each in findings(tmp_path)] == ["MISMATCH"]
    assert findings(tmp_path, of=target(version=(3, 11, 5))) == []
    distribution(tmp_path, "shop", "1.0", {}, metadata="Requires-Python: >=3.11.3")
    assert [each.category for each in findings(tmp_path, of=target(version=(3, 11, -1)))] == ["UNKNOWN"]


def test_malformed_requirements_are_undecided(tmp_path: Path) -> None:
    """A requirement that cannot be read may be one that is not met."""
    _requires(tmp_path, "absent >=!!")
    assert rules(findings(tmp_path)) == ["SPY600"]


def test_the_environment_has_all_that_markers_may_name() -> None:
    """The same names as packaging's own."""
    assert set(environments(target())[0]) == set(default_environment())


@pytest.mark.parametrize(
    ("platform", "machine"),
    [("linux/arm/v7", "armv7l"), ("linux/arm/v6", "armv6l"), ("linux/386", "i686"), ("linux/s390x", "s390x")],
)
def test_machines_are_named_as_uname_does(platform: str, machine: str) -> None:
    """`platform_machine` is what the kernel says for that platform."""
    assert environments(target(Platform.parse(platform)))[0]["platform_machine"] == machine
