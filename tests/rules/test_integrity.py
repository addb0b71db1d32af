"""Integrity rules: what facts of soundness amount to."""

import pytest

from spybuild.model.finding import Category, Finding
from spybuild.model.integrity import (
    BinaryBuild,
    BinaryGroup,
    Checked,
    EntryFacts,
    ForeignAbi,
    Leak,
    Paths,
    RecordFacts,
    Soundness,
    VenvFacts,
)
from spybuild.model.platforms import Platform
from spybuild.rules.integrity import check_soundness
from spybuild.rules.integrity_machines import describe, is_native, machine_of

ARM64, ARMV7, AMD64 = Platform("linux", "arm64"), Platform("linux", "arm", "v7"), Platform("linux", "amd64")
ON_AMD64 = BinaryBuild(machine=62, bits=64, libc="glibc")
ON_ARM64 = BinaryBuild(machine=183, bits=64, libc="glibc")
SOFT, HARD = (BinaryBuild(machine=40, bits=32, float_abi=each) for each in ("soft", "hard"))
ONE = Paths(count=1, first=("/a",))


def _find(platform: Platform = AMD64, **facts: object) -> list[Finding]:
    known = {"libc": "glibc", "checked": Checked(interpreters=1), **facts}
    return list(check_soundness(Soundness.model_validate(known), platform))


def _group(role: str, build: BinaryBuild, owner: str = "shop 1.0", files: Paths = ONE) -> BinaryGroup:
    return BinaryGroup.model_validate({"role": role, "owner": owner, "build": build, "files": files})


def test_sound_facts_have_no_finding() -> None:
    """Binaries of the platform, venvs that start."""
    venv = VenvFacts(
        path="/opt/venv",
        version="3.11",
        python="/opt/venv/bin/python",
        interpreter="/usr/bin/python3.11",
        interpreter_version="3.11",
        packages=("3.11",),
    )
    assert _find(binaries=(_group("interpreter", ON_AMD64), _group("extension", ON_AMD64)), venvs=(venv,)) == []


def test_a_foreign_interpreter_is_one_finding_with_all_that_is_like_it() -> None:
    """An amd64 image that is called arm64: its packages are as foreign as its interpreter, for one cause."""
    [finding] = _find(ARM64, binaries=(_group("interpreter", ON_AMD64), _group("extension", ON_AMD64)))
    assert (finding.rule, finding.expected, finding.found) == ("SPY305", "linux/arm64", "amd64")


def test_packages_of_another_platform_beside_a_foreign_interpreter_are_told() -> None:
    """They are another cause."""
    found = _find(
        ARM64, binaries=(_group("interpreter", ON_AMD64), _group("extension", BinaryBuild(machine=3, bits=32)))
    )
    assert [each.rule for each in found] == ["SPY305", "SPY601"]


@pytest.mark.parametrize(
    ("own", "other", "rules"),
    [(HARD, SOFT, ["SPY601"]), (HARD, HARD, []), (SOFT, SOFT, []), (HARD, BinaryBuild(machine=40, bits=32), [])],
)
def test_float_abis_are_held_against_the_interpreters(own: BinaryBuild, other: BinaryBuild, rules: list[str]) -> None:
    """What does not say is of any."""
    found = _find(ARMV7, binaries=(_group("interpreter", own), _group("extension", other)))
    assert [each.rule for each in found] == rules


def test_an_unknown_c_library_of_the_image_decides_nothing() -> None:
    """As under gcompat, where binaries for glibc may run."""
    musl = _group("extension", BinaryBuild(machine=62, bits=64, libc="musl"))
    assert [each.rule for each in _find(binaries=(musl,))] == ["SPY603"]
    assert _find(binaries=(musl,), libc="") == []


def test_the_suffix_that_would_do_is_told() -> None:
    """Beside the one that is there."""
    facts = ForeignAbi(
        owner="shop 1.0",
        suffix=".cpython-310-x86_64-linux-gnu.so",
        accepted=(".cpython-311-x86_64-linux-gnu.so",),
        python="CPython 3.11",
        files=ONE,
        tags=("cp310-cp310-linux_x86_64",),
    )
    [finding] = _find(foreign_abi=(facts,))
    assert finding.expected == ".cpython-311-x86_64-linux-gnu.so"
    assert finding.found == ".cpython-310-x86_64-linux-gnu.so; its wheel is tagged cp310-cp310-linux_x86_64"


@pytest.mark.parametrize(
    ("venv", "rule"),
    [
        (VenvFacts(path="/v", interpreter_version="3.11"), "SPY610"),
        (VenvFacts(path="/v", python="/v/bin/python", link="python"), "SPY610"),
        (VenvFacts(path="/v", python="/v/bin/python", interpreter="/p", home="/h", home_found=False), "SPY610"),
        (VenvFacts(path="/v", python="/v/bin/python", interpreter="/p", stdlib_found=False), "SPY610"),
        (VenvFacts(path="/v", python="/v/bin/python", interpreter="/p", interpreter_version="3.13", version="3.11"), "SPY611"),
        (VenvFacts(path="/v", python="/v/bin/python", interpreter="/p", interpreter_version="3.13", packages=("3.11",)), "SPY611"),
    ],
)  # fmt: skip
def test_each_way_to_break_a_venv_is_one_finding(venv: VenvFacts, rule: str) -> None:
    """No interpreter, a link to nowhere, no home, no standard library, another minor version."""
    assert [each.rule for each in _find(venvs=(venv,))] == [rule]
    assert _find(venvs=(venv.model_copy(update={"is_folder_only": True}),)) == []


def test_a_secret_is_told_by_name_and_place_alone() -> None:
    """With the layer of a file, and that a later layer hides it."""
    [finding] = _find(leaks=(Leak(name="TOKEN", place="file", path="/app/.env", line=3, layer=2, is_hidden=True),))
    assert finding.message == "secret TOKEN has a value in a file of layer 2, deleted or overwritten by a later layer"
    assert (str(finding.image_location), finding.contract_location) == ("/app/.env:3", None)


def test_edited_files_are_told_one_by_one_up_to_three() -> None:
    """Four are one finding."""
    few, many = Paths(count=3, first=("/a", "/b", "/c")), Paths(count=4, first=("/a", "/b", "/c", "/d"))
    assert len(_find(records=(RecordFacts(distribution="shop 1", record="/r", edited=few),))) == 3
    assert len(_find(records=(RecordFacts(distribution="shop 1", record="/r", edited=many),))) == 1


def test_nothing_checked_is_undecided() -> None:
    """An image without Python is no sound Python image."""
    [finding] = _find(checked=Checked())
    assert finding.category is Category.UNKNOWN


def test_a_program_that_cannot_start_says_what_is_wanting() -> None:
    """With the carriage return that nobody sees."""
    [finding] = _find(entry=EntryFacts(word="/run.sh", path="/run.sh", problem="no-interpreter", detail="/bin/sh\r"))
    assert finding.expected == "'/bin/sh\\r'"


def test_every_platform_with_a_known_header_is_its_own() -> None:
    """Names and headers go both ways."""
    for architecture in ("386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x"):
        machine = machine_of(Platform("linux", architecture))
        assert machine is not None
        build = BinaryBuild(machine=machine.number, bits=machine.bits, little=machine.little)
        assert describe(build) == architecture
        assert is_native(build, Platform("linux", architecture))
        assert is_native(build, Platform("linux", "amd64")) == (architecture == "amd64")


def test_an_unknown_architecture_refuses_nothing() -> None:
    """Its binaries cannot be told from others."""
    assert is_native(ON_AMD64, Platform("linux", "sparc64"))
