"""Containers: made without any power, started, fed the probe on stdin, watched against the clock, always removed.

A container is started before the probe's questions are known: its interpreter waits for them on stdin, and starting it
is what takes the time. The daemon removes each container when it ends (as `docker run --rm`); what still runs when we
leave is removed by us, and what a killed scan leaves, by the next one (`leftovers`).
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils.socket import frames_iter

from spybuild.engines.leftovers import owner_labels
from spybuild.errors import EngineUnavailable, ImageNotFound
from spybuild.probe.limits import Limits

log = logging.getLogger(__name__)

NOBODY = "65534:65534"
_STDOUT = 1
_TMP = "rw,nosuid,nodev,size=64m,mode=1777"
_STDERR_KEPT = 1 << 16
_LONGEST_LIFE = 24 * 3600.0
_REMOVALS, _BETWEEN_REMOVALS = 5, 0.2


class CannotStart(Exception):  # noqa: N818  # reads as what happened
    """The engine could not start the command in the image; its words are the message."""


@dataclass(frozen=True)
class Command:
    """What to run, as whom, on which platform of which image. `platform` None takes the only one there is."""

    image: str
    platform: str | None
    argv: tuple[str, ...]
    user: str | None
    limits: Limits


@dataclass
class Ended:
    """What a container wrote until it ended, as far as that was kept, and whether we ended it."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    out_of_time: bool = False


class Container:
    """A container that runs and waits for its stdin."""

    def __init__(self, api: Any, identity: str, stream: Any, first_input: bytes) -> None:
        self.identity = identity
        self._api, self._stream = api, stream
        self._socket: socket.socket = getattr(stream, "_sock", stream)  # docker-py may wrap it in a file
        self._exit_code: int | None = None
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._input: SimpleQueue[bytes] = SimpleQueue()
        self._input.put(first_input)
        threading.Thread(target=self._feed, daemon=True).start()

    def manifest(self) -> str | None:
        """The digest of the manifest that it runs, where the engine tells (Docker 28), and has not removed it yet."""
        with suppress(APIError, requests.RequestException):
            seen = self._api.inspect_container(self.identity)
            return (seen.get("ImageManifestDescriptor") or {}).get("digest")
        return None

    def ask(self, question: bytes, end: bytes, seconds: float, most_output: int) -> Ended:
        """Write `question` to its stdin, read both streams up to `end` or to their end, and tell what was read.

        Args:
            question: the rest of its stdin.
            end: what stdout ends with when all is said; the container then leaves by itself.
            seconds: after so long the container is killed.
            most_output: so many bytes of stdout are kept; one more and the container is killed.
        """
        self._waiter.start()
        self._input.put(question)
        ended = Ended()
        watchdog = threading.Timer(seconds, self._out_of_time, args=(ended,))
        watchdog.daemon = True
        watchdog.start()
        try:
            self._collect(ended, end, most_output)
        finally:
            watchdog.cancel()
            self._hang_up()
        return ended

    def exit_code(self) -> int | None:
        """Its exit code; None where nobody knows it. It must have been asked."""
        self._waiter.join(10)
        return self._exit_code

    def _wait(self) -> None:
        """Wait beside the reading: when that is done the daemon may have removed the container."""
        with suppress(APIError, requests.RequestException):
            self._exit_code = int(self._api.wait(self.identity)["StatusCode"])

    def _feed(self) -> None:
        """Write stdin's two parts; a command that does not read them to the end is no problem of ours."""
        with suppress(OSError):
            self._socket.sendall(self._input.get())
            self._socket.sendall(self._input.get())

    def _collect(self, ended: Ended, end: bytes, most_output: int) -> None:
        """Keep stdout up to its end or the limit, and the last part of stderr."""
        for kind, chunk in frames_iter(self._stream, tty=False):  # type: ignore[no-untyped-call]
            if kind == _STDOUT:
                ended.stdout += chunk
                if ended.stdout.endswith(end):
                    return
                if len(ended.stdout) > most_output:
                    self._kill()
                    return
            else:
                ended.stderr += chunk
                del ended.stderr[:-_STDERR_KEPT]

    def _hang_up(self) -> None:
        """Close the stream, after the HTTP response that docker-py keeps on it: collected later it would complain."""
        with suppress(OSError, AttributeError):
            self._stream._response.close()
        with suppress(OSError):
            self._stream.close()

    def _out_of_time(self, ended: Ended) -> None:
        """End the reading itself: the daemon, or a proxy before it, may never end the stream."""
        ended.out_of_time = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._kill()

    def _kill(self) -> None:
        with suppress(APIError, requests.RequestException):
            self._api.kill(self.identity)


