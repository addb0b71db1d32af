"""cosign of both living generations, and the registry clients crane and oras: Debian's packages, else cosign from source."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import debs, golang
from tests.stack.console import StackError, answer, say
from tests.stack.home import Home


@dataclass(frozen=True)
class _Source:
    """Where one major version of cosign comes from."""

    release: str
    packages: tuple[str, ...]
    module: str
    version: str
    """What is built when the release has no such cosign (any more)."""


SOURCES = {
    "2": _Source("trixie", ("cosign",), "github.com/sigstore/cosign/v2/cmd/cosign", "v2.6.4"),
    "3": _Source("unstable", ("cosign", "crane", "oras"), "github.com/sigstore/cosign/v3/cmd/cosign", "v3.1.2"),
}


def up(home: Home) -> dict[str, Any]:
    """Have the programs; nothing of them keeps running."""
    found = {major: _found(home, major, source) for major, source in SOURCES.items()}
    clients = _tree(home, "3") / "usr/bin"
    return {
        "cosign": {major: str(program) for major, (program, _) in found.items()},
        "cosign_versions": {major: version for major, (_, version) in found.items()},
        **{name: str(clients / name) for name in ("crane", "oras") if (clients / name).is_file()},
    }


def present(document: dict[str, Any]) -> bool:
    """Whether the programs that a stack's document names are there."""
    programs = document.get("cosign", {})
    return set(programs) == set(SOURCES) and all(Path(each).is_file() for each in programs.values())


def _tree(home: Home, major: str) -> Path:
    return home.root / "packages" / f"cosign-{SOURCES[major].release}"


def _found(home: Home, major: str, source: _Source) -> tuple[Path, str]:
    try:
        tree = debs.unpack(home, _tree(home, major).name, source.release, source.packages)
    except StackError as error:
        say(f"cosign {major} of {source.release}: {error}")
        return _built(home, source)
    program, version = tree / "usr/bin/cosign", _packaged_version(tree)
    if version.partition(".")[0] == major and answer([program, "version"]) is not None:
        return program, version
    say(f"cosign {version} of {source.release} is no cosign {major} that runs here")
    return _built(home, source)


def _built(home: Home, source: _Source) -> tuple[Path, str]:
    return golang.install(home, "cosign", f"{source.module}@{source.version}"), source.version.removeprefix("v")


def _packaged_version(tree: Path) -> str:
    """From the package's changelog: Debian's cosign calls itself ``devel``."""
    changelog = tree / "usr/share/doc/cosign/changelog.Debian.gz"
    found = (
        re.match(r"\S+ \(([\d.]+)", gzip.decompress(changelog.read_bytes()).decode()) if changelog.is_file() else None
    )
    return found[1] if found else "?"
