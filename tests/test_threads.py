"""Parts that are loaded when they are needed, by several threads at once."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import spybuild

ROOT = Path(spybuild.__file__).parent
OF_ONE_THREAD = ("spybuild.cli",)
"""Loaded before any thread is started."""
PACKAGES = [each.name for each in pkgutil.walk_packages([str(ROOT)], "spybuild.") if each.ispkg]


@pytest.mark.parametrize("package", [each for each in PACKAGES if each not in OF_ONE_THREAD])
def test_a_package_loads_none_of_its_parts(package: str) -> None:
    """Else two threads, one of which loads the package and one the part, wait for each other: a scan failed of it."""
    code = f"import sys, {package}; print([name for name in sys.modules if name.startswith('{package}.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
