"""Where a name points: a registry and a repository in it (distribution/reference's rules, Docker Hub's defaults)."""

import re
from dataclasses import dataclass
from typing import Self

from spybuild.errors import UsageError
from spybuild.model.digests import Digest, Reference
from spybuild.model.names import shown

DOCKER_HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
DOCKER_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", _HUB_API, "registry.hub.docker.com"})
_USERINFO = re.compile(r"[^/]*@[^/]*/")


@dataclass(frozen=True)
class RepositoryName:
    """A repository: `host` as users write it (`docker.io`), `path` without it (`library/python`)."""

    host: str
    path: str

    @classmethod
    def of(cls, name: str) -> Self:
        """The repository that an image name means: the first part is a host if it looks like one.

        Raises:
            UsageError: the path is too long.
        """
        first, separator, rest = name.partition("/")
        looks_like_one = first == "localhost" or any(mark in first for mark in ".:[") or first != first.lower()
        is_host = bool(separator) and looks_like_one
        host, path = (first, rest) if is_host else (DOCKER_HUB, name)
        if host in DOCKER_HUB_NAMES:
            host, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
        if len(path) > 255:
            raise UsageError(f"the image name {shown(name)} is too long")
        return cls(host, path)

    @property
    def server(self) -> str:
        """The host to ask, with its port."""
        return _HUB_API if self.host == DOCKER_HUB else self.host

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


@dataclass(frozen=True)
class RemoteImage:
    """An image in a registry: a tag, or a digest, which decides where both are given."""

    repository: RepositoryName
    tag: str
    digest: Digest | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[host/]path[:tag][@digest]`; without either it is the tag `latest`.

        Raises:
            UsageError: the text is no name of an image in a registry.
        """
        if _USERINFO.match(text):
            raise UsageError("a login does not belong into the image's name", "use `docker login`")
        reference = Reference.parse(text)
        if not reference.name:
            raise UsageError(f"{shown(text)} names no repository", "write it as HOST/NAME@sha256:…")
        return cls(RepositoryName.of(reference.name), reference.tag or "latest", reference.digest)

    @property
    def asked(self) -> str:
        """What a registry is asked for: the digest, else the tag."""
        return str(self.digest or self.tag)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"
