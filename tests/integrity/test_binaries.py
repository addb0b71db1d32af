"""Binaries that count, and those that a package ships for other platforms."""

from pathlib import Path

from tests.integrity.making import SITE, distribution, findings, link, put, rules, shared_object

ARM64 = 183


def test_one_finding_tells_of_all_files_of_a_distribution(tmp_path: Path) -> None:
    """With how many they are, and the first few."""
    for number in range(200):
        put(tmp_path, f"{SITE}/big/_m{number:03}.cpython-311-aarch64-linux-gnu.so", shared_object(machine=ARM64))
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY601"
    assert "200 extension modules" in finding.message
    assert "and 195 more" in finding.message
    assert finding.found == "arm64"


def test_a_binary_with_a_fitting_sibling_is_there_on_purpose(tmp_path: Path) -> None:
    """Beside it, or of the same name elsewhere in the package."""
    put(tmp_path, f"{SITE}/fat/core.cpython-311-aarch64-linux-gnu.so", shared_object(machine=ARM64))
    put(tmp_path, f"{SITE}/fat/core.cpython-311-x86_64-linux-gnu.so", shared_object())
    put(tmp_path, f"{SITE}/fat/arm64/speed.abi3.so", shared_object(machine=ARM64))
    put(tmp_path, f"{SITE}/fat/amd64/speed.abi3.so", shared_object())
    assert findings(tmp_path) == []


def test_a_sibling_that_comes_later_does_not_help(tmp_path: Path) -> None:
    """The import takes `.abi3.so` before `.so`, and fails with it: there is no second try."""
    put(tmp_path, f"{SITE}/fat/core.abi3.so", shared_object(machine=ARM64))
    put(tmp_path, f"{SITE}/fat/core.so", shared_object(extra=b"PyInit_core"))
    [finding] = findings(tmp_path)
    assert (finding.rule, finding.found) == ("SPY601", "arm64")
    assert "core.abi3.so" in finding.message


def test_a_package_that_is_a_link_is_looked_into(tmp_path: Path) -> None:
    """Some installers link packages into the site folder instead of copying them."""
    put(tmp_path, "/cache/pkg/core.abi3.so", shared_object(machine=ARM64))
    put(tmp_path, f"{SITE}/other.py")
    link(tmp_path, f"{SITE}/pkg", "/cache/pkg")
    assert rules(findings(tmp_path)) == ["SPY601"]


def test_a_bare_library_of_another_platform_is_data(tmp_path: Path) -> None:
    """As debugpy's, which it injects into processes of other architectures; with an entry point it is a module."""
    put(tmp_path, f"{SITE}/debugpy/attach_linux_arm64.so", shared_object(machine=ARM64))
    assert findings(tmp_path) == []
    put(tmp_path, f"{SITE}/debugpy/speed.so", shared_object(machine=ARM64, extra=b"PyInit_speed"))
    assert rules(findings(tmp_path)) == ["SPY601"]


def test_a_folder_that_no_import_reaches_is_data(tmp_path: Path) -> None:
    """`linux-arm64` is no package's name."""
    put(tmp_path, f"{SITE}/tool/linux-arm64/core.abi3.so", shared_object(machine=ARM64))
    assert findings(tmp_path) == []


def test_a_module_in_python_stands_in_for_one_of_another_abi(tmp_path: Path) -> None:
    """Then nothing is missing; without it the module is."""
    put(tmp_path, f"{SITE}/pkg/core.cpython-310-x86_64-linux-gnu.so", shared_object())
    assert rules(findings(tmp_path)) == ["SPY602"]
    put(tmp_path, f"{SITE}/pkg/core.py")
    assert findings(tmp_path) == []


def test_the_wheels_tags_are_told_as_a_hint(tmp_path: Path) -> None:
    """A wheel that says `any` and ships a binary of one platform is found by the binary."""
    core = "sloppy/core.cpython-311-aarch64-linux-gnu.so"
    wheel = {"sloppy/__init__.py": "", "sloppy-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n"}
    distribution(tmp_path, "sloppy", "1.0", wheel, recorded=(core,))
    put(tmp_path, f"{SITE}/{core}", shared_object(machine=ARM64))
    [finding] = findings(tmp_path)
    assert finding.found == "arm64; its wheel is tagged py3-none-any"
    assert finding.message.startswith("sloppy 1.0: 1 extension module not built for linux/amd64")


def test_a_damaged_binary_is_undecided(tmp_path: Path) -> None:
    """Its dynamic section points out of the file: what it needs is not known, so it is no pass."""
    put(tmp_path, f"{SITE}/pkg/core.abi3.so", shared_object("libfoo.so")[:-40])
    assert rules(findings(tmp_path)) == ["SPY600"]
