"""The registry: Debian's build of distribution 2.8, on loopback, with its storage in the stack's directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.stack import debs, loopback, processes
from tests.stack.console import StackError, say, wait
from tests.stack.home import Home, replace_text

NAME = "registry"
# Distribution is a static program: this release's build runs on every later one.
RELEASE = "bookworm"


def up(home: Home) -> dict[str, Any]:
    """Start the registry, unless it runs."""
    if not (processes.running(home, NAME) and answers(home)):
        processes.stop(home, NAME)
        loopback.require_free(home.port)
        identity = processes.start(home, NAME, command(home))
        if not wait(lambda: answers(home), 30, identity.alive):
            raise StackError(f"the registry does not answer on {home.registry}: see {home.log(NAME)}")
        say(f"registry: up on {home.registry}")
    return {"address": home.registry}


def down(home: Home) -> None:
    """Stop the registry; its storage stays."""
    processes.stop(home, NAME)


def command(home: Home) -> list[str | Path]:
    """How to start a registry over the stack's storage; any number of them may share it."""
    path = home.folder("run") / "registry.yml"
    replace_text(path, json.dumps(configuration(home.folder("registry"), home.registry), indent=2))
    return serve(home, path)


def serve(home: Home, configuration: Path) -> list[str | Path]:
    """How to start a registry with a configuration file."""
    root = debs.unpack(home, "docker-registry", RELEASE, ["docker-registry"])
    return [root / "usr/bin/docker-registry", "serve", configuration]


def answers(home: Home) -> bool:
    """Whether a registry answers on our address."""
    return loopback.status(home.registry, "/v2/") == 200


def configuration(storage: Path, address: str) -> dict[str, Any]:
    """A registry's configuration; its JSON is YAML."""
    return {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        # No cache of descriptors: a second registry serves the same files, and one's deletes must be seen by the other.
        "storage": {
            "filesystem": {"rootdirectory": str(storage)},
            "delete": {"enabled": True},
        },
        # The secret lets either registry go on with an upload the other began; loopback only, so it protects nothing.
        "http": {"addr": address, "secret": "spybuild-stack"},
    }
