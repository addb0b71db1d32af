"""The frontend on the stack's engines, and a context to build."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.buildkit.frontend.building import CONTRACT, PLUGIN, Client, Docker
from tests.stack import BuildKit, Stack


@pytest.fixture(scope="session")
def frontend(published: str) -> str:
    """The frontend, where builds take it from."""
    return published


@pytest.fixture(scope="session")
def buildkit(stack: Stack) -> BuildKit:
    """BuildKit's own daemons."""
    assert stack.buildkit is not None, "run `make stack`"
    return stack.buildkit


@pytest.fixture
def context(tmp_path: Path, stack: Stack, frontend: str) -> Path:
    """A plugin with its contract, and a Dockerfile that begins with our line."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "plugin.py").write_text(PLUGIN)
    (folder / "spymodel.yml").write_text(CONTRACT)
    lines = f'FROM {stack.bases["3.13"]}\nWORKDIR /app\nCOPY plugin.py .\nENV MODE=a\nCMD ["python3", "plugin.py"]\n'
    (folder / "Dockerfile").write_text(f"# syntax={frontend}\n{lines}")
    (folder / "Dockerfile.plain").write_text(lines)
    return folder


@pytest.fixture
def engine(request: pytest.FixtureRequest, stack: Stack) -> Mapping[str, str]:
    """The variables that point buildx at an engine: Docker's, or where a test's parameter says so BuildKit's own."""
    if getattr(request, "param", "docker") == "docker":
        return {}
    found: BuildKit = request.getfixturevalue("buildkit")
    return found.environment()


@pytest.fixture
def client(stack: Stack, context: Path, engine: Mapping[str, str]) -> Client:
    """The docker client, in the context."""
    assert stack.docker is not None
    return Client(stack.docker.client or "docker", context, {**stack.docker.environment(), **engine})


@pytest.fixture
def docker(client: Client) -> Docker:
    """Run the docker client in the context."""
    return client.run


@pytest.fixture
def build(client: Client) -> Docker:
    """Build the context: to nowhere, for amd64, unless told otherwise."""
    return client.build
