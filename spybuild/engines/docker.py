"""The Docker engine: a Docker daemon, or Podman's Docker-compatible socket.

With the containerd store one tag holds a whole index; the classic store and Podman keep one platform for a tag. What
is run is what is reported: containers are made by digest wherever the engine knows one.
"""

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from io import BytesIO
from typing import TYPE_CHECKING

from spybuild.daemon.address import Address, usual_address
from spybuild.daemon.api import EngineApi, NotThere
from spybuild.engines.containers import NOBODY, CannotStart, Command, Container, Containers, Ended
from spybuild.engines.leftovers import reap
from spybuild.errors import EngineUnavailable, ImageNotFound, InterpreterNotFound, PlatformNotRunnable, ProbeError
from spybuild.images.daemon_answers import platform_of, read_config
from spybuild.images.daemon_images import DaemonImages, sensible
from spybuild.interpreters.candidates import candidates, entry_dir
from spybuild.model.digests import Reference
from spybuild.model.image import Image, ImageConfig, PlatformImage
from spybuild.probe.boot import BOOT, framed, probe_source
from spybuild.probe.limits import Limits

if TYPE_CHECKING:  # the models cost time to load, and are not needed to start a container
    from spybuild.model.facts import Facts
    from spybuild.probe.request import Exchange, Request

log = logging.getLogger(__name__)

_LARGEST_FILE = 4 << 20
_ARCHIVE_OVERHEAD = 1 << 16
_KILLED = 137  # 128 + SIGKILL
_EXEC_FORMAT = "exec format error"
_INSTALL_EMULATORS = (
    "install its emulator: `docker run --privileged --rm tonistiigi/binfmt --install all`, "
    "or on Debian `apt-get install qemu-user-static binfmt-support`"
)
_NOT_FOUND = ("not found", "no such file", "permission denied", "is a directory", "not a directory")


