"""What tests of the verbs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attestation.registries import registry_with
from tests.cli.attesting import Desk, desk_in
from tests.fakes.sigstore import FakeSigstore
from tests.images.small import two_platforms


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An image of two platforms that was reported to pass, and is not attested yet."""
    with registry_with(two_platforms(), referrers=True) as server:
        made = desk_in(tmp_path, server, capsys)
        made.report()
        yield made


@pytest.fixture
def attested(desk: Desk) -> Desk:
    """The image, attested with the key."""
    assert desk.attest().code == 0
    return desk


@pytest.fixture
def sigstore() -> Iterator[FakeSigstore]:
    """A private Sigstore of the test's own."""
    with FakeSigstore() as made:
        yield made
