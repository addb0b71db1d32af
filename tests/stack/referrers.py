"""The registry with the referrers API of OCI 1.1: go-containerregistry's, its blobs in the stack's directory.

It forgets its manifests when it stops. It answers a push without ``OCI-Subject``, and gives each referrer the media type of
its config for an artifact type: both are seen in registries of the world.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.stack import golang, processes, services
from tests.stack.home import Home

NAME = "registry-referrers"
PROGRAMS = ("registry",)


def up(home: Home) -> dict[str, Any]:
    """Start it, unless it runs."""
    _service(home).up(home)
    return {"address": services.address(home, NAME)}


def down(home: Home) -> None:
    """Stop it; its blobs stay."""
    processes.stop(home, NAME)


def serves(home: Home) -> bool:
    """Whether it runs and answers."""
    return _service(home).serves(home)


def _service(home: Home) -> services.Service:
    def command() -> list[str | Path]:
        program = golang.programs(home, "registry")["registry"]
        return [program, services.address(home, NAME), home.folder("data", NAME)]

    return services.Service(NAME, command, "/v2/")