class Containers:
    """Makes containers on one daemon, knows which may be alive, and removes them in every case."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._alive: set[str] = set()
        self._lock = threading.Lock()

    def start(self, command: Command, first_input: bytes) -> Container:
        """Start a command; its stdin, stdout and stderr are attached from the beginning.

        Args:
            command: what to run.
            first_input: the beginning of its stdin, written at once; `Container.ask` writes the rest.

        Raises:
            CannotStart: the engine could not start the command in the image.
            ImageNotFound: the image or its platform is not there.
            EngineUnavailable: the engine does not answer.
        """
        identity = self._create(command)
        try:
            params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            stream = self._api.attach_socket(identity, params=params)
            self._api.start(identity)
        except APIError as error:
            self.remove(identity)
            raise CannotStart(str(error.explanation or error)) from error
        except (DockerException, requests.RequestException) as error:
            self.remove(identity)
            raise EngineUnavailable(f"the engine did not start the container: {error}") from error
        return Container(self._api, identity, stream, first_input)

    def ended(self, container: Container) -> None:
        """Forget a container that has ended: the daemon removes it."""
        with self._lock:
            self._alive.discard(container.identity)

    @contextmanager
    def unstarted(self, image: str, platform: str | None) -> Iterator[str]:
        """A container that is never started, for looking at its files."""
        try:
            identity = self._make(image, ["spybuild"], platform=platform)
        except NotFound as error:
            raise _not_there(image, platform, error) from error
        try:
            yield identity
        finally:
            self.remove(identity)

    def remove(self, identity: str) -> None:
        """Kill and remove a container; one that is gone already is fine."""
        for _ in range(_REMOVALS):
            try:
                self._api.remove_container(identity, force=True, v=True)
            except NotFound:
                break
            except (APIError, requests.RequestException) as error:  # it is just being started, or removed already
                log.debug("container %.12s is not removed yet: %s", identity, error)
                time.sleep(_BETWEEN_REMOVALS)
            else:
                break
        with self._lock:
            self._alive.discard(identity)

    def close(self) -> None:
        """Remove every container that may be alive."""
        with self._lock:
            alive = list(self._alive)
        for identity in alive:
            self.remove(identity)

    def _create(self, command: Command) -> str:
        try:
            return self._make(
                command.image,
                command=list(command.argv[1:]),
                entrypoint=[command.argv[0]],
                platform=command.platform,
                user=command.user,
                stdin_open=True,
                network_disabled=True,
                host_config=self._confined(command.limits),
            )
        except NotFound as error:
            raise _not_there(command.image, command.platform, error) from error
        except (DockerException, requests.RequestException, KeyError, TypeError) as error:
            raise EngineUnavailable(f"the engine made no container of {command.image}: {error}") from error

    def _make(self, *arguments: Any, **options: Any) -> str:
        identity = str(self._api.create_container(*arguments, labels=owner_labels(_LONGEST_LIFE), **options)["Id"])
        with self._lock:
            self._alive.add(identity)
        return identity

    def _confined(self, limits: Limits) -> Any:
        """No network, no power, nothing to write to but a small /tmp."""
        return self._api.create_host_config(
            auto_remove=True,
            network_mode="none",
            read_only=True,
            tmpfs={"/tmp": _TMP},  # noqa: S108  # the container's /tmp
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            pids_limit=limits.pids,
        )


def _not_there(image: str, platform: str | None, error: NotFound) -> ImageNotFound:
    asked = f" --platform {platform}" if platform else ""
    return ImageNotFound(
        f"the engine has no {image}{f' for {platform}' if platform else ''}: {error.explanation}",
        f"fetch that platform: docker pull{asked} IMAGE",
    )
