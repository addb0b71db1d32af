"""Libraries that binaries need: found as the dynamic linker finds them."""

from pathlib import Path

from spybuild.model.image import ImageConfig
from tests.integrity.making import SITE, findings, put, rules, shared_object

EXTENSION = f"{SITE}/fast/_fast.cpython-311-x86_64-linux-gnu.so"
LIBRARY = shared_object()


def test_a_library_that_is_nowhere_is_missing(tmp_path: Path) -> None:
    """One finding for a library, however many ask for it."""
    put(tmp_path, EXTENSION, shared_object("libfoo.so.1"))
    put(tmp_path, f"{SITE}/slow/_slow.abi3.so", shared_object("libfoo.so.1"))
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY605"
    assert finding.expected == "libfoo.so.1"
    assert "2 files" in finding.message


def test_the_folders_of_the_linker_are_searched(tmp_path: Path) -> None:
    """The multiarch folders, ld.so.conf with its includes, and the run path from where the binary is."""
    put(tmp_path, EXTENSION, shared_object("liba.so", "libb.so", "libc-own.so", runpath="$ORIGIN/../fast.deps"))
    put(tmp_path, "/usr/lib/x86_64-linux-gnu/liba.so", LIBRARY)
    put(tmp_path, "/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
    put(tmp_path, "/etc/ld.so.conf.d/own.conf", "/opt/own/lib # ours\n")
    put(tmp_path, "/opt/own/lib/libb.so", LIBRARY)
    put(tmp_path, f"{SITE}/fast.deps/libc-own.so", LIBRARY)
    assert rules(findings(tmp_path)) == []


def test_ld_library_path_of_the_image_counts(tmp_path: Path) -> None:
    """Without it the library is missing."""
    put(tmp_path, EXTENSION, shared_object("libfoo.so"))
    put(tmp_path, "/srv/lib/libfoo.so", LIBRARY)
    assert rules(findings(tmp_path)) == ["SPY605"]
    assert rules(findings(tmp_path, ImageConfig(env=("LD_LIBRARY_PATH=/nowhere:/srv/lib",)))) == []


def test_a_library_of_a_library_is_needed_too(tmp_path: Path) -> None:
    """What is missing is told with who asks for it."""
    put(tmp_path, EXTENSION, shared_object("libouter.so"))
    put(tmp_path, "/usr/lib/libouter.so", shared_object("libinner.so"))
    [finding] = findings(tmp_path)
    assert (finding.rule, finding.expected) == ("SPY605", "libinner.so")
    assert "/usr/lib/libouter.so" in finding.message


def test_libraries_that_need_each_other_are_loaded_once(tmp_path: Path) -> None:
    """A round of libraries ends."""
    put(tmp_path, EXTENSION, shared_object("libping.so"))
    put(tmp_path, "/usr/lib/libping.so", shared_object("libpong.so"))
    put(tmp_path, "/usr/lib/libpong.so", shared_object("libping.so"))
    assert rules(findings(tmp_path)) == []


def test_files_of_ld_so_conf_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    """Includes that go round end."""
    put(tmp_path, EXTENSION, shared_object("libfoo.so"))
    put(tmp_path, "/etc/ld.so.conf", "include /etc/ld.so.conf\ninclude ld.so.conf\n")
    assert rules(findings(tmp_path)) == ["SPY605"]


def test_a_library_that_another_distribution_ships_is_loaded_by_its_package(tmp_path: Path) -> None:
    """As torch loads those of the nvidia packages, with ctypes and by their paths."""
    put(tmp_path, EXTENSION, shared_object("libcudart.so.12"))
    put(tmp_path, f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12", LIBRARY)
    assert rules(findings(tmp_path)) == []


def test_drivers_that_the_container_runtime_mounts_are_not_missing(tmp_path: Path) -> None:
    """Images for GPUs never have libcuda.so.1."""
    put(tmp_path, EXTENSION, shared_object("libcuda.so.1", "libnvidia-ml.so.1"))
    assert rules(findings(tmp_path)) == []


def test_a_library_of_another_architecture_is_not_found(tmp_path: Path) -> None:
    """The linker skips it and goes on searching."""
    put(tmp_path, EXTENSION, shared_object("libfoo.so"))
    put(tmp_path, "/usr/lib/libfoo.so", shared_object(machine=183))
    assert rules(findings(tmp_path)) == ["SPY605"]
    put(tmp_path, "/lib/libfoo.so", LIBRARY)
    assert rules(findings(tmp_path)) == []


def test_a_plugin_that_is_no_module_may_lack_libraries(tmp_path: Path) -> None:
    """A bare `.so` without an entry point is a plugin or a data file, as Qt's drivers of databases."""
    put(tmp_path, f"{SITE}/qt/plugins/libqsqlmysql.so", shared_object("libmysqlclient.so.21"))
    assert rules(findings(tmp_path)) == []
    put(tmp_path, f"{SITE}/qt/plugins/module.so", shared_object("libmysqlclient.so.21", extra=b"PyInit_module"))
    assert rules(findings(tmp_path)) == ["SPY605"]


def test_an_optional_extension_may_lack_libraries(tmp_path: Path) -> None:
    """As numba's backend for TBB: every import of it is guarded."""
    put(tmp_path, EXTENSION, shared_object("libtbb.so.12"))
    source = "def backend():\n    try:\n        from fast import _fast\n    except ImportError:\n        _fast = None\n"
    put(tmp_path, f"{SITE}/fast/__init__.py", source)
    assert rules(findings(tmp_path)) == []


def test_a_guard_that_raises_again_is_none(tmp_path: Path) -> None:
    """A nicer message does not make the module optional."""
    put(tmp_path, EXTENSION, shared_object("libtbb.so.12"))
    source = "try:\n    from ._fast import (\n        go,\n    )\nexcept ImportError as error:\n    raise ImportError('reinstall') from error\n"
    put(tmp_path, f"{SITE}/fast/__init__.py", source)
    assert rules(findings(tmp_path)) == ["SPY605"]


def test_the_standard_library_may_lack_tk(tmp_path: Path) -> None:
    """Slim images ship `_tkinter` without Tk; without SQLite's library they are broken."""
    folder = "/usr/local/lib/python3.11/lib-dynload"
    put(tmp_path, f"{folder}/_tkinter.cpython-311-x86_64-linux-gnu.so", shared_object("libtk8.6.so"))
    assert rules(findings(tmp_path)) == []
    put(tmp_path, f"{folder}/_sqlite3.cpython-311-x86_64-linux-gnu.so", shared_object("libsqlite3.so.0"))
    [finding] = findings(tmp_path)
    assert finding.message.startswith("standard library: libsqlite3.so.0")
