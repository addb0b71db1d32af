"""The names that the package offers."""

import subprocess
import sys

import spybuild


def test_every_public_name_is_there() -> None:
    """Each is what its module calls it."""
    code = "import spybuild; print([getattr(spybuild, name).__name__ for name in spybuild.__all__ if name[0] != '_'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([name for name in spybuild.__all__ if name[0] != "_"])


def test_importing_the_package_loads_nothing_else() -> None:
    """What is offered is loaded when it is first used."""
    code = "import sys, spybuild; print([name for name in sys.modules if name.startswith('spybuild.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
