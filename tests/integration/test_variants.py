"""Every variant of every sample image, on every platform, breaks exactly the rules it is there to break."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Run
from tests.integration.building import build
from tests.stack import Stack

HOME = ROOT / "sample-images" / "smart-home"
TABLE = tomllib.loads((HOME / "variants.toml").read_text())
ROWS = [(plugin, variant) for plugin, variants in TABLE["variants"].items() for variant in variants]

pytestmark = pytest.mark.stack


def built(stack: Stack, plugin: str, variant: str, row: dict[str, Any]) -> str:
    """The image of one row, built without its own validate stage."""
    base = row.get("base", TABLE["plugins"][plugin]["base"])
    arguments = {"BASE": stack.bases[base], **row.get("build-args", {})}
    options = ("--target", "unchecked", "--file", str(HOME / plugin / "Dockerfile"))
    return build(
        stack, f"smart-home/{plugin}:{variant}", HOME, *options, platforms=tuple(row["on"]), build_args=arguments
    )


@pytest.mark.parametrize(("plugin", "variant"), ROWS, ids=[f"{plugin}-{variant}" for plugin, variant in ROWS])
def test_each_variant_breaks_exactly_its_rules(
    stack: Stack, spybuild: Run, tmp_path: Path, plugin: str, variant: str
) -> None:
    """Verdict and rules of every platform are those of the table, and the exit code follows."""
    assert stack.docker is not None
    row = TABLE["variants"][plugin][variant]
    secrets = row.get("secrets", TABLE["plugins"][plugin]["secrets"])
    flags = [f"--secret=id={name},env=SAMPLE_{name}" for name in secrets]
    flags += [f"--env={name}={value}" for name, value in row.get("env", {}).items()]
    environment = {**stack.docker.environment(), **{f"SAMPLE_{name}": value for name, value in secrets.items()}}
    done = spybuild(
        "scan", built(stack, plugin, variant, row), "-c", HOME / plugin / "spymodel.yml", "-f", "json",
        "--timeout", str(row.get("timeout", 120)), *flags,
        env={**os.environ, **environment}, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    found = {
        platform["platform"]: {
            "verdict": platform["verdict"],
            "rules": sorted({finding["rule"] for finding in platform["findings"]}),
        }
        for platform in report["platforms"]
    }
    assert found == row["on"]
    assert done.returncode == (0 if report["verdict"] == "pass" else 1)
    assert not any(value and value in done.stdout + done.stderr for value in secrets.values())
