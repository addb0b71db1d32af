"""``python3 -m tests.stack up [--only PART ...] | down | status | env``: the stack, from a bare Debian machine.

``up`` may be called at any time and does only what is missing. ``down`` ends what ``up`` started and keeps everything
downloaded, built and pushed.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.stack import (
    bases,
    binfmt,
    buildkitd,
    classic,
    cosign,
    docker,
    engine_api,
    golang,
    load,
    podman,
    referrers,
    registry,
    registry_auth,
    sigstore,
    softhsm,
)
from tests.stack.console import StackError, say
from tests.stack.home import Home

Document = dict[str, Any]


def _once(key: str, up: Callable[[Home], Document]) -> Callable[[Home], Iterable[Document]]:
    return lambda home: ({key: each} for each in (up(home),))


# In the order they come up: what most tests wait for goes first. Each yields what it adds to the document, as it comes.
PARTS: dict[str, Callable[[Home], Iterable[Document]]] = {
    "docker": _once("docker", docker.up),
    "registry": _once("registry", registry.up),
    "binfmt": lambda home: [binfmt.up(home)],
    "bases": bases.up,
    "docker_classic": _once("docker_classic", classic.up),
    "podman": _once("podman", podman.up),
    "cosign": lambda home: [cosign.up(home)],
    "registry-referrers": _once("registry_referrers", referrers.up),
    "registry-auth": _once("registry_auth", registry_auth.up),
    "softhsm": _once("softhsm", softhsm.up),
    "sigstore": _once("sigstore", sigstore.up),
    "buildkit": _once("buildkit", buildkitd.up),
}
USUAL = list(PARTS)
# The Go programs some run: they take minutes to build the first time, so that begins before all else.
BUILT = {"registry-referrers": referrers.PROGRAMS, "sigstore": sigstore.PROGRAMS, "buildkit": buildkitd.PROGRAMS}
PARTS["base-3.13"] = lambda home: bases.up(home, ["3.13"])  # enough for the demo
KEYS: dict[str, tuple[str, ...]] = {
    "base-3.13": (),
    "binfmt": ("platforms",),
    "bases": ("bases", "base_platforms", "bare"),
    "cosign": ("cosign", "cosign_versions", "crane", "oras"),
    "registry-referrers": ("registry_referrers",),
    "registry-auth": ("registry_auth",),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do it, say how it went."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring up what is not up")
    up.add_argument("--only", nargs="+", choices=PARTS, default=USUAL, metavar="PART", help=", ".join(PARTS))
    commands.add_parser("down", help="stop what `up` started; keep what it downloaded and built")
    commands.add_parser("status", help="look at each part; exit code 1 when one is not up")
    commands.add_parser("env", help="print the variables that point docker and podman clients here")
    arguments = parser.parse_args(argv)
    home = Home.find()
    if arguments.command == "up":
        return _up(home, arguments.only)
    return {"down": _down, "status": _status, "env": _env}[arguments.command](home)


def _up(home: Home, only: Sequence[str]) -> int:
    with home.lock():
        home.sweep()
        golang.begin(home, *(program for name in only for program in BUILT.get(name, ())))
        # A part that fails must not keep the others down: tests that do not need it still run.
        failed = [name for name in PARTS if name in only and not _bring_up(home, name)]
    say(f"up, without {', '.join(failed)}" if failed else f"up: {home.document}")
    return 1 if failed else 0


def _bring_up(home: Home, name: str) -> bool:
    additions = 0
    try:
        for addition in PARTS[name](home):
            home.write({**home.read(), **addition})
            additions += 1
    except (StackError, OSError) as error:
        # A part that came up in part has said so itself: what it said stands.
        if not additions:
            _drop(home, name)
        say(f"{name}: {error}")
        return False
    return True


def _drop(home: Home, name: str) -> None:
    """Take a part that is not up out of the document."""
    document = home.read()
    for key in KEYS.get(name, (name,)):
        document.pop(key, None)
    home.write(document)


def _down(home: Home) -> int:
    with home.lock():
        home.document.unlink(missing_ok=True)
        for part in (buildkitd, sigstore, registry_auth, referrers, podman, classic, docker, registry):
            part.down(home)
        home.unmount()
    say("down")
    return 0


def _status(home: Home) -> int:
    stack = load()
    up = {
        "docker": stack is not None and stack.docker is not None and engine_api.answers(stack.docker.host),
        "registry": registry.answers(home),
        "binfmt": len(binfmt.platforms()) == len(bases.DEBIAN),
        "bases": registry.answers(home) and bases.present(home),
        "docker_classic": docker.serves(home, classic.NAME),
        "podman": podman.serves(home),
        "cosign": cosign.present(home.read()),
        "registry-referrers": referrers.serves(home),
        "registry-auth": registry_auth.serves(home),
        "softhsm": softhsm.present(home.read()),
        "sigstore": sigstore.serves(home),
        "buildkit": buildkitd.serves(home),
    }
    for name, is_up in up.items():
        print(f"{name:19} {'up' if is_up else 'down'}")
    return 0 if all(up.values()) else 1


def _env(home: Home) -> int:
    stack = load()
    if stack is None:
        say("nothing is up: run `python3 -m tests.stack up` first")
        return 1
    variables = {"SPYBUILD_STACK_DIR": str(home.root), "SPYBUILD_STACK_PORT": str(home.port)}
    if stack.docker:
        variables |= stack.docker.environment()
    if stack.podman:
        variables["CONTAINER_HOST"] = stack.podman.host
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    if stack.docker and stack.docker.client:
        print(f'export PATH="$PATH":{shlex.quote(str(Path(stack.docker.client).parent))}')
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StackError, OSError) as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted: run it again to go on")
        sys.exit(130)
