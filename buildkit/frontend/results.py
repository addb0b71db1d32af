"""What the Dockerfile frontend gives back, by platform."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from buildkit.frontend.llb import platform_of
from buildkit.frontend.transport import UNKNOWN, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.model.from_build import CONTRACT_LABEL

_PLATFORMS, _CONFIG = "refs.platforms", "containerimage.config"


@dataclass(frozen=True)
class Built:
    """One platform of a build's result.

    Attributes:
        name: what BuildKit calls it, and what attestations are filed under: `linux/arm64`.
        platform: the same in parts.
        ref: its files; they need not have been made yet.
        config: the image's config, as OCI's JSON has it; empty where there is none.
    """

    name: str
    platform: wire.Platform
    ref: wire.Ref
    config: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """How the image is run: `Env`, `User`, `WorkingDir`, `Labels`."""
        return self.config.get("config") or {}

    @property
    def label(self) -> str:
        """The contract's path in the image, where the image names one."""
        return str((self.settings.get("Labels") or {}).get(CONTRACT_LABEL) or "")


def platforms_of(result: wire.Result) -> Iterator[Built]:
    """The platforms of a result, in the order BuildKit has them."""
    metadata = result.metadata
    if _PLATFORMS not in metadata:  # one platform, and BuildKit before 0.11
        config = _form(metadata, _CONFIG)
        platform = platform_of(config)
        name = "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))
        yield Built(name or "linux/unknown", platform, _ref(result, name), config)
        return
    for entry in _form(metadata, _PLATFORMS)["Platforms"]:
        name = entry["ID"]
        own = f"{_CONFIG}/{name}"
        config = _form(metadata, own if own in metadata else _CONFIG)
        yield Built(name, platform_of(entry["Platform"]), _ref(result, name), config)


def _ref(result: wire.Result, name: str) -> wire.Ref:
    if result.WhichOneof("result") != "refs":
        return result.ref
    if name not in result.refs.refs:  # asking for it would add it to what is handed back
        raise RpcError(UNKNOWN, f"the Dockerfile frontend names {name} among the platforms, and gives nothing for it")
    return result.refs.refs[name]


def _form(metadata: Any, name: str) -> dict[str, Any]:
    return dict(json.loads(metadata[name])) if name in metadata else {}
