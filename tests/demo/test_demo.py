"""The demo on the stack, from its first line to its last."""

import os
import re
import subprocess
import sys

import pytest

from demo.narration import ROOT
from tests.stack import Stack


@pytest.mark.stack
@pytest.mark.xdist_group("image")
@pytest.mark.timeout(600)
def test_everything_behaves_as_announced(stack: Stack) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DOCKER_HOST", "DOCKER_CONFIG")}
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=580,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    for said in (
        "refused, as it should",
        "/spymodel.yml:53:15",
        "found on arm64 only",
        "admitted on",
        "All as announced",
    ):
        assert said in done.stdout
    assert not re.search("\x1b", done.stdout)
