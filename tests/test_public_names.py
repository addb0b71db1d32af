"""The names that the package offers."""

import subprocess
import sys

import spybuild


def test_every_public_name_is_there() -> None:
    """Each is what its module calls it."""
    for name in set(spybuild.__all__) - {"__version__"}:
        assert getattr(spybuild, name).__name__ == name


def test_importing_the_package_loads_nothing_else() -> None:
    """What is offered is loaded when it is first used."""
    code = "import sys, spybuild; print([name for name in sys.modules if name.startswith('spybuild.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
