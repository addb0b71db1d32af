"""What the C and C++ libraries of well-known releases have at least, so that those need not be read to find out.

This only saves time: of a release that is not here, and for anything newer, the library itself is asked.
"""

import shlex

from spybuild.images.files import Files, text_of

_LARGEST = 1 << 16
Version = tuple[int, ...]
# (ID, VERSION_ID up to a dot where one says enough): glibc, the last number of GLIBCXX_3.4.x and of CXXABI_1.3.x
_RELEASES = {
    ("debian", "11"): (31, 28, 12),
    ("debian", "12"): (36, 30, 13),
    ("debian", "13"): (41, 33, 15),
    ("ubuntu", "20.04"): (31, 28, 12),
    ("ubuntu", "22.04"): (35, 30, 13),
    ("ubuntu", "24.04"): (39, 33, 15),
    ("amzn", "2023"): (34, 29, 13),
    **{(name, "8"): (28, 25, 11) for name in ("rhel", "almalinux", "rocky", "centos", "ol")},
    **{(name, "9"): (34, 29, 13) for name in ("rhel", "almalinux", "rocky", "centos", "ol")},
}


def least_versions(files: Files) -> dict[str, Version]:
    """The newest symbol version of each kind (`GLIBC`, `GLIBCXX`, `CXXABI`, `GCC`) that the release has for sure."""
    said = _os_release(files)
    name, version = said.get("ID", ""), said.get("VERSION_ID", "")
    known = _RELEASES.get((name, version)) or _RELEASES.get((name, version.split(".")[0]))
    if known is None:
        return {}
    glibc, glibcxx, cxxabi = known
    return {"GLIBC": (2, glibc), "GLIBCXX": (3, 4, glibcxx), "CXXABI": (1, 3, cxxabi), "GCC": (7, 0, 0)}


def _os_release(files: Files) -> dict[str, str]:
    """The settings of os-release(5)."""
    lines = text_of(files, "/etc/os-release", _LARGEST).splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    try:
        return {key: "".join(shlex.split(value)) for key, _, value in pairs}
    except ValueError:  # a quote without an end
        return {}
