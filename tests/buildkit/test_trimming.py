"""What is left out of the image, and what is not."""

import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
import yaml

from buildkit import trimming


def put(folder: Path, *names: str) -> None:
    """Files of no content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


def names(folder: Path) -> set[str]:
    """All files, relative."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_modules_go_whole_and_those_of_like_names_stay(tmp_path: Path) -> None:
    """`code` is left out, and `codecs` is not."""
    kept = {"codecs.py", "encodings/utf_8.py", "lib-dynload/_ssl.cpython-313.so", "LICENSE.txt", "importlib/abc.py"}
    gone = {
        "code.py",
        "asyncio/events.py",
        "xml/dom/minidom.py",
        "lib-dynload/_codecs_jp.cpython-313.so",
        "idlelib/x.gif",
    }
    put(tmp_path, *kept, *gone)
    trimming.trim_library(tmp_path)
    assert names(tmp_path) == kept


def test_a_library_without_what_is_left_out_is_fine(tmp_path: Path) -> None:
    """Bases differ: Debian's has fewer modules than python.org's."""
    put(tmp_path, "os.py")
    trimming.trim_library(tmp_path)
    assert names(tmp_path) == {"os.py"}


def test_licences_of_packages_stay(tmp_path: Path) -> None:
    """What they are under must go with them; how they were installed need not."""
    put(
        tmp_path,
        "a/x.py",
        "a/x.pyi",
        "a/py.typed",
        *(f"a-1.dist-info/{each}" for each in ("RECORD", "licenses/LICENSE")),
    )
    trimming.trim_packages(tmp_path)
    assert names(tmp_path) == {"a/x.py", "a-1.dist-info/licenses/LICENSE"}


def test_scanners_still_learn_name_and_version(tmp_path: Path) -> None:
    """Of METADATA the long description goes."""
    (tmp_path / "a-1.dist-info").mkdir()
    metadata = tmp_path / "a-1.dist-info/METADATA"
    metadata.write_text("Metadata-Version: 2.4\nName: a\nVersion: 1\nSummary: ü\n\n# Long\n" * 9, "utf-8")
    trimming.trim_packages(tmp_path)
    found = PathDistribution(metadata.parent)
    assert (found.metadata["Name"], found.version) == ("a", "1")
    assert "Long" not in metadata.read_text()


@pytest.mark.parametrize(
    ("wheel", "left_out"),
    [
        ("rich-15.0.0-py3-none-any.whl", True),
        ("Pygments-2-py3-none-any.whl", True),
        ("requests-2-py3-none-any.whl", False),
    ],
)
def test_wheels_that_are_left_out(wheel: str, left_out: bool) -> None:
    """By the project's name, however it is spelt."""
    assert trimming.is_left_out(Path(wheel)) is left_out


@pytest.mark.skipif(sys.platform != "linux", reason="ELF files are linux's")
def test_a_stripped_extension_module_still_works(tmp_path: Path) -> None:
    """What no segment covers is gone, the table of sections among it, and the loader does not miss it."""
    source = Path(yaml._yaml.__file__)
    whole = source.read_bytes()
    stripped = trimming.strip(whole)
    assert b".debug_info\0" in whole
    assert b".debug_info\0" not in stripped
    assert len(stripped) < len(whole)
    assert trimming.strip(stripped) == stripped
    (tmp_path / source.name).write_bytes(stripped)
    loading = f"""
from importlib.util import module_from_spec, spec_from_file_location
import yaml
spec = spec_from_file_location("yaml._yaml", {str(tmp_path / source.name)!r})
module = module_from_spec(spec)
spec.loader.exec_module(module)
print(module.get_version_string(), module.__file__)
"""
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith(str(tmp_path / source.name)), done.stderr
