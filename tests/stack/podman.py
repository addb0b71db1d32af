"""podman's service, which speaks Docker's API on a unix socket, over storage of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.stack import debs, engine_api, processes
from tests.stack.console import StackError, answer, say, wait
from tests.stack.home import Home, replace_text

NAME = "podman"
SYSTEM_PACKAGES = ("podman", "runc", "iptables")


def up(home: Home) -> dict[str, Any]:
    """Start podman's service, unless it runs."""
    host = f"unix://{home.socket(NAME)}"
    if not serves(home):
        debs.require_root("starting podman's service")
        debs.install(home, *SYSTEM_PACKAGES)
        _start(home, host)
    return {"host": host, "version": _version(), "client": shutil.which("podman")}


def serves(home: Home) -> bool:
    """Whether our service runs and answers."""
    return bool(processes.running(home, NAME) and engine_api.answers(f"unix://{home.socket(NAME)}"))


def down(home: Home) -> None:
    """Stop the service; images and containers stay in its storage."""
    processes.stop(home, NAME)


def _version() -> str:
    # From the program: the service looks up the packages of all its helpers before it answers, which takes a second.
    return (answer(["podman", "--version"]) or "").removeprefix("podman version ")


def _start(home: Home, host: str) -> None:
    processes.stop(home, NAME)
    # podman does not replace a socket file that a killed service left.
    home.socket(NAME).unlink(missing_ok=True)
    argv: list[str | Path] = [
        "podman", "--root", home.folder("data", NAME), "--runroot", home.folder("run", NAME),
        "--network-config-dir", home.folder("run", f"{NAME}-networks"), "--cgroup-manager", "cgroupfs",
        "--events-backend", "file", "--runtime", "runc", "system", "service", "--time", "0", host,
    ]  # fmt: skip
    identity = processes.start(home, NAME, argv, _configuration(home))
    if not wait(lambda: engine_api.answers(host), 30, identity.alive):
        raise StackError(f"podman does not answer on {host}: see {home.log(NAME)}")
    say(f"podman: up, version {_version()}")


def _configuration(home: Home) -> dict[str, str]:
    """The variables that give the service its configuration files."""
    registries, engine = home.folder("run") / "registries.conf", home.folder("run") / "containers.conf"
    # Our registry speaks plain HTTP.
    replace_text(registries, f'[[registry]]\nlocation = "{home.registry}"\ninsecure = true\n')
    # podman's own default limits are higher than a root without CAP_SYS_RESOURCE may set.
    replace_text(engine, "[containers]\ndefault_ulimits = []\n")
    return {"CONTAINERS_REGISTRIES_CONF": str(registries), "CONTAINERS_CONF": str(engine)}
