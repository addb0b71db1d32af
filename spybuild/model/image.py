"""An image as its sources and engines tell of it: an index over platforms, or one platform; how it is run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spybuild.errors import ImageNotFound
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform


@dataclass(frozen=True)
class ImageConfig:
    """What the image's config says about how it runs (OCI image-spec, `config`). Values of `env` are not shown.

    `history` holds the commands that made the layers (`created_by`), where the source tells them.
    """

    env: tuple[str, ...] = field(default=(), repr=False)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = ""
    user: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = field(default=(), repr=False)

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
