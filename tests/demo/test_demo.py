"""The demo from its first line to its last: on the stack, and where no engine can run."""

import os
import re
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.skipif(sys.platform != "linux", reason="the image's Python is this machine's")
def test_where_no_engine_can_run_images_and_sources_are_read(tmp_path: Path) -> None:
    """No docker, no apt and no compiler along PATH: a layout of two platforms is built, read, and found broken on one."""
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    command = [sys.executable, "-m", "demo"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    said = [
        "There is none here.", "dist/demo/layout: ", "verdict: pass  (1 of 1 platform passed)", "SPY305",
        "verdict: FAIL  (1 of 2 platforms passed", "/spymodel.yml:53:15", "refused, exit code 1", "runtime",
        "oci-dir://dist/demo/layout -f json", "All as announced",
    ]  # fmt: skip
    rest = done.stdout
    for each in said:
        _, found, rest = rest.partition(each)
        assert found, f"{each!r} is not said, or not in its turn:\n{done.stdout}"
