"""The stage engine: this very rootfs, in a build stage or any container, with the target's own interpreter.

No container is made here, so isolation is the stage's own; the probe gives up root where it has it, and limits each
module.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spybuild.engines.pipes import converse
from spybuild.errors import EnvironmentProblem, ImageNotFound, InterpreterNotFound, ProbeError
from spybuild.interpreters.candidates import candidates
from spybuild.model.image import Image, ImageConfig, PlatformImage
from spybuild.model.platforms import Platform
from spybuild.probe.boot import BOOT, framed, probe_source
from spybuild.probe.limits import Limits

if TYPE_CHECKING:  # the models cost time to load
    from spybuild.model.facts import Facts
    from spybuild.probe.request import Request

_NOBODY = 65534
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_LAST_BREATH = 5.0
# our own options, and what BuildKit gives to a stage that declares it
_NOT_THE_IMAGES = re.compile(r"SPYBUILD_|(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$")


class StageEngine:
    """Runs the probe in the rootfs that SpyBuild itself runs in."""

    name = "stage"

    def __init__(self, *, python: str | None = None, as_nobody: bool = True) -> None:
        """Look at this rootfs.

        Args:
            python: the interpreter's path, if it is not to be looked for along PATH.
            as_nobody: whether the probe gives up root where it has it, or stays who we are.
        """
        self._python = python
        self._becomes_nobody = as_nobody and os.geteuid() == 0
        self._running: set[subprocess.Popen[bytes]] = set()

    def open(self, reference: str) -> Image:
        """This rootfs as an image of one platform; `reference` is only what the report calls it.

        In a build stage TARGETPLATFORM says which: SpyBuild itself may then be the builder's own, beside an interpreter
        that is emulated.
        """
        target, here = os.environ.get("TARGETPLATFORM"), os.uname()
        platform = Platform.parse(target) if target else Platform.of(here.sysname, here.machine)
        return Image(reference, None, "rootfs", (PlatformImage(platform, None, reference),))

    def prepare(self, images: Iterable[PlatformImage], limits: Limits) -> None:
        """There is nothing to begin: the interpreter starts at once."""

    def label(self, image: PlatformImage, name: str) -> str | None:  # noqa: ARG002  # the protocol's signature
        """Inside the image its labels are not to be seen."""
        return None

    def read_file(self, image: PlatformImage, path: str) -> bytes:  # noqa: ARG002  # the protocol's signature
        """The content of a file of this rootfs."""
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise ImageNotFound(f"no file {path}: {error.strerror}") from error

    def run(self, image: PlatformImage, request: "Request", progress: Callable[[str], None]) -> "Facts":
        """The probe's answer from this rootfs's interpreter; see `Engine.run`."""
        from spybuild.probe.request import Exchange

        here = _working_directory()
        exchange = Exchange(replace(request.placed(here, here), address_space=request.limits.memory_bytes))
        python = self._interpreter(image, prefers_pypy=request.prefers_pypy)
        progress(f"running {python}")
        process = self._start(python)
        self._running.add(process)
        modules, limits = len(request.modules), request.limits
        try:
            fed = framed(probe_source()) + exchange.question
            stdout, stderr = converse(process, fed, limits.total_seconds(modules), limits.total_answer_bytes(modules))
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LAST_BREATH)  # it has closed its streams, and is about to leave
        finally:
            _end(process)
            self._running.discard(process)
        try:
            if process.returncode:
                raise ProbeError("the probe did not end as it should")
            return exchange.facts(stdout)
        except ProbeError as error:
            raise ProbeError(f"{error}; {python} ended with status {process.returncode}", stderr) from None

    def close(self) -> None:
        """End the probe if it still runs."""
        for process in tuple(self._running):
            _end(process)

    def _interpreter(self, image: PlatformImage, *, prefers_pypy: bool) -> str:
        config = ImageConfig(env=tuple(f"{name}={value}" for name, value in os.environ.items()))
        found = next(_on_path(candidates(config, self._python, prefers_pypy)), None)
        if found is None:
            wanted = self._python or "no python3 along PATH"
            raise InterpreterNotFound(
                f"this rootfs has no Python for {image.platform}: {wanted}", "name it with --python PATH"
            )
        return found

    def _start(self, python: str) -> subprocess.Popen[bytes]:
        drops = self._becomes_nobody
        _close_to_debuggers()
        try:
            return subprocess.Popen(
                [python, "-I", "-S", "-B", "-c", BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if not _NOT_THE_IMAGES.match(name)},
                start_new_session=True,
                user=_NOBODY if drops else None,
                group=_NOBODY if drops else None,
                extra_groups=[] if drops else None,
                preexec_fn=_without_new_privileges() if drops else None,  # no thread is there yet
            )
        except OSError as error:
            hint = "try --user image, which imports as the user we are" if drops else "name another with --python"
            raise InterpreterNotFound(
                f"{python} cannot be run{' by nobody' if drops else ''}: {error.strerror}", hint
            ) from error


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError as error:
        raise EnvironmentProblem(f"the working directory is not to be had: {error.strerror}") from error


def _close_to_debuggers() -> None:
    """Keep modules that run as our own user from reading this process, which knows the nonce (prctl(2))."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _without_new_privileges() -> Callable[[], object] | None:
    """Keeps a child from becoming root again by a set-user-ID program of the image (prctl(2)); nothing on old libcs."""
    with suppress(OSError, AttributeError):
        return partial(ctypes.CDLL(None).prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return None


def _on_path(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if found := shutil.which(name):
            yield found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the probe with all that it started; it leads a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
