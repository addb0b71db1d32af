"""What attestation's tests share."""

from collections.abc import Iterator

import pytest

from tests.fakes.sigstore import FakeSigstore


@pytest.fixture
def sigstore() -> Iterator[FakeSigstore]:
    """A private Sigstore of the test's own."""
    with FakeSigstore() as made:
        yield made
