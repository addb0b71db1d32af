"""Docker, twice: a current daemon with the containerd store, and the 20.10 one with the classic store.

A daemon that already answers is used as it is. Our own ones run from unpacked packages, each with its own data, state,
socket and containerd, and touch no file of a Docker that may be installed later.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.stack import debs, engine_api, processes
from tests.stack.console import StackError, answer, say, wait
from tests.stack.home import Home, replace_text

NAME = "docker"
PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd")
# The unstable release first: the newest Docker. The next one serves when its programs need a newer C library than ours.
# With each, the package that has the static init of `docker run --init`.
RELEASES = {"unstable": "tini-static", "trixie": "tini"}
# runc comes from the system: the newer releases' runc needs a newer C library.
SYSTEM_PACKAGES = ("runc", "iptables", "iproute2")


def up(home: Home) -> dict[str, Any]:
    """A current Docker: the one that answers, else our own."""
    host = _found(home) or _own(home)
    ours = host == address(home, NAME)
    return {
        "host": host,
        "version": engine_api.version(host),
        "store": engine_api.store(host),
        "started_by_us": ours,
        **_client(home, ours),
    }


def down(home: Home) -> None:
    """Stop our daemon, if we started one."""
    stop_daemon(home, NAME)


def address(home: Home, name: str) -> str:
    """The host of a daemon of ours."""
    return f"unix://{home.socket(name)}"


def _found(home: Home) -> str | None:
    """The host of a daemon that is not ours and answers."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    ours = {address(home, name) for name in (NAME, "docker-classic", "podman")}
    if host in ours:
        host = "unix:///var/run/docker.sock"
    return host if engine_api.answers(host) else None


def _own(home: Home) -> str:
    if not serves(home, NAME):
        debs.require_root("starting a Docker daemon (none answers)")
        debs.install(home, *SYSTEM_PACKAGES)
        configuration = {"features": {"containerd-snapshotter": True}}
        start_daemon(home, NAME, current_packages(home), configuration)
    return address(home, NAME)


def serves(home: Home, name: str) -> bool:
    """Whether a daemon of ours runs and answers."""
    return bool(processes.running(home, name) and engine_api.answers(address(home, name)))


def current_packages(home: Home) -> Path:
    """The newest Docker whose programs run here, unpacked."""
    for release, init in RELEASES.items():
        name = f"docker-{release}"
        try:
            root = debs.unpack(home, name, release, [*PACKAGES, init])
        except StackError as error:
            say(f"docker of {release}: {error}")
            continue
        programs = [root / "usr/sbin/dockerd", root / "usr/bin/containerd", root / "usr/bin/docker"]
        if all(answer([program, "--version"]) for program in programs):
            return root
        say(f"docker of {release} does not run on this machine")
    raise StackError(f"no Docker package runs here (tried {', '.join(RELEASES)}): see {home.folder('logs')}")


def start_daemon(
    home: Home, name: str, root: Path, configuration: dict[str, Any], prefix: tuple[str | Path, ...] = ()
) -> None:
    """Start a dockerd from an unpacked tree, with everything it owns under the stack's directory."""
    processes.stop(home, name)
    state = home.folder("run", name)
    (state / "dockerd.pid").unlink(missing_ok=True)
    if not processes.running(home, f"{name}-containerd"):
        # dockerd believes any process with this number to be its containerd; after a restart it could be anyone.
        (state / "containerd" / "containerd.pid").unlink(missing_ok=True)
    path = f"{root}/usr/sbin:{root}/usr/bin:/usr/local/sbin:/usr/sbin:/sbin:{os.environ['PATH']}"
    argv = [*prefix, root / "usr/sbin/dockerd", "--config-file", _configuration(home, name, root, configuration)]
    # Should the system have a containerd, dockerd uses that one: keep out of other daemons' way there.
    argv += ["--containerd-namespace", f"spybuild-{name}", "--containerd-plugins-namespace", f"spybuild-{name}-plugins"]
    daemon = processes.start(home, name, argv, {"PATH": path})
    ready = wait(lambda: engine_api.answers(address(home, name)), 60, daemon.alive)
    _adopt_containerd(home, name)
    if not ready:
        raise StackError(f"dockerd does not answer on {address(home, name)}: see {home.log(name)}")
    say(f"{name}: up, version {engine_api.version(address(home, name))}")


def _configuration(home: Home, name: str, root: Path, extra: dict[str, Any]) -> Path:
    state = home.folder("run", name)
    configuration = {
        "hosts": [address(home, name)],
        "data-root": str(home.folder("data", name)),
        "exec-root": str(state),
        "pidfile": str(state / "dockerd.pid"),
        "insecure-registries": ["127.0.0.0/8"],
        "init-path": str(root / "usr/bin/tini-static"),
        "userland-proxy-path": str(root / "usr/sbin/docker-proxy"),
        **extra,
    }
    path = home.folder("run") / f"{name}.json"
    replace_text(path, json.dumps(configuration, indent=2))
    return path


def _adopt_containerd(home: Home, name: str) -> None:
    """Put the containerd that dockerd started on record: it survives when dockerd is killed."""
    record = home.folder("run", name) / "containerd" / "containerd.pid"
    if record.is_file():
        processes.adopt(home, f"{name}-containerd", int(record.read_text()))


def stop_daemon(home: Home, name: str) -> None:
    """Stop a daemon of ours, and the containerd it may have left behind."""
    processes.stop(home, name)
    processes.stop(home, f"{name}-containerd")


def _client(home: Home, ours: bool) -> dict[str, Any]:
    """The docker command line and buildx: the ones that came with our daemon; for another daemon, the system's."""
    system = {"client": shutil.which("docker"), "buildx": None if ours else _system_buildx(), "config": None}
    if all((system["client"], system["buildx"])):
        return system
    try:
        root = current_packages(home)
    except StackError as error:
        say(f"docker's client stays as it is here: {error}")
        return system
    buildx = root / "usr/libexec/docker/cli-plugins/docker-buildx"
    plugin = home.folder("docker-config", "cli-plugins") / "docker-buildx"
    if not (plugin.is_symlink() and plugin.readlink() == buildx):
        plugin.unlink(missing_ok=True)
        plugin.symlink_to(buildx)
    return {
        "client": str(root / "usr/bin/docker"), "buildx": str(buildx), "config": str(home.folder("docker-config"))
    }  # fmt: skip


def _system_buildx() -> str | None:
    plugins = json.loads(answer(["docker", "info", "--format", "{{json .ClientInfo.Plugins}}"]) or "null") or []
    return next((plugin["Path"] for plugin in plugins if plugin["Name"] == "buildx"), None)
