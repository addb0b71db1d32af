"""The interpreters the probe is tried on."""

import pytest

from tests.probe.running import interpreters


@pytest.fixture(params=interpreters(), ids=lambda path: "-".join(path.strip("/").split("/")[-3::2]), scope="session")
def python(request: pytest.FixtureRequest) -> str:
    """One interpreter after the other."""
    path: str = request.param
    return path
