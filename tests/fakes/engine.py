"""An engine that answers from memory."""

from collections.abc import Callable, Iterable, Mapping

from spybuild.errors import ImageNotFound, SpyBuildError
from spybuild.model.digests import Digest
from spybuild.model.facts import Facts
from spybuild.model.image import Image, PlatformImage
from spybuild.model.platforms import Platform
from spybuild.probe.limits import Limits
from spybuild.probe.request import Request


class FakeEngine:
    """One image whose platforms answer with facts, or raise an error."""

    name = "fake"

    def __init__(
        self, answers: Mapping[str, Facts | SpyBuildError], *, label: str | None = None, file: bytes = b""
    ) -> None:
        self.answers = dict(answers)
        self.requests: list[Request] = []
        self.closed = False
        self.prepared: tuple[PlatformImage, ...] = ()
        self._label, self._file = label, file

    def open(self, reference: str) -> Image:
        """The image; its digests are those of the platforms' names."""
        platforms = tuple(
            PlatformImage(Platform.parse(name), Digest.of(name.encode()), reference) for name in self.answers
        )
        return Image(reference, Digest.of(reference.encode()), "index", platforms)

    def prepare(self, images: Iterable[PlatformImage], limits: Limits) -> None:
        """Remember what was to be prepared."""
        self.prepared = tuple(images)

    def label(self, image: PlatformImage, name: str) -> str | None:
        """The label given, whatever its name."""
        return self._label

    def read_file(self, image: PlatformImage, path: str) -> bytes:
        """The file given, under the label's path."""
        if path != self._label:
            raise ImageNotFound(f"the image has no file {path}")
        return self._file

    def run(self, image: PlatformImage, request: Request, progress: Callable[[str], None]) -> Facts:
        """The platform's facts; its error is raised."""
        self.requests.append(request)
        progress("running python3")
        answer = self.answers[str(image.platform)]
        if isinstance(answer, SpyBuildError):
            raise answer
        return answer

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
