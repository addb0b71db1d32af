"""The Docker engine: a Docker daemon, or Podman's Docker-compatible socket.

With the containerd store one tag holds a whole index; the classic store and Podman keep one platform for a tag. What
is run is what is reported: containers are made by digest wherever the engine knows one.
"""

import json
import logging
import os
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.errors import ImageNotFound as NoSuchImage

from spybuild.engines.containers import NOBODY, CannotStart, Command, Containers, Ended
from spybuild.engines.engine import Image, ImageConfig, PlatformImage
from spybuild.engines.interpreter import candidates, entry_dir
from spybuild.engines.leftovers import reap
from spybuild.errors import EngineUnavailable, ImageNotFound, InterpreterNotFound, PlatformNotRunnable, ProbeError
from spybuild.model.digests import Digest, Reference
from spybuild.model.facts import Facts
from spybuild.model.platforms import Platform
from spybuild.probe.reading import BOOT
from spybuild.probe.request import Exchange, Request

log = logging.getLogger(__name__)

_ANSWER_OVERHEAD = 1 << 20
_LARGEST_FILE = 4 << 20
_EXEC_FORMAT = "exec format error"
_NOT_FOUND = ("not found", "no such file", "permission denied", "is a directory", "not a directory")
_API_OF_MANIFESTS, _API_OF_PLATFORMS = (1, 48), (1, 49)  # Docker Engine 28.0 and 28.1


