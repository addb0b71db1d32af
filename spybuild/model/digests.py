"""Digests and image references, as the OCI image and distribution specs write them."""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from spybuild.errors import UsageError

_DIGEST = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[.+_-][a-z0-9]+)*):(?P<hex>[0-9a-fA-F]{32,})")
# distribution/reference's grammar, the parts that matter: [domain/]path[:tag][@digest]
_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:[A-Za-z0-9.-]+(?::\d+)?/|\[[0-9a-fA-F:]+\](?::\d+)?/)?{_PATH}(?:/{_PATH})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,}))?"
)


@dataclass(frozen=True, order=True)
class Digest:
    """What content hashes to: `sha256:…`."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `algorithm:hex`.

        Raises:
            UsageError: the text is no digest.
        """
        match = _DIGEST.fullmatch(text)
        if not match:
            raise UsageError(f"{text!r} is no digest", "write it as sha256:<64 hex digits>")
        return cls(match["algorithm"], match["hex"].lower())

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The sha256 digest of `content`."""
        return cls("sha256", hashlib.sha256(content).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True)
class Reference:
    """What an image is called: name, tag and digest, and the scheme (`docker`, `podman`) it was asked for under."""

    name: str
    tag: str = ""
    digest: Digest | None = None
    scheme: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[scheme://]name[:tag][@digest]`, or a bare image id.

        Raises:
            UsageError: the text is no image reference.
        """
        scheme, separator, rest = text.partition("://")
        scheme, rest = (scheme, rest) if separator else ("", text)
        if _DIGEST.fullmatch(rest):
            return cls("", digest=Digest.parse(rest), scheme=scheme)
        match = _REFERENCE.fullmatch(rest)
        if not match:
            raise UsageError(
                f"{text!r} is no image reference", "write it as [registry/]name[:tag][@sha256:…], in lower case"
            )
        digest = Digest.parse(match["digest"]) if match["digest"] else None
        return cls(match["name"], match["tag"] or "", digest, scheme)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest and self.name else str(self.digest or "")
        return f"{self.name}{tag}{digest}"
