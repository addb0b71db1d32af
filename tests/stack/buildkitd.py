"""BuildKit's own daemon, twice, and the builders of buildx that use it: one node for every platform, or a node for each.

Nothing but what is built tells the two apart; the second one stands for a machine of another architecture.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stack import debs, golang, processes
from tests.stack.console import StackError, run, say, wait
from tests.stack.home import Home, replace_text

PROGRAMS = ("buildkitd",)
NODES = {"buildkit-1": "linux/amd64", "buildkit-2": "linux/arm64"}
"""The daemons, and what each builds where a builder has both."""
BUILDER, BUILDER_OF_BOTH = "spybuild", "spybuild-nodes"
# BuildKit fetches git contexts with the system's git.
SYSTEM_PACKAGES = ("runc", "git")
_MOST_KEPT = 4 << 30


def up(home: Home) -> dict[str, Any]:
    """Both daemons, and both builders."""
    debs.require_root("BuildKit's daemon")
    client = home.read().get("docker", {})
    if not client.get("client"):
        raise StackError("BuildKit has no client here: `docker` must come up first")
    for name in NODES:
        if not _serves(home, name):
            _start(home, name)
    for builder, nodes in {BUILDER: {next(iter(NODES)): ""}, BUILDER_OF_BOTH: NODES}.items():
        _make_builder(home, client, builder, nodes)
    return {"version": version(), "config": str(_builders(home)), "builder": BUILDER, "nodes": BUILDER_OF_BOTH}


def down(home: Home) -> None:
    """Stop the daemons; what they built stays."""
    for name in NODES:
        processes.stop(home, name)


def serves(home: Home) -> bool:
    """Whether both daemons run and answer."""
    return all(_serves(home, name) for name in NODES)


def version() -> str:
    """The version that is built."""
    found = re.search(r"github.com/moby/buildkit v(\S+)", (golang.BUILDKIT / "go.mod").read_text())
    assert found
    return found[1]


def _serves(home: Home, name: str) -> bool:
    return bool(processes.running(home, name)) and _answers(home, name)


def _answers(home: Home, name: str) -> bool:
    """Whether somebody listens: BuildKit does so when it is ready."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(home.socket(name))) == 0


def _start(home: Home, name: str) -> None:
    program = golang.programs(home, *PROGRAMS)["buildkitd"]
    debs.install(home, *SYSTEM_PACKAGES)
    processes.stop(home, name)
    path = home.folder("run") / f"{name}.toml"
    replace_text(path, configuration(home, name))
    identity = processes.start(home, name, [program, "--config", path])
    if not wait(lambda: _answers(home, name), 60, identity.alive):
        raise StackError(f"buildkitd does not answer on {home.socket(name)}: see {home.log(name)}")
    say(f"{name}: up, version {version()}")


def configuration(home: Home, name: str) -> str:
    """A daemon's configuration: its own root and socket, containers by runc, on the machine's network."""
    return f"""\
root = "{home.folder("data", name)}"
insecure-entitlements = ["network.host", "security.insecure"]
[grpc]
address = ["unix://{home.socket(name)}"]
[worker.containerd]
enabled = false
[worker.oci]
enabled = true
binary = "runc"
networkMode = "host"
snapshotter = "overlayfs"
gc = true
maxUsedSpace = {_MOST_KEPT}
[registry."{home.registry}"]
http = true
"""


def _builders(home: Home) -> Path:
    return home.folder("buildx")


def _make_builder(home: Home, client: Mapping[str, Any], builder: str, nodes: Mapping[str, str]) -> None:
    """Have a builder of buildx; one that is there names the same sockets."""
    if (_builders(home) / "instances" / builder).is_file():
        return
    told = {"DOCKER_CONFIG": client["config"]} if client.get("config") else {}
    with home.scratch() as scratch:
        for name, platform in nodes.items():
            flags = [
                *(["--append"] if name != next(iter(nodes)) else []),
                *([f"--platform={platform}"] if platform else []),
            ]
            command = [
                client["client"],
                "buildx",
                "create",
                "--name",
                builder,
                "--node",
                name,
                "--driver",
                "remote",
                *flags,
            ]
            environment = {**os.environ, **told, "BUILDX_CONFIG": str(scratch)}
            run([*command, f"unix://{home.socket(name)}"], home.log("buildx"), environment)
        # Whole, or not at all: an interrupted run leaves no builder with one node of two.
        (scratch / "instances" / builder).rename(home.folder("buildx", "instances") / builder)