class DockerEngine:
    """Opens images of a daemon and runs the probe in them."""

    name = "docker"

    def __init__(
        self,
        url: str | None = None,
        *,
        python: str | None = None,
        user: str | None = NOBODY,
        prefers_pypy: bool = False,
    ) -> None:
        """Connect to the daemon.

        Args:
            url: the daemon's address; None follows DOCKER_HOST and the current docker context.
            python: the interpreter's path in the image, if it is not to be looked for.
            user: as whom the probe runs; None for the image's own user.
            prefers_pypy: whether the contract allows PyPy only.

        Raises:
            EngineUnavailable: no daemon answers there.
        """
        self._python, self._user, self._prefers_pypy = python, user, prefers_pypy
        try:
            self._client = docker.DockerClient(base_url=url) if url else docker.from_env()
            self._api: Any = self._client.api
            self._api_version = tuple(int(part) for part in self._api.api_version.split("."))
            reap(self._api)
        except (DockerException, requests.RequestException) as error:
            where = url or os.environ.get("DOCKER_HOST") or "its usual socket"
            raise EngineUnavailable(
                f"no Docker daemon answers at {where}: {_reason(error)}",
                "start it (systemctl start docker), or say where it is with DOCKER_HOST; "
                "inside a build stage or a container use `spybuild validate`",
            ) from error
        self._containers = Containers(self._api)

    def open(self, reference: str) -> Image:
        """The image that `reference` names; see `Engine.open`."""
        name = str(Reference.parse(reference))
        try:
            seen = self._inspect(name, {"manifests": 1} if self._api_version >= _API_OF_MANIFESTS else {})
        except (NoSuchImage, NotFound) as error:
            raise ImageNotFound(
                f"the engine has no image {name}", f"fetch it with `docker pull {name}`, or build it"
            ) from error
        except (DockerException, requests.RequestException) as error:
            raise EngineUnavailable(f"the engine did not tell about {name}: {_reason(error)}") from error
        if seen.get("Manifests"):
            return _index(name, seen)
        platform = Platform.of(seen["Os"], seen["Architecture"], seen.get("Variant") or "")
        digest = _digest_of(seen)
        return Image(name, digest, "image", (PlatformImage(platform, digest, seen["Id"]),))

    def label(self, image: PlatformImage, name: str) -> str | None:
        """The value of a label; see `Engine.label`."""
        return self._config(image).labels.get(name)

    def read_file(self, image: PlatformImage, path: str) -> bytes:
        """A file's content, read without running anything; see `Engine.read_file`."""
        with self._containers.made(image.reference, self._platform_argument(image)) as container:
            try:
                chunks, stat = self._api.get_archive(container, path)
            except NotFound as error:
                raise ImageNotFound(f"the image has no file {path}") from error
            if stat["size"] > _LARGEST_FILE:
                raise ImageNotFound(f"{path} in the image is larger than {_LARGEST_FILE >> 20} MiB")
            return _only_file(BytesIO(b"".join(chunks)), path)

    def run(self, image: PlatformImage, request: Request, progress: Callable[[str], None]) -> Facts:
        """The probe's answer on one platform; see `Engine.run`."""
        config = self._config(image)
        exchange = Exchange(request.placed(config.workdir or "/", entry_dir(config)))
        for python in candidates(config, self._python, self._prefers_pypy):
            progress(f"running {python}")
            try:
                ended = self._probe(image, python, exchange, request)
            except CannotStart as error:
                if not any(words in str(error).lower() for words in _NOT_FOUND):
                    raise EngineUnavailable(
                        f"the engine did not start {python} on {image.platform}: {error}"
                    ) from error
                log.debug("%s: no %s: %s", image.platform, python, error)
                continue
            return _answer(image, exchange, ended)
        raise InterpreterNotFound(
            f"the image has no Python for {image.platform} where one is looked for", "name it with --python PATH"
        )

    def close(self) -> None:
        """Remove what still runs, and hang up."""
        self._containers.close()
        self._client.close()

    def _probe(self, image: PlatformImage, python: str, exchange: Exchange, request: Request) -> Ended:
        limits = request.limits
        argv = (python, "-I", "-S", "-B", "-c", BOOT)
        command = Command(image.reference, self._platform_argument(image), argv, self._user, limits)
        modules = len(request.modules)
        most = limits.answer_bytes * max(1, modules) + _ANSWER_OVERHEAD
        return self._containers.run(command, exchange.payload, limits.total_seconds(modules), most)

    def _config(self, image: PlatformImage) -> ImageConfig:
        if self._api_version >= _API_OF_PLATFORMS and image.digest:
            return _read_config(self._inspect(image.reference, {"platform": _as_json(image.platform)})["Config"])
        return _read_config(self._inspect(image.reference, {})["Config"])

    def _platform_argument(self, image: PlatformImage) -> str | None:
        """The platform to ask for; an engine that keeps one platform for a tag is not asked (20.10 would refuse)."""
        return str(image.platform) if self._api_version >= _API_OF_MANIFESTS else None

    def _inspect(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        """`GET /images/{name}/json`, with parameters that docker-py does not pass on."""
        url = self._api._url("/images/{0}/json", name)
        found: dict[str, Any] = self._api._result(self._api._get(url, params=params), True)
        return found


def podman_url() -> str:
    """Where Podman's socket is: CONTAINER_HOST, the user's, the system's.

    Raises:
        EngineUnavailable: there is none.
    """
    if host := os.environ.get("CONTAINER_HOST"):
        return host
    folders = (os.environ.get("XDG_RUNTIME_DIR"), "/run")
    for socket in (Path(folder, "podman", "podman.sock") for folder in folders if folder):
        if socket.exists():
            return f"unix://{socket}"
    raise EngineUnavailable(
        "no Podman socket", "start one with `systemctl --user start podman.socket`, or set CONTAINER_HOST"
    )


def _index(name: str, seen: dict[str, Any]) -> Image:
    """The platforms of an index in the containerd store; attestation manifests are no platforms."""
    digest = Digest.parse(seen["Descriptor"]["digest"])
    images = [manifest for manifest in seen["Manifests"] if manifest["Kind"] == "image"]
    single = "index" not in seen["Descriptor"]["mediaType"] and "list" not in seen["Descriptor"]["mediaType"]
    platforms = tuple(_of_manifest(digest, manifest) for manifest in images)
    if not platforms:
        raise ImageNotFound(f"{name} holds no image that could run, only attestations or artifacts")
    return Image(name, digest, "image" if single else "index", platforms)


def _of_manifest(index: Digest, manifest: dict[str, Any]) -> PlatformImage:
    seen = manifest["ImageData"]["Platform"]
    platform = Platform.of(seen["os"], seen["architecture"], seen.get("variant") or "")
    return PlatformImage(platform, Digest.parse(manifest["Descriptor"]["digest"]), str(index))


def _digest_of(seen: dict[str, Any]) -> Digest | None:
    """The manifest's digest: told by the containerd store, elsewhere only for images that came from a registry."""
    if descriptor := seen.get("Descriptor"):
        return Digest.parse(descriptor["digest"])
    digests = {digest.partition("@")[2] for digest in seen.get("RepoDigests") or ()}
    return Digest.parse(digests.pop()) if len(digests) == 1 else None


def _read_config(config: dict[str, Any]) -> ImageConfig:
    return ImageConfig(
        env=tuple(config.get("Env") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        workdir=config.get("WorkingDir") or "",
        user=config.get("User") or "",
        labels=config.get("Labels") or {},
    )


def _as_json(platform: Platform) -> str:
    fields = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
    return json.dumps({key: value for key, value in fields.items() if value})


def _answer(image: PlatformImage, exchange: Exchange, ended: Ended) -> Facts:
    """The facts in what the container wrote; how it ended says why there are none."""
    words = bytes(ended.stderr).decode("utf-8", "replace").strip()
    if _EXEC_FORMAT in words.lower():
        raise PlatformNotRunnable(
            f"this machine cannot run {image.platform}",
            "install its emulator: `docker run --privileged --rm tonistiigi/binfmt --install all`, "
            "or on Debian `apt-get install qemu-user-static binfmt-support`",
        )
    if ended.manifest and image.digest and ended.manifest != str(image.digest):
        raise ProbeError(f"the engine ran {ended.manifest} where {image.digest} was asked for")
    try:
        return exchange.facts(bytes(ended.stdout))
    except ProbeError as error:
        raise ProbeError(f"{error}{_why(ended)}", words) from None


def _why(ended: Ended) -> str:
    if ended.out_of_time:
        return "; the container ran out of time and was killed"
    if ended.out_of_memory:
        return "; the container ran out of memory"
    return "" if ended.exit_code is None else f"; the container ended with status {ended.exit_code}"


def _only_file(archive: BytesIO, path: str) -> bytes:
    with tarfile.open(fileobj=archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content:
                return content.read(_LARGEST_FILE)
    raise ImageNotFound(f"{path} in the image is no regular file")


def _reason(error: BaseException) -> str:
    """What went wrong in few words: the daemon's own, or the operating system's under layers of libraries."""
    if isinstance(error, APIError) and error.explanation:
        return str(error.explanation)
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return str(error)
