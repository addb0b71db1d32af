"""The interpreters the probe is tried on."""

import pytest

from tests.probe.running import interpreters, open_to_all, since


def _name(path: str) -> str:
    return "-".join(path.strip("/").split("/")[-3::2])


@pytest.fixture(params=interpreters(), ids=_name, scope="session")
def python(request: pytest.FixtureRequest) -> str:
    """One interpreter after the other."""
    path: str = request.param
    return path


@pytest.fixture(params=since(3, 7), ids=_name, scope="session")
def python37(request: pytest.FixtureRequest) -> str:
    """The interpreters that know what Python 3.7 brought."""
    path: str = request.param
    return path


@pytest.fixture(params=since(3, 10), ids=_name, scope="session")
def python310(request: pytest.FixtureRequest) -> str:
    """The interpreters that know what Python 3.10 brought."""
    path: str = request.param
    return path


@pytest.fixture(params=open_to_all(), ids=_name, scope="session")
def public_python(request: pytest.FixtureRequest) -> str:
    """The interpreters that an unprivileged user may run."""
    path: str = request.param
    return path
