"""What the tests of the registry client share: no waiting, and a store of layers."""

from collections.abc import Callable

from spybuild.images.registry.credentials import Login
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.repository import Repository
from spybuild.images.registry.transport import Patience, Transport
from spybuild.images.registry.writing import WritableRepository
from tests.fakes.registry import FakeServer

HASTE = Patience(connect=2, read=0.5, attempts=3, total=5, pace=2)


def no_pause(_: float) -> None:
    """Tests do not wait."""


def hasty(**options: object) -> Transport:
    """A transport that waits for nobody."""
    return Transport(**{"patience": HASTE, "pause": no_pause, **options})  # type: ignore[arg-type]


def repository(
    server: FakeServer, name: str = "shop/api", login: Callable[[], Login | None] = lambda: None, **options: object
) -> Repository:
    """A repository of a fake registry."""
    return Repository(RepositoryName(server.address, name), hasty(**options), lambda _: login())


def writable(
    server: FakeServer,
    name: str = "shop/api",
    login: Callable[[], Login | None] = lambda: None,
    mount_from: str = "",
    **options: object,
) -> WritableRepository:
    """A repository of a fake registry that is written to; `mount_from` is another one of that registry."""
    source = RepositoryName(server.address, mount_from) if mount_from else None
    return WritableRepository(RepositoryName(server.address, name), hasty(**options), lambda _: login(), source)
