"""Which files are evidence."""

import pytest

from spybuild.images.keeping import is_evidence, is_hashed, is_settings, is_system_library

SITE = "/usr/local/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/a/b.py", f"{SITE}/a.pyi", f"{SITE}/x.pth", f"{SITE}/a-1.dist-info/RECORD", f"{SITE}/a.egg-info",
        f"{SITE}/a-1.egg-info/requires.txt", f"{SITE}/a.egg/EGG-INFO/PKG-INFO", "/opt/venv/pyvenv.cfg",
        "/etc/os-release", "/etc/ld.so.conf.d/x.conf", "/etc/ld-musl-x86_64.path", "/var/lib/dpkg/status",
        "/opt/python/python312._pth",
    ],
)  # fmt: skip
def test_sources_and_metadata_are_kept(path: str) -> None:
    """What Python, its packaging and the system say of themselves is kept whole, whatever its size within reason."""
    assert is_evidence(path, 1 << 20)
    assert not is_evidence(path, 1 << 30)


@pytest.mark.parametrize("path", [f"{SITE}/a/b.pyc", f"{SITE}/a/data.json", "/usr/bin/tool", "/var/cache/x"])
def test_other_files_are_not(path: str) -> None:
    """Neither bytecode nor data is kept."""
    assert not is_evidence(path, 1 << 12)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/app/.env", True), ("/app/.env.production", True), (f"{SITE}/pkg/.env", True), ("/app/settings", True),
        ("/app/main.py", False), ("/etc/service/x.conf", True), ("/root/.netrc", True), ("/home/me/.npmrc", True),
        ("/run/secrets/token", True), ("/etc/environment", True), ("/usr/share/doc/x.txt", False),
        (f"{SITE}/botocore/data.json", False), ("/usr/lib/x.conf", False), ("/entrypoint.sh", True),
    ],
)  # fmt: skip
def test_settings_are_where_people_put_them(path: str, expected: bool) -> None:
    """Small files by their names and places, but not what is shipped by the thousand."""
    assert is_settings(path, 100) is expected
    assert not is_settings(path, 0)
    assert not is_settings(path, (64 << 10) + 1)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{SITE}/a.so", True), (f"{SITE}/a.pyc", False), ("/opt/venv/bin/tool", True), ("/opt/venv/share/x.1", True),
        ("/usr/share/x.1", False), ("/usr/lib/libc.so.6", False), ("/opt/venv/etc/x", True), ("/etc/x", False),
    ],
)  # fmt: skip
def test_what_a_record_may_name_is_hashed(path: str, expected: bool) -> None:
    """Packages, scripts and data of a prefix; bytecode has no hash in RECORD."""
    assert is_hashed(path, 1000) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libc.so.6", True), ("libc-2.31.so", True), ("libstdc++.so.6.0.30", True), ("ld-musl-x86_64.so.1", True),
        ("ld-linux-x86-64.so.2", True), ("libcrypto.so.3", False), ("libcurl.so.4", False), ("libc.py", False),
    ],
)  # fmt: skip
def test_the_c_and_c_plus_plus_runtimes(name: str, expected: bool) -> None:
    """By their names."""
    assert is_system_library(f"/usr/lib/{name}") is expected
