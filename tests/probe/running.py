"""Runs the probe as engines do, with any interpreter of this machine."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from spybuild.probe import boot
from spybuild.probe.boot import BOOT, framed, probe_source
from spybuild.probe.reading import read_answer

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
LIMITS = {"module_seconds": 20.0, "memory_bytes": 1 << 30, "output_bytes": 65536, "answer_bytes": 8 << 20, "jobs": 1}


def interpreters() -> list[str]:
    """Every Python of this machine that the probe supports: along PATH, and pyenv's."""
    names = [f"python3.{minor}" for minor in range(6, 16)] + ["pypy3"]
    found = [shutil.which(name) for name in names]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [
        str(path / "bin" / "python") for path in sorted(pyenv.glob("*")) if re.match(r"3\.\d+\.|pypy3", path.name)
    ]
    real = {os.path.realpath(path): path for path in [*found, sys.executable] if path and "/shims/" not in path}
    return list(real.values())


@cache
def version_of(python: str) -> tuple[int, ...]:
    """An interpreter's version, major and minor."""
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    return tuple(map(int, subprocess.run([python, "-c", code], capture_output=True, check=True).stdout.split()))


def since(*version: int) -> list[str]:
    """The interpreters from a version on; SpyBuild's own is among them."""
    return [python for python in interpreters() if version_of(python) >= version]


def open_to_all() -> list[str]:
    """The interpreters that an unprivileged user may run."""
    return [python for python in interpreters() if not os.path.realpath(python).startswith("/root/")]


def request(modules: list[str], **more: Any) -> dict[str, Any]:
    """A request for `modules`; `more` replaces what it asks otherwise, limits among it."""
    asked: dict[str, Any] = {
        "version": 1,
        "modules": modules,
        "workdir": None,
        "entry_dir": None,
        "environment": {},
        "secrets": [],
        "questions": [],
        "known": [],
    }
    limits = {key: more.pop(key, value) for key, value in LIMITS.items()}
    return {**asked, **more, "limits": limits}


def converse(
    python: str, asked: dict[str, Any], env: dict[str, str] | None = None, before: tuple[str, ...] = ()
) -> tuple["subprocess.CompletedProcess[bytes]", str]:
    """What the probe's process did, and the nonce it was given. `before` is a command to run it under."""
    nonce = secrets.token_hex(16)
    fed = framed(probe_source()) + boot.asked(ascii(asked).encode(), nonce)
    command = [*before, python, "-I", "-S", "-B", "-c", BOOT]
    ended = subprocess.run(
        command, input=fed, capture_output=True, env={**ENVIRONMENT, **(env or {})}, timeout=120, start_new_session=True
    )
    return ended, nonce


def ask(python: str, modules: list[str], env: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """The probe's answer about `modules`."""
    ended, nonce = converse(python, request(modules, **more), env)
    assert not ended.stderr, ended.stderr.decode()
    return read_answer(ended.stdout, nonce)


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one of several facts that has this name."""
    return next(item for item in items if item["name"] == name)


def one(python: str, folder: Path, source: str, name: str = "plugin.py", **more: Any) -> dict[str, Any]:
    """The facts of one module of that source."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    module: dict[str, Any] = ask(python, [name], workdir=str(folder), **more)["modules"][0]
    return module
