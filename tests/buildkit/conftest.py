"""The images that the tests of real builds use, made from this checkout once."""

from collections.abc import Callable

import pytest

from buildkit.image import Build
from tests.buildkit import building
from tests.buildkit.building import FRONTEND, TAG, Docker, client_of, docker_of
from tests.stack import Stack


@pytest.fixture(scope="session")
def docker(stack: Stack) -> Docker:
    """Run the docker client against the stack's engine."""
    return docker_of(stack)


@pytest.fixture(scope="session")
def build(stack: Stack) -> Callable[..., Build]:
    """A build with the stack's Docker and Python."""
    client, environment = client_of(stack)
    return lambda **options: Build(base=stack.bases["3.13"], docker=client, environment=environment, **options)


@pytest.fixture(scope="session")
def image(build: Callable[..., Build]) -> str:
    """The image, built from this checkout."""
    build(tag=TAG).run(quiet=True)
    return TAG


@pytest.fixture(scope="session")
def frontend(build: Callable[..., Build]) -> Build:
    """The frontend's image, likewise."""
    made = build(tag=FRONTEND, target="frontend")
    made.run(quiet=True)
    return made


@pytest.fixture(scope="session")
def published(stack: Stack) -> str:
    """The frontend in the stack's registry."""
    return building.published(stack)
