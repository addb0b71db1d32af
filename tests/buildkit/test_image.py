"""The command line that builds the images."""

import subprocess
from pathlib import Path

import pytest

from buildkit import image
from buildkit.artifacts import ArtifactError, Artifacts
from buildkit.image import Build, parse
from tests.conftest import ROOT

ALL = ("linux/amd64", "linux/arm64", "linux/arm/v7")


def test_without_options_it_is_for_all_platforms_and_into_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is the command line's image, on the usual base."""
    monkeypatch.delenv("SPYBUILD_BASE", raising=False)
    (build,) = parse([])
    assert build == Build(ALL, "spybuild/spybuild", "python:3.13-slim")
    assert "type=docker,name=spybuild/spybuild,compression=gzip" in " ".join(build.command())


def test_the_frontend_is_another_target_of_the_same_build() -> None:
    """Under a name of its own, unless one is given."""
    assert [build.tag for build in parse(["--target", "frontend"])] == ["spybuild/frontend"]
    command = parse(["--target", "frontend", "--tag", "here/frontend:1"])[0].command()
    assert command[command.index("--target") + 1] == "frontend"
    assert "name=here/frontend:1," in " ".join(command)


def test_make_image_builds_both_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    """IMAGE_FLAGS come last and win; one tag cannot be for two images."""
    assert "buildkit.image --target all $(IMAGE_FLAGS)" in (ROOT / "Makefile").read_text()
    assert [(build.target, build.tag) for build in parse(["--target", "all"])] == [*image.TAGS.items()]
    assert [build.target for build in parse(["--target", "all", "--target", "frontend"])] == ["frontend"]
    with pytest.raises(SystemExit):
        parse(["--target", "all", "--tag", "here:1"])
    assert "name its --target" in capsys.readouterr().err


def test_options_reach_docker() -> None:
    """Each where docker looks for it."""
    (build,) = parse(["--platform", "linux/arm64", "--tag", "here/spybuild:1", "--base", "python:3.14", "--push"])
    command = build.command()
    assert command[:3] == ["docker", "buildx", "build"]
    assert command[command.index("--platform") + 1] == "linux/arm64"
    assert "BASE=python:3.14" in command
    assert "type=registry,name=here/spybuild:1," in command[command.index("--output") + 1]


def test_the_date_is_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH, as reproducible-builds.org has it; without it, none."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert "SOURCE_DATE_EPOCH=0" in Build().command()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert "SOURCE_DATE_EPOCH=1700000000" in Build().command()


def test_a_platform_without_an_interpreter_for_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is built."""
    with pytest.raises(SystemExit):
        parse(["--platform", "windows/amd64"])
    assert "no image for windows/amd64" in capsys.readouterr().err


def test_load_and_push_exclude_each_other() -> None:
    """One place for one image."""
    with pytest.raises(SystemExit):
        parse(["--load", "--push"])


def test_a_build_that_fails_is_told_in_dockers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that failed."""
    monkeypatch.setattr(Artifacts, "make", lambda *_: None)
    monkeypatch.setattr(subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, 7, "", "no space left"))
    with pytest.raises(ArtifactError, match="docker buildx build ended with 7\nno space left"):
        Build().run(quiet=True)


def test_the_size_of_each_platform_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In megabytes, as registries count them."""
    monkeypatch.setattr(Artifacts, "make", lambda *_: None)
    monkeypatch.setattr(subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, 0, "", ""))
    monkeypatch.setattr(image, "in_archive", lambda _archive: {"linux/amd64": 14_940_000})
    assert image.main([]) == 0
    assert "linux/amd64: 14.9 MB compressed" in capsys.readouterr().err


def test_the_bake_file_says_what_the_command_line_does() -> None:
    """The same targets, platforms and compression."""
    bake = (Path(image.__file__).parent / "docker-bake.hcl").read_text()
    assert all(f'"{word}"' in bake for word in (*ALL, *image.TAGS, image.BASE))
    assert "compression=gzip,compression-level=9,force-compression=true" in bake
