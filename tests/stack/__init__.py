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
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stack.home import Home

__all__ = ["BuildKit", "Docker", "Podman", "Registry", "RegistryWithLogin", "Sigstore", "SoftHsm", "Stack", "load"]


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
class BuildKit:
    """BuildKit's own daemon, twice, as builders of buildx; the client is that of Docker."""

    version: str
    config: str
    """What goes into ``BUILDX_CONFIG``."""
    builder: str
    """The builder of one node, for every platform."""
    nodes: str
    """The builder of two: amd64 is built on the one, arm64 on the other."""

    def environment(self, builder: str | None = None) -> dict[str, str]:
        """The variables that make buildx use a builder; by default the one of one node."""
        return {"BUILDX_CONFIG": self.config, "BUILDX_BUILDER": builder or self.builder}


@dataclass(frozen=True)
class Registry:
    """A registry on loopback, on plain HTTP, that anybody may push to."""

    address: str
    """``127.0.0.1:PORT``; the same address works from inside every engine of the stack."""


@dataclass(frozen=True)
class RegistryWithLogin(Registry):
    """A registry on loopback, on plain HTTP, that answers 401 to whoever has not logged in; it has no referrers API."""

    username: str
    password: str
    token_url: str | None = None
    """Where Bearer tokens come from; ``None``: the registry wants Basic. Pulling from ``public/…`` needs no login there."""
    identity_token: str | None = None
    """What the token server takes in place of the password (``identitytoken`` in a Docker configuration)."""


@dataclass(frozen=True)
class Sigstore:
    """A private Sigstore on loopback; all but URLs are paths."""

    issuer: str
    """The identity provider for people; its tokens name a mail address."""
    pipeline_issuer: str
    """The identity provider for pipelines; its tokens have a GitHub runner's claims."""
    fulcio: str
    rekor: str
    """A log of version 2."""
    timestamp: str
    ctlog: str
    trust_config: str
    """The ClientTrustConfig: trusted root and signing configuration in one."""
    trusted_root: str
    signing_config: str
    fulcio_chain: str
    timestamp_chain: str
    rekor_public_key: str
    ctlog_public_key: str

    def identity_token(self, issuer: str | None = None, **claims: str) -> str:
        """A new identity token.

        Args:
            issuer: One of the two issuers; by default the one for people.
            claims: What the token says, such as ``email`` or ``repository``; ``lifetime`` is in seconds, 600 by default, and
                ``audience`` is ``sigstore``.
        """
        with urllib.request.urlopen(f"{issuer or self.issuer}/token?{urllib.parse.urlencode(claims)}") as answer:
            return str(json.load(answer)["value"])


@dataclass(frozen=True)
class SoftHsm:
    """A PKCS #11 token in software that holds one P-256 key."""

    module: str
    """The shared library to load."""
    config: str
    """What goes into ``SOFTHSM2_CONF``."""
    token: str
    pin: str
    label: str
    """The key's label."""
    key_id: str
    """The key's id, in hexadecimal."""
    public_key: str
    """Path of its public half, in PEM."""


@dataclass(frozen=True)
class Stack:
    """Everything that is up."""

    docker: Docker | None = None
    docker_classic: Docker | None = None
    podman: Podman | None = None
    buildkit: BuildKit | None = None
    registry: Registry | None = None
    """One without the referrers API; deletes are allowed."""
    platforms: tuple[str, ...] = ()
    """The platforms whose programs run here, natively or emulated; the native one first."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """Base images by name (``3.11``, ``3.11-minimal``, ``3.13``, ``pypy3.11``): their references in the registry."""
    base_platforms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The platforms of each base image, ``bare`` included."""
    bare: str | None = None
    """An image with a shell and no Python, no /etc/passwd."""
    registry_referrers: Registry | None = None
    """One with the referrers API; it forgets its manifests when it stops."""
    registry_basic: RegistryWithLogin | None = None
    registry_bearer: RegistryWithLogin | None = None
    cosign: Mapping[str, str] = field(default_factory=dict)
    """cosign's programs by major version, ``2`` and ``3``."""
    cosign_versions: Mapping[str, str] = field(default_factory=dict)
    crane: str | None = None
    oras: str | None = None
    sigstore: Sigstore | None = None
    softhsm: SoftHsm | None = None


def load() -> Stack | None:
    """What ``up`` last wrote, or ``None`` when it never ran."""
    try:
        document = json.loads(Home.find().document.read_text())
    except FileNotFoundError:
        return None
    return _stack(document)


def _stack(document: Mapping[str, Any]) -> Stack:
    bases, logins = document.get("base_platforms", {}), document.get("registry_auth", {})
    return Stack(
        docker=Docker(**document["docker"]) if "docker" in document else None,
        docker_classic=Docker(**document["docker_classic"]) if "docker_classic" in document else None,
        podman=Podman(**document["podman"]) if "podman" in document else None,
        buildkit=BuildKit(**document["buildkit"]) if "buildkit" in document else None,
        registry=Registry(**document["registry"]) if "registry" in document else None,
        platforms=tuple(document.get("platforms", ())),
        bases=dict(document.get("bases", {})),
        base_platforms={name: tuple(platforms) for name, platforms in bases.items()},
        bare=document.get("bare"),
        registry_referrers=Registry(**document["registry_referrers"]) if "registry_referrers" in document else None,
        registry_basic=RegistryWithLogin(**logins["basic"]) if "basic" in logins else None,
        registry_bearer=RegistryWithLogin(**logins["bearer"]) if "bearer" in logins else None,
        cosign=dict(document.get("cosign", {})),
        cosign_versions=dict(document.get("cosign_versions", {})),
        crane=document.get("crane"),
        oras=document.get("oras"),
        sigstore=Sigstore(**document["sigstore"]) if "sigstore" in document else None,
        softhsm=SoftHsm(**document["softhsm"]) if "softhsm" in document else None,
    )
