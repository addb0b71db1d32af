"""One table makes all names of an architecture, a system or an interpreter equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.errors import UsageError
from spybuild.model import platforms
from spybuild.model.platforms import Platform


@pytest.mark.parametrize(
    ("names", "platform"),
    [
        (("Linux", "x86_64"), "linux/amd64"),
        (("Windows", "AMD64"), "windows/amd64"),
        (("Darwin", "arm64"), "darwin/arm64"),
        (("linux", "aarch64"), "linux/arm64"),
        (("linux", "arm64", "v8"), "linux/arm64"),
        (("macos", "x64"), "darwin/amd64"),
        (("linux", "armv7l"), "linux/arm/v7"),
        (("linux", "arm"), "linux/arm/v7"),
        (("linux", "arm", "v7"), "linux/arm/v7"),
        (("linux", "arm", "v6"), "linux/arm/v6"),
        (("linux", "armv6l"), "linux/arm/v6"),
        (("linux", "armel"), "linux/arm/v5"),
        (("linux", "i686"), "linux/386"),
        (("linux", "i386"), "linux/386"),
        (("win32", "x86"), "windows/386"),
        (("linux", "ppc64el"), "linux/ppc64le"),
        (("linux", "mips64el"), "linux/mips64le"),
        (("linux", "s390x"), "linux/s390x"),
        (("linux", "amd64", "v1"), "linux/amd64"),
        (("linux", "amd64", "V3"), "linux/amd64/v3"),
        (("linux", "riscv64"), "linux/riscv64"),
        (("linux", " AARCH64 "), "linux/arm64"),
        (("plan9", "pdp11"), "plan9/pdp11"),
    ],
)
def test_every_spelling_means_one_platform(names: tuple[str, ...], platform: str) -> None:
    assert str(Platform.of(*names)) == platform


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/arm64/v8", "linux/arm64"),
        ("arm64", "linux/arm64"),
        ("Linux/AMD64", "linux/amd64"),
        ("armhf", "linux/arm/v7"),
    ],
)
def test_platforms_are_read_as_docker_writes_them(text: str, platform: str) -> None:
    assert str(Platform.parse(text)) == platform


@pytest.mark.parametrize("text", ["", "linux", "/", "linux/", "/arm64", "linux/arm/v7/x", "a//b", "nonsense"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no platform"):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("image", "wanted", "satisfied"),
    [
        ("linux/arm64", "linux/arm64", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/amd64/v3", "linux/amd64", True),
        ("linux/amd64", "linux/amd64/v3", False),
        ("linux/arm/v7", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm/v7", "linux/arm/v6", False),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_an_image_satisfies_what_is_asked(image: str, wanted: str, satisfied: bool) -> None:
    """A variant that nobody asked for is not compared."""
    assert Platform.parse(image).satisfies(Platform.parse(wanted)) is satisfied


@pytest.mark.parametrize(
    ("one", "other"), [("CPython", "cpython"), ("GraalPython", "GraalPy"), ("python", "CPython"), (" PyPy", "pypy")]
)
def test_interpreters_have_several_names(one: str, other: str) -> None:
    assert platforms.normal_implementation(one) == platforms.normal_implementation(other)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)


@given(
    st.sampled_from(sorted(platforms.SYSTEM_NAMES)) | NAMES,
    st.sampled_from(sorted(platforms.ARCHITECTURE_NAMES)) | NAMES,
    st.sampled_from(["", "v1", "v2", "v3", "v5", "v6", "v7", "v8", "v9"]),
)
def test_what_is_written_is_read_back(system: str, architecture: str, variant: str) -> None:
    platform = Platform.of(system, architecture, variant)
    assert Platform.parse(str(platform)) == platform


@given(st.sampled_from(sorted(platforms.ARCHITECTURE_NAMES)), st.sampled_from(sorted(platforms.SYSTEM_NAMES)))
def test_every_platform_satisfies_itself(architecture: str, system: str) -> None:
    platform = Platform.of(system.upper(), architecture.upper())
    assert platform.satisfies(Platform.of(system, architecture))
