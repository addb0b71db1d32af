"""Tests of `python -m buildkit.frontend`: a whole process on pipes, as BuildKit starts it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from buildkit.frontend.wire import gateway_pb2 as wire
from tests.fakes.gateway import FakeGateway, returned

ROOT = Path(__file__).parents[3]


def run(**options: str) -> tuple[int, FakeGateway]:
    """Start the frontend, and let a gateway that knows only `Return` serve it to its end."""
    passed = {f"BUILDKIT_FRONTEND_OPT_{n}": f"{k}={v}" for n, (k, v) in enumerate(options.items())}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "buildkit.frontend"], stdin=ours.fileno(), stdout=ours.fileno(), stderr=subprocess.DEVNULL,
            env={**os.environ, **passed, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        served = FakeGateway({"Return": lambda _: wire.ReturnResponse()}, theirs)
        return process.wait(60), served


def test_the_frontend_always_returns_something() -> None:
    """Of a process that just ends the client shows no more than the exit code."""
    code, served = run(source="spybuild/frontend")
    assert code == 0
    assert "unknown method Ping" in returned(served).error.message


def test_an_option_that_there_is_not_is_told_before_anything_is_asked() -> None:
    """The build does not begin."""
    code, served = run(**{"build-arg:SPYBUILD_TYPO": "1"})
    assert code == 0
    assert "no build argument SPYBUILD_TYPO" in returned(served).error.message
    assert [method for method, _ in served.asked] == ["Return"]


def test_hello_is_said_before_the_imports() -> None:
    """BuildKit hangs up after ten seconds; on a busy machine the imports took that long."""
    code = "import sys, buildkit.frontend.__main__; print(sorted({'h2', 'google', 'json'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == "[]\n"
