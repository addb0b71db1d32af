"""Go programs, built once for each state of their modules, whose ``go.mod`` and ``go.sum`` pin them and all they need.

Go comes from the system. Where there is none, or an old one, it is the next Debian release's, which fetches the newer
Go that ``go.mod`` asks for from the module proxy, like every other module.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.stack import debs
from tests.stack.console import StackError, answer, run, say, step
from tests.stack.home import Home

SERVERS = Path(__file__).parent / "servers"
# A module of its own: what BuildKit requires and what Sigstore requires do not go together.
BUILDKIT = Path(__file__).parent / "buildkit"
PACKAGES = {
    SERVERS: {
        "ctlog": "./ctlog",
        "fulcio": "github.com/sigstore/fulcio",
        "registry": "./registry",
        "rekor": "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix",
        "timestamp": "./timestamp",
    },
    BUILDKIT: {"buildkitd": "github.com/moby/buildkit/cmd/buildkitd"},
}
# Two at a time: others build too. No tables for debuggers.
_FLAGS = ("-p", "2", "-ldflags=-s -w")
# Not optimised: a third less to compile.
_SERVER_FLAGS = (*_FLAGS, "-gcflags=all=-N -l -dwarf=false")
RELEASE, DEBIAN_GO = "trixie", "1.24"
# The first Go that fetches a newer one by itself.
OLDEST = (1, 21)
_building = {module: threading.Lock() for module in PACKAGES}


def begin(home: Home, *names: str) -> None:
    """Build what is missing of these beside other work; a failure is told again to who asks for the program."""

    def build() -> None:
        try:
            programs(home, *names)
        except (StackError, OSError) as error:
            say(f"building ahead: {error}")

    threading.Thread(target=build, daemon=True).start()


def programs(home: Home, *names: str) -> dict[str, Path]:
    """These programs of ``PACKAGES``; built, those of a module in one go, when missing."""
    found: dict[str, Path] = {}
    for module, packages in PACKAGES.items():
        folder = home.folder("programs", _state(module))
        wanted = {name: folder / name for name in names if name in packages}
        with _building[module]:
            missing = [name for name, program in wanted.items() if not program.is_file()]
            if missing:
                _build(home, module, folder, missing)
        found |= wanted
    return found


def _build(home: Home, module: Path, folder: Path, names: list[str]) -> None:
    packages = PACKAGES[module]
    with step(f"building {' '.join(names)}"), home.scratch() as scratch:
        _run(home, ["build", *_SERVER_FLAGS, "-o", f"{scratch}/", *(packages[name] for name in names)], module)
        for name in names:
            (scratch / Path(packages[name]).name).rename(folder / name)


def install(home: Home, name: str, package: str) -> Path:
    """A program of another module, ``PATH@VERSION``; built when missing."""
    target = home.folder("programs", package.replace("/", "_")) / name
    if not target.is_file():
        with step(f"building {package}"), home.scratch() as scratch:
            _run(home, ["install", *_FLAGS, package], scratch, {"GOBIN": str(scratch)})
            (scratch / name).rename(target)
    return target


def _run(home: Home, arguments: Iterable[str], folder: Path, extra: dict[str, str] | None = None) -> None:
    # GOTOOLCHAIN: fetch the Go that go.mod asks for. CGO_ENABLED: no C compiler is needed.
    env = {"GOFLAGS": "-trimpath -buildvcs=false", "GOTOOLCHAIN": "auto", "CGO_ENABLED": "0", "GOWORK": "off"}
    run([_go(home), *arguments], home.log("go"), {**os.environ, **env, **(extra or {})}, folder)


def _state(module: Path) -> str:
    """A name for what a module's programs are made of."""
    digest = hashlib.sha256()
    for path in sorted(each for each in module.rglob("*") if each.is_file()):
        digest.update(f"{path.relative_to(module)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _go(home: Home) -> Path:
    system = shutil.which("go")
    if system and _version(system) >= OLDEST:
        return Path(system)
    packages = [f"golang-{DEBIAN_GO}-go", f"golang-{DEBIAN_GO}-src"]
    return debs.unpack(home, "go", RELEASE, packages) / f"usr/lib/go-{DEBIAN_GO}/bin/go"


def _version(program: str) -> tuple[int, ...]:
    found = re.search(r"go(\d+)\.(\d+)", answer([program, "version"]) or "")
    return tuple(map(int, found.groups())) if found else ()
