"""Debian packages: installed where the system needs them, else unpacked beside it.

Daemons (docker, registry) are unpacked with ``dpkg -x`` from a release of our choice: no maintainer script runs, no
service starts, nothing in /usr changes. Tools that must be wired into the system (qemu, podman, runc) are installed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.stack.console import StackError, answer, run, step
from tests.stack.home import Home

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def require_root(what: str) -> None:
    """Refuse, in plain words, what only root may do."""
    if os.geteuid() != 0:
        raise StackError(f"{what} needs root: run this as root, or start a Docker daemon yourself and set DOCKER_HOST")


@cache
def architecture() -> str:
    """This machine's architecture, in Debian's words."""
    found = answer(["dpkg", "--print-architecture"])
    if found is None:
        raise StackError("this is not a Debian machine (no dpkg): start a Docker daemon yourself and set DOCKER_HOST")
    return found


@cache
def mirror() -> str:
    """The Debian mirror this machine is configured with."""
    targets = answer(["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages"])
    for line in (targets or "").splitlines():
        label, _, uri = line.partition("|")
        if label == "Debian":
            return uri
    raise StackError("apt knows no Debian mirror here: run `apt-get update` on a Debian machine first")


def source(release: str) -> str:
    """A line of sources.list for one release on this machine's mirror."""
    return f"deb [signed-by={KEYRING}] {mirror()} {release} main"


def install(home: Home, *packages: str) -> None:
    """Install on the system those packages that are not there yet."""
    missing = [name for name in packages if not _installed(name)]
    if not missing:
        return
    require_root(f"installing {' '.join(missing)}")
    architecture()
    apt = ["apt-get", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = home.log("apt")
    with step(f"installing {' '.join(missing)}"):
        try:
            run([*apt, "install", *missing], log, env)
        except StackError:
            # Lists that were never fetched, or that name versions the mirror no longer has: fetch, then once more.
            run([*apt, "update"], log, env)
            run([*apt, "install", *missing], log, env)


def _installed(package: str) -> bool:
    return (answer(["dpkg-query", "-W", "-f", "${Status}", package]) or "").endswith(" installed")


def unpack(home: Home, name: str, release: str, packages: Sequence[str]) -> Path:
    """The root of these packages of a release, unpacked under this name; downloaded the first time only."""
    target = home.folder("packages") / name
    if target.is_dir():
        return target
    architecture()
    with step(f"unpacking {' '.join(packages)} of {release}"), home.scratch() as scratch:
        log = home.log(f"unpack-{name}")
        apt = _private_apt(scratch, release)
        run([*apt, "update"], log)
        debs = scratch / "debs"
        debs.mkdir()
        run([*apt, "download", *packages], log, cwd=debs)
        for deb in sorted(debs.iterdir()):
            run(["dpkg", "-x", deb, scratch / "root"], log)
        (scratch / "root").rename(target)
    return target


def _private_apt(scratch: Path, release: str) -> list[str]:
    """An apt-get that knows one release only and leaves the system's own lists and caches alone."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True)
    sources = scratch / "sources.list"
    sources.write_text(source(release) + "\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "-",
        "Dir::State": scratch / "state",
        "Dir::Cache": scratch / "cache",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        # A snapshot of the unstable release may be older than its own expiry date.
        "Acquire::Check-Valid-Until": "false",
        # The scratch folder is ours alone: the _apt user could not write there.
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def forget(home: Home, name: str) -> None:
    """Remove an unpacked tree that turned out not to run here."""
    shutil.rmtree(home.folder("packages") / name, ignore_errors=True)
