"""The registry: Debian's build of distribution 2.8, on loopback, with its storage in the stack's directory."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from tests.stack import debs, processes
from tests.stack.console import StackError, say, wait
from tests.stack.home import Home, replace_text

NAME = "registry"
# Distribution is a static program: this release's build runs on every later one.
RELEASE = "bookworm"


def up(home: Home) -> dict[str, Any]:
    """Start the registry, unless it runs."""
    if not (processes.running(home, NAME) and answers(home)):
        processes.stop(home, NAME)
        _require_free_port(home)
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
    root = debs.unpack(home, "docker-registry", RELEASE, ["docker-registry"])
    return [root / "usr/bin/docker-registry", "serve", _configuration(home)]


def answers(home: Home) -> bool:
    """Whether a registry answers on our address."""
    connection = http.client.HTTPConnection(home.registry, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _configuration(home: Home) -> Path:
    """The registry's configuration file; JSON is YAML."""
    path = home.folder("run") / "registry.yml"
    configuration = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        # No cache of descriptors: a second registry serves the same files, and one's deletes must be seen by the other.
        "storage": {
            "filesystem": {"rootdirectory": str(home.folder("registry"))},
            "delete": {"enabled": True},
        },
        # The secret lets either registry go on with an upload the other began; loopback only, so it protects nothing.
        "http": {"addr": home.registry, "secret": "spybuild-stack"},
    }
    replace_text(path, json.dumps(configuration, indent=2))
    return path


def _require_free_port(home: Home) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", home.port))
        except OSError as error:
            raise StackError(f"port {home.port} is taken: set SPYBUILD_STACK_PORT to a free one") from error
