"""Docker 20.10 with the classic store, in a network namespace of its own so that two daemons do not share a bridge.

Its loopback is not the machine's: a second registry process over the same storage listens there, on the same address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.stack import debs, docker, engine_api, processes, registry
from tests.stack.console import StackError, answer, run, wait
from tests.stack.home import Home

NAME = "docker-classic"
REGISTRY = "registry-classic"
RELEASE = "bookworm"
PACKAGES = ("docker.io", "containerd", "tini")
# The C library's device mapper is the one library this docker wants beyond a bare system's.
SYSTEM_PACKAGES = (*docker.SYSTEM_PACKAGES, "libdevmapper1.02.1")


def up(home: Home) -> dict[str, Any]:
    """Docker 20.10, its namespace and its registry."""
    host = docker.address(home, NAME)
    debs.require_root("a second Docker daemon")
    root = debs.unpack(home, f"docker-{RELEASE}", RELEASE, PACKAGES)
    if not docker.serves(home, NAME):
        debs.install(home, *SYSTEM_PACKAGES)
        _make_namespace(home)
        docker.start_daemon(home, NAME, root, {}, _inside(home))
    if not processes.running(home, REGISTRY):
        _start_registry(home)
    return {
        "host": host,
        "version": engine_api.version(host),
        "store": engine_api.store(host),
        "started_by_us": True,
        "client": str(root / "usr/bin/docker"),
        "namespace": namespace(home),
    }


def down(home: Home) -> None:
    """Stop the daemon and its registry, and remove the namespace we made."""
    docker.stop_daemon(home, NAME)
    processes.stop(home, REGISTRY)
    made = _made(home)
    if made.exists():
        answer(["ip", "netns", "del", namespace(home)])  # gone already after a restart of the machine
        made.unlink()


def namespace(home: Home) -> str:
    """The namespace's name; the port keeps two stacks on one machine apart."""
    return f"spybuild-{home.port}"


def _made(home: Home) -> Path:
    """A note that the namespace is ours."""
    return home.folder("run") / "namespace"


def _inside(home: Home) -> tuple[str | Path, ...]:
    # Not `ip netns exec`: that remounts /sys, and dockerd then finds no cgroups.
    return "nsenter", f"--net={_handle(home)}"


def _handle(home: Home) -> Path:
    return Path("/var/run/netns") / namespace(home)


def _make_namespace(home: Home) -> None:
    # A name whose file exists but is no namespace is a leftover of before a restart: nsenter would refuse it.
    if answer(["nsenter", f"--net={_handle(home)}", "true"]) is None:
        answer(["ip", "netns", "del", namespace(home)])
        _made(home).touch()
        run(["ip", "netns", "add", namespace(home)], home.log(NAME))
        run(["ip", "-n", namespace(home), "link", "set", "lo", "up"], home.log(NAME))


def _start_registry(home: Home) -> None:
    identity = processes.start(home, REGISTRY, [*_inside(home), *registry.command(home)])
    if not wait(lambda: _listens(identity.pid, home.port), 30, identity.alive):
        raise StackError(f"the registry of {NAME} does not listen: see {home.log(REGISTRY)}")


def _listens(pid: int, port: int) -> bool:
    """Whether something listens on 127.0.0.1:port in the namespace of a process; its loopback is not ours to ask."""
    try:
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()
    except OSError:
        return False
    # Columns 1 and 3: the address in the kernel's hexadecimal, and the state, of which 0A is LISTEN.
    return any(line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A" for line in lines)
