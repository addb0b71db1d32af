"""What every source of images offers: a registry, a layout, an archive, a daemon's export, a folder."""

from typing import Protocol

from spybuild.images.files import Files
from spybuild.model.image import Image, ImageConfig, PlatformImage


class Source(Protocol):
    """One image, opened where it is. All methods may be called from several threads at once.

    Every byte is held against the digest it was asked for before anything is made of it.
    """

    def image(self) -> Image:
        """The index and its platforms; `unknown/unknown` attestation entries are none.

        Raises:
            ImageNotFound: there is no such image, or nothing in it could run.
            ImageInvalid: what is there is no image, is damaged, or does not match its digest.
            SourceUnavailable: the registry or daemon does not answer, or refuses us.
        """

    def config(self, image: PlatformImage) -> ImageConfig:
        """The config of one platform. Raises as `image`."""

    def files(self, image: PlatformImage) -> Files:
        """The merged file tree of one platform. Raises as `image`."""

    def close(self) -> None:
        """Hang up, and drop what is temporary."""
