"""What is taken of the Python at hand works where it is put."""

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from demo.python_here import interpreter, needed_by, package_files, python_files
from spybuild.images.elf.reading import read_elf

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="images of linux need files of linux")


def test_an_image_gets_the_interpreter_its_library_and_what_both_load() -> None:
    """The interpreter itself and not a link to it, modules of source and of machine code; no tests, no packages."""
    files = python_files()
    assert files[str(interpreter()).lstrip("/")] == interpreter()
    assert str(Path(os.__file__)).lstrip("/") in files
    assert any(name.endswith("/libc.so.6") or "ld-musl" in name for name in files)
    assert not [name for name in files if {"test", "site-packages", "__pycache__"} & set(Path(name).parts)]
    assert all(here.is_file() for here in files.values())


def test_a_package_comes_with_all_that_its_record_names() -> None:
    """All but bytecode, in the folder where it is to be."""
    files = package_files("PyYAML", "app")
    recorded = importlib.metadata.files("PyYAML") or []
    assert {f"app/{each}" for each in recorded if "__pycache__" not in str(each)} <= set(files)
    assert files["app/yaml/__init__.py"].is_file()


def test_a_file_whose_library_is_missing_is_told_apart(tmp_path: Path) -> None:
    """The loader finds the interpreter's libraries; of one that is nowhere it says so."""
    content = interpreter().read_bytes()
    elf = read_elf(lambda offset, size: content[offset : offset + size], len(content))
    assert elf is not None
    library = elf.needed[0].encode()
    broken = tmp_path / "python"
    broken.write_bytes(content.replace(library + b"\0", library[:-1] + b"~\0"))
    broken.chmod(0o755)
    assert needed_by(interpreter())
    assert needed_by(broken) is None
