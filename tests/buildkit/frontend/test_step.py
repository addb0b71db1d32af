"""Tests of `buildkit.frontend.step`."""

import os
from pathlib import Path

import pytest

from buildkit.frontend import step
from buildkit.frontend.paths import PATH


def test_variables_of_the_image_that_would_be_our_options_are_left_out() -> None:
    """`ENV SPYBUILD_ENV=…` in a Dockerfile must not add to what is validated."""
    found = step.environment(["PATH=/bin", "SPYBUILD_ENV=A=1", "EMPTY=", "PAIR=a=b"], "linux/arm64")
    assert found == {"PATH": "/bin", "EMPTY": "", "PAIR": "a=b", "TARGETPLATFORM": "linux/arm64"}


def test_variables_that_no_process_can_have_are_left_out() -> None:
    """And programs are looked for where engines look, in an image that does not say."""
    found = step.environment(["=x", "A=1\0B=2", "MODE=a"], "linux/amd64")
    assert found == {"PATH": PATH, "MODE": "a", "TARGETPLATFORM": "linux/amd64"}


@pytest.mark.timeout(20)
def test_only_regular_files_are_vouched_for(tmp_path: Path) -> None:
    """A module may say that its file is a device without an end, or a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    paths = ["/dev/zero", str(tmp_path / "pipe"), str(tmp_path), "a\0b"]
    report = {"platforms": [{"modules": [{"path": each} for each in paths], "interpreter": None}]}
    assert dict(step.contents(report, frozenset())) == {}


def test_the_command_line_says_what_the_build_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets that the client did not give are left out: the contract then says that they are missing."""
    monkeypatch.setattr(step, "SECRETS", str(tmp_path))
    (tmp_path / "TOKEN").write_text("x")
    asked = {"arguments": {"strict": "", "timeout": "5"}, "variables": ["A=1"], "secrets": ["TOKEN", "OTHER"]}
    assert step.arguments(asked, Path("/out/report.json")) == [
        "validate", "--contract=/.spybuild-asked/contract", "--strict", "--timeout=5", "--env=A=1",
        f"--secret=id=TOKEN,src={tmp_path}/TOKEN", "--report=json=/out/report.json",
    ]  # fmt: skip


def test_the_files_that_a_report_speaks_of_are_vouched_for(tmp_path: Path) -> None:
    """What cannot be read is not."""
    (tmp_path / "plugin.py").write_bytes(b"")
    modules = [{"path": str(tmp_path / "plugin.py")}, {"path": str(tmp_path / "gone.py")}, {"path": None}]
    report = {"platforms": [{"modules": modules, "interpreter": None}]}
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert dict(step.contents(report, frozenset())) == {str(tmp_path / "plugin.py"): empty}
    assert dict(step.contents(None, frozenset())) == {}


def test_what_lies_over_the_image_is_not_vouched_for(tmp_path: Path) -> None:
    """A module that says that its file is a secret would have the secret's digest published; a link leads there too."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "TOKEN").write_text("1234")
    (tmp_path / "plugin.py").symlink_to("secrets/TOKEN")
    paths = [str(tmp_path / "secrets" / "TOKEN"), str(tmp_path / "plugin.py")]
    report = {"platforms": [{"modules": [{"path": each} for each in paths], "interpreter": None}]}
    assert len(dict(step.contents(report, frozenset()))) == 2
    for mounted in (tmp_path / "secrets", tmp_path / "secrets" / "TOKEN"):
        assert dict(step.contents(report, frozenset([mounted]))) == {}


def test_the_mounts_of_this_process_are_known() -> None:
    """But for the root, which is the image's."""
    found = step.mount_points()
    assert Path("/proc") in found
    assert Path("/") not in found
