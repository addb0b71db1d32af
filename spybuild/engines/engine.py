"""What an engine is: it opens an image, and runs the probe on one platform of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from spybuild.errors import ImageNotFound
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from spybuild.probe.limits import Limits

if TYPE_CHECKING:  # the models cost time to load, and are not needed to start a container
    from spybuild.model.facts import Facts
    from spybuild.probe.request import Request


@dataclass(frozen=True)
class ImageConfig:
    """What the image's config says about how it runs (OCI image-spec, `config`). Values of `env` are not shown."""

    env: tuple[str, ...] = field(default=(), repr=False)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line the image runs by default."""
        return self.entrypoint + self.cmd

    def variable(self, name: str) -> str:
        """The value of an ENV variable; empty where it is not set."""
        return next((each.partition("=")[2] for each in self.env if each.startswith(f"{name}=")), "")


@dataclass(frozen=True)
class PlatformImage:
    """One platform of an image. `digest` is its manifest's; None where the engine keeps none."""

    platform: Platform
    digest: Digest | None
    reference: str


@dataclass(frozen=True)
class Image:
    """An image as an engine knows it: an index over several platforms, or one platform alone."""

    reference: str
    digest: Digest | None
    kind: str
    platforms: tuple[PlatformImage, ...]

    def choose(self, wanted: Sequence[Platform]) -> tuple[PlatformImage, ...]:
        """The platforms that are wanted; all of them where nothing is said.

        Raises:
            ImageNotFound: a wanted platform is not in the image.
        """
        has = ", ".join(str(each.platform) for each in self.platforms)
        for platform in wanted:
            if not any(each.platform.satisfies(platform) for each in self.platforms):
                raise ImageNotFound(f"{self.reference} has no platform {platform}", f"it has {has}")
        return tuple(
            each
            for each in self.platforms
            if not wanted or any(each.platform.satisfies(platform) for platform in wanted)
        )


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
