"""Scanning with the stack's engines, in processes as users start them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.stack import Docker, Podman, Stack

Scan = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def scan(stack: Stack, spybuild: Run, tmp_path: Path) -> Scan:
    """Scan an image against a contract given as text; gives the exit code and the report."""

    def run(
        image: str, contract: str, *flags: str, on: Docker | Podman | None = None, **variables: str
    ) -> tuple[int, dict[str, Any]]:
        engine = on or stack.docker
        assert engine is not None
        (tmp_path / "spymodel.yml").write_text(contract)
        environment = {**os.environ, **engine.environment(), **variables}
        done = spybuild("scan", image, "-f", "json", *flags, env=environment, cwd=tmp_path)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


def rules(report: dict[str, Any]) -> dict[str, list[str]]:
    """The rules broken on each platform."""
    return {each["platform"]: [finding["rule"] for finding in each["findings"]] for each in report["platforms"]}
