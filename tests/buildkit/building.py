"""What the tests of the images in real builds share."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from buildkit.image import Build
from tests.stack import Stack

Docker = Callable[..., subprocess.CompletedProcess[str]]
"""Runs the docker client with these arguments; `cwd` and further variables of the environment by keyword."""
TAG, FRONTEND = "spybuild/spybuild:tested", "spybuild/frontend:tested"
BOTH = "linux/amd64,linux/arm64"


def client_of(stack: Stack) -> tuple[str, Mapping[str, str]]:
    """The docker client of the stack's engine, and the variables that point it there."""
    assert stack.docker is not None
    return stack.docker.client or "docker", stack.docker.environment()


def docker_of(stack: Stack) -> Docker:
    """Run the docker client against the stack's engine."""
    client, variables = client_of(stack)

    def run(*arguments: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **variables, "DEVICE_TOKEN": "any-value", **more}
        command = [client, *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=500, env=environment, cwd=cwd
        )

    return run


def published(stack: Stack) -> str:
    """The frontend, built from this checkout and pushed to the stack's registry, where builds take it from."""
    client, environment = client_of(stack)
    tag = f"{registry_of(stack)}/spybuild-test/frontend:1"
    Build(
        platforms=("linux/amd64",), tag=tag, target="frontend", base=stack.bases["3.13"], push=True,
        docker=client, environment=environment,
    ).run(quiet=True)  # fmt: skip
    return tag


def registry_of(stack: Stack) -> str:
    """The stack's registry: host and port."""
    assert stack.registry is not None
    return stack.registry.address
