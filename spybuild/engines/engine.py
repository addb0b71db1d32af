"""What an engine is: it opens an image, and runs the probe on one platform of it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from spybuild.model.image import Image, PlatformImage
from spybuild.probe.limits import Limits

if TYPE_CHECKING:  # the models cost time to load, and are not needed to start a container
    from spybuild.model.facts import Facts
    from spybuild.probe.request import Request


class Engine(Protocol):
    """Opens images and runs the probe. All methods may be called from several threads at once."""

    name: str

    def open(self, reference: str) -> Image:
        """The image that `reference` names.

        Raises:
            ImageNotFound: there is none.
            EngineUnavailable: the engine does not answer.
        """

    def prepare(self, images: Iterable[PlatformImage], limits: Limits) -> None:
        """Begin what can begin before the request is known, in the background; `run` follows, or `close`."""

    def label(self, image: PlatformImage, name: str) -> str | None:
        """The value of a label of the image."""

    def read_file(self, image: PlatformImage, path: str) -> bytes:
        """The content of a file of the image, 4 MiB at most.

        Raises:
            ImageNotFound: there is no such file.
        """

    def run(self, image: PlatformImage, request: "Request", progress: Callable[[str], None]) -> "Facts":
        """What the probe answers on this platform.

        Raises:
            PlatformNotRunnable: this machine cannot run the platform.
            InterpreterNotFound: the image has no Python.
            ProbeError: the probe's answer cannot be trusted.
        """

    def close(self) -> None:
        """Stop what still runs and remove it."""
