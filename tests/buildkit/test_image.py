"""The command line that builds the image."""

import pytest

from buildkit.image import Build, parse


def test_without_options_it_is_for_both_platforms_and_into_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPYBUILD_BASE", raising=False)
    assert parse([]) == Build(("linux/amd64", "linux/arm64"), "spybuild/spybuild", "python:3.13-slim")


def test_options_reach_docker() -> None:
    build = parse(["--platform", "linux/arm64", "--tag", "here/spybuild:1", "--base", "python:3.14", "--push"])
    command = build.command()
    assert command[:3] == ["docker", "buildx", "build"]
    for flag, value in (
        ("--platform", "linux/arm64"),
        ("--tag", "here/spybuild:1"),
        ("--build-arg", "BASE=python:3.14"),
    ):
        assert command[command.index(flag) + 1] == value
    assert "--push" in command
    assert "--load" not in command


def test_a_platform_without_an_interpreter_for_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--platform", "windows/amd64"])
    assert "no image for windows/amd64" in capsys.readouterr().err


def test_load_and_push_exclude_each_other() -> None:
    with pytest.raises(SystemExit):
        parse(["--load", "--push"])
