"""Builds images with the stack's real BuildKit."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.stack import Docker, Stack

BOTH = ("linux/amd64", "linux/arm64")


def docker(engine: Docker, *arguments: str, stdin: str | None = None) -> str:
    """Run the docker client against an engine and return what it printed."""
    done = subprocess.run(
        [engine.client or "docker", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={**os.environ, **engine.environment()},
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr[-2000:]}"
    return done.stdout


def build(
    stack: Stack,
    tag: str,
    context: Path,
    *options: str,
    platforms: Sequence[str] = BOTH,
    build_args: Mapping[str, str] | None = None,
) -> str:
    """Build an image of several platforms into the main engine's store and return its tag."""
    assert stack.docker is not None
    flags = [flag for name, value in (build_args or {}).items() for flag in ("--build-arg", f"{name}={value}")]
    docker(
        stack.docker, "buildx", "build", "--quiet", "--load", "--tag", tag, "--platform", ",".join(platforms),
        *flags, *options, str(context),
    )  # fmt: skip
    return tag


def image_of(
    stack: Stack, tag: str, folder: Path, files: Mapping[str, str], *, base: str = "3.13", lines: str = "",
    platforms: Sequence[str] = ("linux/amd64",),
) -> str:  # fmt: skip
    """Build an image that has these files in /app, on one of the stack's bases, with further lines of a Dockerfile."""
    context = folder / "context"
    (context / "app").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = context / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    reference = stack.bases.get(base, base)
    (context / "Dockerfile").write_text(f"FROM {reference}\nWORKDIR /app\nCOPY app/ ./\n{lines}\n")
    return build(stack, tag, context, platforms=platforms)
