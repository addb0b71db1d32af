"""What the demo stands on: a Docker that answers, or the stack's, and a base image that can be had."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from buildkit.image import BASE
from demo.narration import ROOT, Narrator
from tests.stack import load

_PARTS = ("docker", "registry", "binfmt", "base-3.13")
PLATFORMS = ("linux/amd64", "linux/arm64")
"""Those that the samples' contracts admit; SpyBuild's own image is there for more."""

_NATIVE = {"x86_64": "linux/amd64", "AMD64": "linux/amd64", "aarch64": "linux/arm64", "arm64": "linux/arm64"}


@dataclass(frozen=True)
class Ground:
    """An engine, and what it can do."""

    base: str
    """The image that samples are built on."""
    platforms: tuple[str, ...]
    version: str
    many_in_one_tag: bool
    """Whether a tag of this engine holds several platforms (the containerd store), or only one (the classic store)."""
    setup: tuple[str, ...] = ()
    """What to type before the commands shown work in another terminal."""
    environment: Mapping[str, str] = field(default_factory=dict)


def find_ground(narrator: Narrator) -> Ground | None:
    """The Docker that answers; otherwise, on Debian as root, one of the stack's; None where there is neither."""
    ready = _docker({})
    base = os.environ.get("SPYBUILD_BASE") or BASE
    if ready and _reachable(base):
        return _ground(base, {})
    if not _can_bring_up():
        return _ground(base, {}) if ready else None
    narrator.say(
        "No base image to be had from here: the stack makes one."
        if ready
        else "No Docker along PATH: the stack brings one."
    )
    arguments = ["-m", "tests.stack", "up", "--only", *_PARTS]
    outcome = narrator.run([sys.executable, *arguments], shlex.join(["python3", *arguments]))
    stack = load()
    if outcome.code or not stack or not stack.docker or "3.13" not in stack.bases:
        narrator.quote(outcome.text.splitlines()[-15:])
        return None
    narrator.say(f"({outcome.seconds:.0f} s)")
    environment = dict(stack.docker.environment())
    if stack.docker.client:
        environment["PATH"] = f"{os.environ.get('PATH', '')}{os.pathsep}{Path(stack.docker.client).parent}"
    return _ground(stack.bases["3.13"], environment, ('eval "$(python3 -m tests.stack env)"',))


def advice() -> str:
    """What to install where there is no engine."""
    if sys.platform == "linux":
        return (
            "Install Docker (https://docs.docker.com/engine/install/) with buildx; on Debian, `make demo` as root does."
        )
    return "Install Docker Desktop (https://docs.docker.com/desktop/), or another Docker with buildx."


def _ground(base: str, environment: Mapping[str, str], setup: tuple[str, ...] = ()) -> Ground:
    known = _answer(["docker", "buildx", "inspect"], environment)
    # The machine's own platform first: it is the quick one.
    native = _NATIVE.get(platform.machine(), PLATFORMS[0])
    platforms = sorted((each for each in PLATFORMS if each in known), key=lambda each: each != native)
    return Ground(
        base=base,
        platforms=tuple(platforms) or (native,),
        version=_answer(["docker", "version", "--format", "{{.Server.Version}}"], environment),
        many_in_one_tag="containerd.snapshotter" in _answer(["docker", "info", "-f", "{{.DriverStatus}}"], environment),
        setup=setup,
        environment=environment,
    )


def _docker(environment: Mapping[str, str]) -> bool:
    """Whether a Docker with buildx answers."""
    asked = (["docker", "version", "--format", "{{.Server.Version}}"], ["docker", "buildx", "version"])
    return all(_answer(argv, environment) for argv in asked)


def _reachable(base: str) -> bool:
    """Whether a base image can be had, from here or from its registry."""
    return any(
        _answer(["docker", *how, base], {}) for how in (["image", "inspect"], ["buildx", "imagetools", "inspect"])
    )


def _can_bring_up() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and bool(shutil.which("apt-get"))


def _answer(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command says; nothing when it fails, or takes longer than such a question may."""
    try:
        done = subprocess.run(
            list(argv),
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
