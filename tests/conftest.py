"""What all tests share: the container stack, and the rule that CI skips nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack import Stack, load

ROOT = Path(__file__).parent.parent
UNDER_CI = bool(os.environ.get("CI"))
# as static evidence sets it, before Hypothesis looks: it complains of a limit that changes while it generates
sys.setrecursionlimit(10_000)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The engines, registry and base images of `make stack`; without them a test is left out, under CI it fails."""
    found = load()
    if found is None or found.docker is None:
        (pytest.fail if UNDER_CI else pytest.skip)("needs the container stack: run `make stack`")
    assert found is not None
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]  # a hook
    """Under CI a skipped test is a failed one."""
    report = yield
    if UNDER_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.fixture
def spybuild() -> Run:
    """Run the command line in a process of its own, as a user does."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "spybuild", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(options.pop("env", None) or {})}  # type: ignore[dict-item]
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, capture_output=True, text=True, timeout=280, check=False, env=environment, **options
        )

    return run
