"""What users see of a build that fails: whole texts, as the client prints them behind the log."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.buildkit.building import registry_of
from tests.buildkit.frontend.building import BROKEN, Docker
from tests.stack import BuildKit, Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("buildkitd"), pytest.mark.timeout(600)]

LINE = "--------------------"
# A frontend like ours, but for a mistake in it.
MISTAKEN = (
    "import sys; sys.path.append('/.spybuild/packages'); from buildkit.frontend import __main__, serving; "
    "serving.carry_out = lambda *_: 1 / 0; __main__.main()"
)


@pytest.fixture
def engine(buildkit: BuildKit) -> Mapping[str, str]:
    """BuildKit's own daemon."""
    return buildkit.environment()


def shown(log: str) -> list[str]:
    """What stands behind the last line of the log, each of whose lines begins with its step's number."""
    lines = log.rstrip().splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("#"))
    return [line.rstrip() for line in lines[last + 1 :] if line]


def test_a_breach(context: Path, build: Docker) -> None:
    """The contract's line, then every finding."""
    (context / "spymodel.yml").write_text(BROKEN)
    assert shown(build().stderr) == [
        "spymodel.yml:3",
        LINE,
        "   1 |     filename: plugin.py",
        "   2 |     variables:",
        "   3 | >>>   - name: LIMITS",
        "   4 |         value: 5",
        "   5 |     functions:",
        LINE,
        "ERROR: failed to build: failed to solve: spybuild: the contract is not kept",
        "  linux/amd64: SPY102 missing-variable: plugin.py: variable LIMITS is missing (spymodel.yml:3:11)",
        "      expected variable LIMITS",
    ]


def test_a_contract_that_cannot_be_read(context: Path, build: Docker) -> None:
    """Its problems, each with its place."""
    (context / "spymodel.yml").write_text("filename: plugin.py\nvariabels: []\n")
    assert shown(build().stderr) == [
        "spymodel.yml:2",
        LINE,
        "   1 |     filename: plugin.py",
        "   2 | >>> variabels: []",
        "   3 |",
        LINE,
        "ERROR: failed to build: failed to solve: spybuild: the contract, or an option, cannot be used",
        "  spymodel.yml:2:1: variabels: unknown key; did you mean variables?",
    ]


def test_a_run_that_fails(context: Path, build: Docker, frontend: str) -> None:
    """As without the frontend: its output, its line."""
    (context / "Dockerfile").write_text(f"# syntax={frontend}\nFROM scratch\nRUN false\n")
    lines = shown(build().stderr)
    assert "   3 | >>> RUN false" in lines
    assert lines[-1].startswith('ERROR: failed to build: failed to solve: process "/bin/sh -c false" did not complete')


def test_a_mistake_in_the_dockerfile(context: Path, build: Docker, frontend: str) -> None:
    """As without the frontend."""
    (context / "Dockerfile").write_text(f"# syntax={frontend}\nFROM scratch\nWORKDR /app\n")
    assert shown(build().stderr) == [
        "Dockerfile:3",
        LINE,
        f"   1 |     # syntax={frontend}",
        "   2 |     FROM scratch",
        "   3 | >>> WORKDR /app",
        "   4 |",
        LINE,
        "ERROR: failed to build: failed to solve: dockerfile parse error on line 3: unknown instruction: WORKDR (did you mean WORKDIR?)",
    ]


def test_a_bug_of_the_frontend(stack: Stack, context: Path, build: Docker, frontend: str) -> None:
    """One message without a traceback, and what to do."""
    tag = f"{registry_of(stack)}/spybuild-test/frontend-mistaken:1"
    entrypoint = f'["/.spybuild/libexec/spybuild-python", "-ISBXutf8", "-c", "{MISTAKEN}"]'
    (context / "Dockerfile.mistaken").write_text(f"FROM {frontend}\nENTRYPOINT {entrypoint}\n")
    assert build("--push", f"--tag={tag}", "--file=Dockerfile.mistaken").returncode == 0
    done = build(f"--build-arg=BUILDKIT_SYNTAX={tag}")
    assert done.returncode != 0
    assert shown(done.stderr)[-4:] == [
        "ERROR: failed to build: failed to solve: spybuild: this is a bug in SpyBuild's frontend; nothing was decided",
        "  ZeroDivisionError: division by zero",
        "  please report it; until it is mended, build with --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1, and hold the image",
        "  against its contract with `spybuild scan`",
    ]


def test_an_inner_syntax_that_is_none(stack: Stack, build: Docker) -> None:
    """An image that answers nothing is named, and what to do about it."""
    done = build(f"--build-arg=SPYBUILD_INNER_SYNTAX={stack.bare}")
    assert shown(done.stderr)[-2:] == [
        f"ERROR: failed to build: failed to solve: spybuild: {stack.bare} gave no answer (exit code: 1): it is no Dockerfile frontend, or broken",
        "  name another in SPYBUILD_INNER_SYNTAX; without it BuildKit's own is used",
    ]