class DockerEngine:
    """Opens images of a daemon and runs the probe in them."""

    name = "docker"

    def __init__(
        self,
        address: Address | None = None,
        *,
        python: str | None = None,
        as_nobody: bool = True,
    ) -> None:
        """Connect to the daemon, and remove what killed scans have left there.

        Args:
            address: where the daemon is; None follows DOCKER_HOST and the current docker context.
            python: the interpreter's path in the image, if it is not to be looked for.
            as_nobody: whether the probe runs as user 65534, or as the image's own user.

        Raises:
            EngineUnavailable: no daemon answers there.
        """
        self._python, self._user = python, NOBODY if as_nobody else None
        self._api = EngineApi(address or usual_address())
        self._images = DaemonImages(self._api)
        self._hides_indexes = self._images.hides_indexes  # asked now, so that a daemon that is not there is told of
        self._containers = Containers(self._api)
        self._configs: dict[PlatformImage, ImageConfig] = {}
        self._prepared: dict[PlatformImage, Future[Container]] = {}
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 2) + 1, thread_name_prefix="prepare")
        self._pool.submit(reap, self._api)  # beside the rest, for nothing waits for it

    def open(self, reference: str) -> Image:
        """The image that `reference` names; see `Engine.open`."""
        name = str(Reference.parse(reference))
        if self._hides_indexes:
            return self._open_export(name)
        image, seen = self._images.image(name)
        with sensible(name):
            for platform in image.platforms:  # the config that came along is that of the daemon's own platform
                if platform.platform == platform_of(seen):
                    self._configs[platform] = read_config(seen["Config"])
        return image

    def _open_export(self, name: str) -> Image:
        """The image as the daemon exports it: that takes the time of writing it all, and alone shows its index."""
        from spybuild.images.daemon import DaemonSource  # what reads layers takes time to load, and is for this alone
        from spybuild.images.layers.store import LayerStore

        with closing(DaemonSource(name, self._api, LayerStore())) as source:
            image = source.image()
            for platform in image.platforms:
                with suppress(ImageNotFound):  # what was never pulled is named by the index only
                    self._configs[platform] = source.config(platform)
        return image

    def prepare(self, images: Iterable[PlatformImage], limits: Limits) -> None:
        """Start the interpreters of these images, as many at once as there are cores; see `Engine.prepare`."""
        for image in images:
            self._prepared[image] = self._pool.submit(self._start, image, limits, prefers_pypy=False)

    def label(self, image: PlatformImage, name: str) -> str | None:
        """The value of a label; see `Engine.label`."""
        return self._config(image).labels.get(name)

    def read_file(self, image: PlatformImage, path: str) -> bytes:
        """A file's content, read without running anything; see `Engine.read_file`."""
        with self._containers.unstarted(image.reference, self._platform_argument(image)) as container:
            try:
                return _only_file(self._api.stream(f"/containers/{container}/archive", {"path": path}), path)
            except NotThere as error:
                raise ImageNotFound(f"the image has no file {path}") from error

    def run(self, image: PlatformImage, request: "Request", progress: Callable[[str], None]) -> "Facts":
        """The probe's answer on one platform; see `Engine.run`."""
        from spybuild.probe.request import Exchange

        progress("starting its interpreter")
        container = self._interpreter(image, request)
        config = self._config(image)
        exchange = Exchange(request.placed(config.workdir or "/", entry_dir(config)))
        progress("importing")
        return self._ask(image, container, exchange, request)

    def close(self) -> None:
        """Remove what still runs, and hang up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._containers.close()
        self._pool.shutdown()  # a container that was being started meanwhile is alive now
        self._containers.close()

    def _interpreter(self, image: PlatformImage, request: "Request") -> Container:
        """The container that was prepared, unless the contract wants another interpreter to be looked for first."""
        prepared = self._prepared.pop(image, None)
        if prepared is None:
            return self._start(image, request.limits, prefers_pypy=request.prefers_pypy)
        container = prepared.result()
        if not request.prefers_pypy or self._python:
            return container
        self._containers.remove(container.identity)
        return self._start(image, request.limits, prefers_pypy=True)

    def _start(self, image: PlatformImage, limits: Limits, *, prefers_pypy: bool) -> Container:
        """A container with the first candidate that can be started, waiting for the probe on stdin."""
        for python in candidates(self._config(image), self._python, prefers_pypy):
            argv = (python, "-I", "-S", "-B", "-c", BOOT)
            command = Command(image.reference, self._platform_argument(image), argv, self._user, limits)
            try:
                container = self._containers.start(command, framed(probe_source()))
            except CannotStart as error:
                if not any(words in str(error).lower() for words in _NOT_FOUND):
                    message = f"the engine did not start {python} on {image.platform}: {error}"
                    raise EngineUnavailable(message) from error
                log.debug("%s: no %s: %s", image.platform, python, error)
                continue
            log.debug("%s: %s runs in container %.12s", image.platform, python, container.identity)
            return container
        raise InterpreterNotFound(
            f"the image has no Python for {image.platform} where one is looked for", "name it with --python PATH"
        )

    def _config(self, image: PlatformImage) -> ImageConfig:
        if image not in self._configs:
            with sensible(image.reference):
                self._configs[image] = read_config(self._images.inspect(image.reference, image)["Config"])
        return self._configs[image]

    def _platform_argument(self, image: PlatformImage) -> str | None:
        """The platform to ask for; an engine that keeps one platform for a tag is not asked (20.10 would refuse)."""
        return str(image.platform) if self._hides_indexes or self._images.tells_manifests else None

    def _ask(self, image: PlatformImage, container: Container, exchange: "Exchange", request: "Request") -> "Facts":
        limits, modules, manifest = request.limits, len(request.modules), container.manifest()
        if manifest and image.digest and manifest != str(image.digest):
            self._containers.remove(container.identity)
            raise ProbeError(f"the engine ran {manifest} where {image.digest} was asked for")
        ended = container.ask(
            exchange.question, exchange.end, limits.total_seconds(modules), limits.total_answer_bytes(modules)
        )
        try:
            facts = exchange.facts(bytes(ended.stdout))
        except ProbeError as error:
            self._containers.remove(container.identity)
            raise _why_no_answer(image, error, ended, container.exit_code()) from None
        self._containers.ended(container)  # the probe leaves when it has answered
        return facts


def _why_no_answer(
    image: PlatformImage, error: ProbeError, ended: Ended, exit_code: int | None
) -> ProbeError | PlatformNotRunnable:
    """The error to raise where the container gave no answer: how it ended says why."""
    words = bytes(ended.stderr).decode("utf-8", "replace").strip()
    if _EXEC_FORMAT in words.lower():
        return PlatformNotRunnable(f"this machine cannot run {image.platform}", _INSTALL_EMULATORS)
    if ended.out_of_time:
        reason = "the container ran out of time and was killed"
    elif exit_code == _KILLED:
        reason = "the container was killed, most likely for want of memory"
    else:
        reason = "the container ended" if exit_code is None else f"the container ended with status {exit_code}"
    return ProbeError(f"{error.message}; {reason}", words)


def _only_file(chunks: Iterable[bytes], path: str) -> bytes:
    """The file in the archive that the daemon made of a path; what is too large is not read to its end."""
    import tarfile  # for contracts in images alone

    archive = bytearray()
    for chunk in chunks:
        archive += chunk
        if len(archive) > _LARGEST_FILE + _ARCHIVE_OVERHEAD:
            raise ImageNotFound(f"{path} in the image is larger than {_LARGEST_FILE >> 20} MiB, or a folder")
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content:
                return content.read()
    raise ImageNotFound(f"{path} in the image is no regular file")
