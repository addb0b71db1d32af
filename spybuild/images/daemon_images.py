"""What a daemon is asked about its images: one way for the engine that runs them and for the source that reads them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from spybuild.daemon.api import EngineApi, NotThere, Query, Refused, quoted
from spybuild.errors import EngineUnavailable, ImageNotFound, UsageError
from spybuild.images.daemon_answers import as_json, image_of, keeps_indexes
from spybuild.model.image import Image, PlatformImage

_API_OF_MANIFESTS, _API_OF_PLATFORMS = (1, 48), (1, 49)  # Docker Engine 28.0 and 28.1


class DaemonImages:
    """The images of one daemon. Methods may be called from several threads at once."""

    def __init__(self, api: EngineApi) -> None:
        """Nothing is asked yet."""
        self._api = api

    @property
    def tells_manifests(self) -> bool:
        """Whether the API tells of an index's manifests, and exports one platform of it."""
        return self._api.version >= _API_OF_MANIFESTS

    @property
    def tells_platforms(self) -> bool:
        """Whether the API tells of any platform of an index, and not of its own alone."""
        return self._api.version >= _API_OF_PLATFORMS

    @cached_property
    def hides_indexes(self) -> bool:
        """Whether the store keeps indexes of which the API tells nothing: Docker 26 and 27, on the containerd store."""
        return not self.tells_manifests and keeps_indexes(self._api.get("/info"))

    def image(self, name: str) -> tuple[Image, dict[str, Any]]:
        """The image that the daemon calls `name`, and all that it says of it.

        Raises:
            ImageNotFound: it has no such image, or nothing in it could run.
            EngineUnavailable: it does not answer, refuses, or makes no sense.
        """
        seen = self.inspect(name)
        with sensible(name):
            return image_of(name, seen), seen

    def inspect(self, name: str, image: PlatformImage | None = None) -> dict[str, Any]:
        """What the daemon says of an image, or of one platform of it. Raises as `image`."""
        query: Query = {"manifests": 1} if self.tells_manifests and image is None else {}
        found: dict[str, Any] = self._asked("json", name, image, query)
        return found

    def history(self, name: str, image: PlatformImage) -> list[dict[str, Any]]:
        """What the daemon says of how a platform was made. Raises as `image`."""
        found: list[dict[str, Any]] = self._asked("history", name, image, {})
        return found

    def _asked(self, what: str, name: str, image: PlatformImage | None, query: Query) -> Any:
        if image and self.tells_platforms:
            query = {**query, "platform": as_json(image.platform)}
        for_whom = f"{name} for {image.platform}" if image else name
        try:
            return self._api.get(f"/images/{quoted(image.reference if image else name)}/{what}", query)
        except NotThere as error:
            flags = f"--platform {image.platform} " if image else ""
            hint = f"fetch it with `docker pull {flags}{name}`, or build it"
            raise ImageNotFound(f"the engine has no image {for_whom}", hint) from error
        except Refused as error:
            raise EngineUnavailable(f"the engine did not tell about {for_whom}: {error}") from error


@contextmanager
def sensible(name: str) -> Iterator[None]:
    """Around what is made of an answer about the image `name`.

    Raises:
        EngineUnavailable: the answer has not the form that the Engine API gives it.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise EngineUnavailable(f"what the engine tells about {name} makes no sense: {error!r}") from error
