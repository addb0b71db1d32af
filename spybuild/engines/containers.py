"""Containers: made without any power, started, fed the probe on stdin, watched against the clock, always removed.

A container is started before the probe's questions are known: its interpreter waits for them on stdin, and starting it
is what takes the time. The daemon removes each container when it ends (as `docker run --rm`); what still runs when we
leave is removed by us, and what a killed scan leaves, by the next one (`leftovers`).
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from spybuild.daemon.api import Attached, EngineApi, NotThere, Refused
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

    def __init__(self, api: EngineApi, identity: str, stream: Attached, first_input: bytes) -> None:
        self.identity = identity
        self._api, self._stream = api, stream
        self._exit_code: int | None = None
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._input: SimpleQueue[bytes] = SimpleQueue()
        self._input.put(first_input)
        threading.Thread(target=self._feed, daemon=True).start()

    def manifest(self) -> str | None:
        """The digest of the manifest that it runs, where the engine tells (Docker 28), and has not removed it yet."""
        with suppress(Refused):
            seen = self._api.get(f"/containers/{self.identity}/json")
            digest: str | None = (seen.get("ImageManifestDescriptor") or {}).get("digest")
            return digest
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
            self._stream.close()
        return ended

    def exit_code(self) -> int | None:
        """Its exit code; None where nobody knows it. It must have been asked."""
        self._waiter.join(10)
        return self._exit_code

    def _wait(self) -> None:
        """Wait beside the reading: when that is done the daemon may have removed the container."""
        with suppress(Refused, EngineUnavailable):
            self._exit_code = int(self._api.post(f"/containers/{self.identity}/wait", patient=True)["StatusCode"])

    def _feed(self) -> None:
        """Write stdin's two parts; a command that does not read them to the end is no problem of ours."""
        with suppress(OSError):
            self._stream.write(self._input.get())
            self._stream.write(self._input.get())

    def _collect(self, ended: Ended, end: bytes, most_output: int) -> None:
        """Keep stdout up to its end or the limit, and the last part of stderr."""
        for kind, chunk in self._stream.frames():
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

    def _out_of_time(self, ended: Ended) -> None:
        """End the reading itself: the daemon, or a proxy before it, may never end the stream."""
        ended.out_of_time = True
        self._stream.end()
        self._kill()

    def _kill(self) -> None:
        with suppress(Refused, EngineUnavailable):
            self._api.post(f"/containers/{self.identity}/kill")


class Containers:
    """Makes containers on one daemon, knows which may be alive, and removes them in every case."""

    def __init__(self, api: EngineApi) -> None:
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
        with ExitStack() as undo:
            undo.callback(self.remove, identity)
            try:
                stream = self._api.attach(identity)
                undo.callback(stream.close)
                self._api.post(f"/containers/{identity}/start")
            except Refused as error:
                raise CannotStart(str(error)) from error
            undo.pop_all()
        return Container(self._api, identity, stream, first_input)

    def ended(self, container: Container) -> None:
        """Forget a container that has ended: the daemon removes it."""
        with self._lock:
            self._alive.discard(container.identity)

    @contextmanager
    def unstarted(self, image: str, platform: str | None) -> Iterator[str]:
        """A container that is never started, for looking at its files."""
        try:
            identity = self._make(platform, {"Image": image, "Cmd": ["spybuild"]})
        except NotThere as error:
            raise _not_there(image, platform, error) from error
        try:
            yield identity
        finally:
            self.remove(identity)

    def remove(self, identity: str) -> None:
        """Kill and remove a container; one that is gone already is fine."""
        for _ in range(_REMOVALS):
            try:
                self._api.delete(f"/containers/{identity}", {"force": 1, "v": 1})
            except NotThere:
                break
            except (Refused, EngineUnavailable) as error:  # it is just being started, or removed already
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
        config = {
            "Image": command.image,
            "Entrypoint": [command.argv[0]],
            "Cmd": list(command.argv[1:]),
            "OpenStdin": True,
            "StdinOnce": True,
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "NetworkDisabled": True,
            "HostConfig": _confined(command.limits),
            **({"User": command.user} if command.user else {}),
        }
        try:
            return self._make(command.platform, config)
        except NotThere as error:
            raise _not_there(command.image, command.platform, error) from error
        except (Refused, KeyError, TypeError) as error:
            raise EngineUnavailable(f"the engine made no container of {command.image}: {error}") from error

    def _make(self, platform: str | None, config: dict[str, Any]) -> str:
        labelled = {**config, "Labels": owner_labels(_LONGEST_LIFE)}
        made = self._api.post("/containers/create", {"platform": platform} if platform else {}, labelled)
        identity = str(made["Id"])
        with self._lock:
            self._alive.add(identity)
        return identity


def _confined(limits: Limits) -> dict[str, Any]:
    """No network, no power, nothing to write to but a small /tmp (`HostConfig` of `ContainerCreate`)."""
    return {
        "AutoRemove": True,
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": _TMP},  # noqa: S108  # the container's /tmp
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "PidsLimit": limits.pids,
    }


def _not_there(image: str, platform: str | None, error: NotThere) -> ImageNotFound:
    asked = f" --platform {platform}" if platform else ""
    return ImageNotFound(
        f"the engine has no {image}{f' for {platform}' if platform else ''}: {error}",
        f"fetch that platform: docker pull{asked} IMAGE",
    )
