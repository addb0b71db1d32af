"""Root file systems from Debian packages, for any architecture, without running a program of that architecture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tests.stack import debs
from tests.stack.console import run
from tests.stack.home import Home


def extract(home: Home, scratch: Path, release: str, architecture: str, packages: Sequence[str]) -> Path:
    """A tar with these packages and all they depend on, extracted; no maintainer script has run."""
    tree = scratch / f"{architecture}.tar"
    argv: list[str | Path] = [
        "mmdebstrap", "--mode=root", "--variant=extract", f"--architectures={architecture}",
        f"--include={','.join(packages)}", release, tree, debs.source(release),
    ]  # fmt: skip
    # The date is the one mmdebstrap gives to what it makes itself.
    env = {**os.environ, "TMPDIR": str(scratch), "SOURCE_DATE_EPOCH": "0"}
    run(argv, home.log(f"rootfs-{packages[0]}-{release}-{architecture}"), env)
    return tree
