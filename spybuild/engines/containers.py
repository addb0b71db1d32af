"""One container: made without any power, fed the probe on stdin, watched against the clock, always removed."""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils.socket import frames_iter

from spybuild.engines.leftovers import owner_labels
from spybuild.errors import EngineUnavailable, ImageNotFound
from spybuild.probe.request import Limits

log = logging.getLogger(__name__)

NOBODY = "65534:65534"
_STDOUT = 1
_TMP = "rw,nosuid,nodev,size=64m,mode=1777"
_STDERR_KEPT = 1 << 16


class CannotStart(Exception):  # noqa: N818  # reads as what happened
    """The engine refused to start the command; its words are the message."""


@dataclass(frozen=True)
class Command:
    """What to run, as whom, on which platform of which image."""

    image: str
    platform: str | None
    argv: tuple[str, ...]
    user: str | None
    limits: Limits


@dataclass
class Ended:
    """How a container ended, what it wrote, as far as that was kept, and the manifest that it ran."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    exit_code: int | None = None
    out_of_memory: bool = False
    out_of_time: bool = False
    manifest: str | None = None


class Containers:
    """Makes containers on one daemon, knows which are alive, and removes them in every case."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._alive: set[str] = set()
        self._lock = threading.Lock()

    def run(self, command: Command, payload: bytes, seconds: float, most_output: int) -> Ended:
        """Run a command with `payload` on its stdin and return how it ended.

        Args:
            command: what to run.
            payload: all of its stdin; it is kept open until the command ends.
            seconds: after so long the container is killed.
            most_output: so many bytes of stdout are kept; one more and the container is killed.

        Raises:
            CannotStart: the engine could not start the command in the image.
            ImageNotFound: the image or its platform is not there.
            EngineUnavailable: the engine does not answer.
        """
        with self._created(command) as container, self._attached(container) as stream:
            started = time.monotonic()
            self._start(container)
            threading.Thread(target=_feed, args=(stream, payload), daemon=True).start()
            ended = Ended()
            watchdog = threading.Timer(seconds, self._out_of_time, args=(container, ended))
            watchdog.daemon = True
            watchdog.start()
            try:
                self._collect(container, stream, ended, most_output)
            finally:
                watchdog.cancel()
            self._inspect_end(container, ended)
            log.debug("container %.12s ended after %.2f s: %s", container, time.monotonic() - started, ended.exit_code)
            return ended

    def close(self) -> None:
        """Remove every container that is still alive."""
        with self._lock:
            alive = list(self._alive)
        for container in alive:
            self.remove(container)

    @contextmanager
    def made(self, image: str, platform: str | None) -> Iterator[str]:
        """A container that is never started, for looking at its files and its config."""
        try:
            made = self._api.create_container(image, ["spybuild"], platform=platform, labels=owner_labels(60.0))
        except NotFound as error:
            raise ImageNotFound(
                f"the engine has no {image} for {platform or 'this platform'}: {error.explanation}"
            ) from error
        try:
            yield made["Id"]
        finally:
            self.remove(made["Id"])

    def remove(self, container: str) -> None:
        """Kill and remove a container; one that is gone already is fine."""
        with suppress(APIError, requests.RequestException):
            self._api.remove_container(container, force=True, v=True)
        with self._lock:
            self._alive.discard(container)

    @contextmanager
    def _created(self, command: Command) -> Iterator[str]:
        container = self._create(command)
        with self._lock:
            self._alive.add(container)
        try:
            yield container
        finally:
            self.remove(container)

    def _create(self, command: Command) -> str:
        try:
            made = self._api.create_container(
                command.image,
                command=list(command.argv[1:]),
                entrypoint=[command.argv[0]],
                platform=command.platform,
                user=command.user,
                stdin_open=True,
                network_disabled=True,
                labels=owner_labels(command.limits.total_seconds(1) + 3600),
                host_config=self._confined(command.limits),
            )
        except NotFound as error:
            raise ImageNotFound(
                f"the engine has no {command.image} for {command.platform}: {error.explanation}"
            ) from error
        except (DockerException, requests.RequestException) as error:
            raise EngineUnavailable(f"the engine made no container of {command.image}: {error}") from error
        return str(made["Id"])

    def _confined(self, limits: Limits) -> Any:
        """No network, no power, nothing to write to but a small /tmp."""
        return self._api.create_host_config(
            network_mode="none",
            read_only=True,
            tmpfs={"/tmp": _TMP},  # noqa: S108  # the container's /tmp
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            pids_limit=limits.pids,
        )

    @contextmanager
    def _attached(self, container: str) -> Iterator[Any]:
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        try:
            stream = self._api.attach_socket(container, params=params)
        except (DockerException, requests.RequestException) as error:
            raise EngineUnavailable(f"the engine gave no way to talk to the container: {error}") from error
        try:
            yield stream
        finally:
            with suppress(OSError):
                stream.close()

    def _start(self, container: str) -> None:
        try:
            self._api.start(container)
        except APIError as error:
            raise CannotStart(str(error.explanation or error)) from error
        except requests.RequestException as error:
            raise EngineUnavailable(f"the engine did not start the container: {error}") from error

    def _out_of_time(self, container: str, ended: Ended) -> None:
        ended.out_of_time = True
        self._kill(container)

    def _kill(self, container: str) -> None:
        with suppress(APIError, requests.RequestException):
            self._api.kill(container)

    def _collect(self, container: str, stream: Any, ended: Ended, most_output: int) -> None:
        """Read both streams to their end; of stderr the last part is kept."""
        for kind, chunk in frames_iter(stream, tty=False):  # type: ignore[no-untyped-call]
            if kind == _STDOUT:
                ended.stdout += chunk
                if len(ended.stdout) > most_output:
                    self._kill(container)
                    return
            else:
                ended.stderr += chunk
                del ended.stderr[:-_STDERR_KEPT]

    def _inspect_end(self, container: str, ended: Ended) -> None:
        with suppress(APIError, requests.RequestException):
            ended.exit_code = int(self._api.wait(container, timeout=30)["StatusCode"])
            seen = self._api.inspect_container(container)
            ended.out_of_memory = bool(seen["State"].get("OOMKilled"))
            ended.manifest = (seen.get("ImageManifestDescriptor") or {}).get("digest")


def _feed(stream: Any, payload: bytes) -> None:
    """Write all of stdin; a command that does not read it to the end is no problem of ours."""
    raw = getattr(stream, "_sock", stream)
    with suppress(OSError):
        if isinstance(raw, socket.socket):
            raw.sendall(payload)
        else:
            os.write(stream.fileno(), payload)
