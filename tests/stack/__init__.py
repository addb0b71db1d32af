"""The real services the integration tests and the demo use, and how to find them.

``python3 -m tests.stack up`` brings them up and says what it has in ``stack.json``; this module reads that file::

    stack = load()
    if stack and stack.docker:
        client = docker.DockerClient(base_url=stack.docker.host)
        client.containers.run(stack.bases["3.13"], "python3 --version")

Whatever the machine cannot offer is ``None``, or missing from a mapping: a test asks for what it needs and skips (or
fails, in CI) when it is not there. A listed part worked when ``up`` last ran; ``status`` looks again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stack.home import Home

__all__ = ["Docker", "Podman", "Registry", "Stack", "load"]


@dataclass(frozen=True)
class Docker:
    """A Docker daemon, and the client programs that fit it."""

    host: str
    """What goes into ``DOCKER_HOST``."""
    version: str
    store: str
    """``containerd`` (one tag may hold many platforms) or ``classic`` (one platform a tag)."""
    started_by_us: bool
    client: str | None = None
    """Path of the docker command line."""
    buildx: str | None = None
    """Path of the buildx plugin."""
    config: str | None = None
    """What goes into ``DOCKER_CONFIG`` so that the client finds buildx; ``None``: leave it alone."""
    namespace: str | None = None
    """The network namespace the daemon lives in, if not the machine's own."""

    def environment(self) -> dict[str, str]:
        """The variables that point a docker client at this daemon."""
        return {"DOCKER_HOST": self.host, **({"DOCKER_CONFIG": self.config} if self.config else {})}


@dataclass(frozen=True)
class Podman:
    """A podman service that speaks Docker's API."""

    host: str
    version: str
    client: str
    """Path of podman itself; run it with ``--url HOST`` to see the same images."""

    def environment(self) -> dict[str, str]:
        """The variables that point a docker or podman client at this service."""
        return {"DOCKER_HOST": self.host, "CONTAINER_HOST": self.host}


@dataclass(frozen=True)
class Registry:
    """A registry on loopback: plain HTTP, no login, deletes allowed, no referrers API."""

    address: str
    """``127.0.0.1:PORT``; the same address works from inside every engine of the stack."""


@dataclass(frozen=True)
class Stack:
    """Everything that is up."""

    docker: Docker | None = None
    docker_classic: Docker | None = None
    podman: Podman | None = None
    registry: Registry | None = None
    platforms: tuple[str, ...] = ()
    """The platforms whose programs run here, natively or emulated; the native one first."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """Base images by name (``3.11``, ``3.11-minimal``, ``3.13``, ``pypy3.11``): their references in the registry."""
    base_platforms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The platforms of each base image, ``bare`` included."""
    bare: str | None = None
    """An image with a shell and no Python, no /etc/passwd."""


def load() -> Stack | None:
    """What ``up`` last wrote, or ``None`` when it never ran."""
    try:
        document = json.loads(Home.find().document.read_text())
    except FileNotFoundError:
        return None
    return _stack(document)


def _stack(document: Mapping[str, Any]) -> Stack:
    bases = document.get("base_platforms", {})
    return Stack(
        docker=Docker(**document["docker"]) if "docker" in document else None,
        docker_classic=Docker(**document["docker_classic"]) if "docker_classic" in document else None,
        podman=Podman(**document["podman"]) if "podman" in document else None,
        registry=Registry(**document["registry"]) if "registry" in document else None,
        platforms=tuple(document.get("platforms", ())),
        bases=dict(document.get("bases", {})),
        base_platforms={name: tuple(platforms) for name, platforms in bases.items()},
        bare=document.get("bare"),
    )
