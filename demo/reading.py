"""The demo where no engine can run: images and sources are read, nothing of them is run."""

import platform
import shlex
import sys
import time
from pathlib import Path

from demo import folder
from demo.images import CONTRACT, line_of
from demo.layout import LayoutWriter
from demo.narration import ROOT, DemoError, Narrator
from demo.python_here import Files, interpreter, package_files, python_files
from spybuild.model.platforms import Platform

LAYOUT = "dist/demo/layout"
NATIVE = str(Platform.of(platform.system(), platform.machine()))
FOREIGN = "linux/amd64" if NATIVE == "linux/arm64" else "linux/arm64"
_PACKAGE = "PyYAML"  # it has an extension module


def run(narrator: Narrator) -> None:
    """Build an image without an engine, read it, and read a broken source.

    Raises:
        DemoError: something did not behave as announced.
    """
    good, broken = folder.prepare(ROOT, "good"), folder.prepare(ROOT, "missing-method")
    _build(narrator, _application(good))
    narrator.heading("Static evidence: the thermostat, read from the image's layers; nothing of it is executed")
    narrator.say("Only the contract's part on the module is used: this machine need not be one of its hubs.")
    contract = ["-c", str(good / "spymodel.yml")]
    _expect(narrator, ["scan", f"oci-dir://{LAYOUT}", "--platform", NATIVE, *contract], 0, "verdict: pass")
    narrator.good(f"admitted on {NATIVE}, exit code 0")
    narrator.heading("Integrity: is the image sound on every platform? No contract is needed for that")
    _expect(narrator, ["scan", "--integrity", f"oci-dir://{LAYOUT}"], 1, f"on {FOREIGN}", "SPY305", "(1 of 2 platforms")
    narrator.good(f"found on {FOREIGN} alone, exit code 1: one mistake, one finding, not one for every module")
    narrator.heading("A broken thermostat, before there is any image: someone renamed read_celsius")
    line = line_of("- name: read_celsius")
    narrator.say(f"The contract asks for it in line {line}. Editors and pre-commit hooks ask so, too.")
    check = ["check", str(broken / "thermostat" / "plugin.py"), "-c", CONTRACT]
    _expect(narrator, check, 1, "SPY104", f"/spymodel.yml:{line}:")
    narrator.good("refused, exit code 1")


def _build(narrator: Narrator, application: Files) -> None:
    narrator.heading("An image of two platforms, written as an OCI layout: no engine, no root, no download")
    narrator.say(
        f"{NATIVE}: the Python of this machine with the libraries it needs, {_PACKAGE}, and the thermostat.\n"
        f"{FOREIGN}: the very same layers, as a COPY from the builder's own platform would give it."
    )
    started = time.monotonic()
    writer, base = LayoutWriter(ROOT / LAYOUT), python_files()
    layers = [writer.layer(base), writer.layer(application)]
    config = {
        "Env": [f"PATH={interpreter().parent}:/usr/bin:/bin"], "User": "65534", "WorkingDir": "/app",
        "Entrypoint": [str(interpreter()), "-m", "thermostat.plugin"],
    }  # fmt: skip
    writer.finish([writer.platform(each, layers, config) for each in (NATIVE, FOREIGN)])
    size, count = sum(each["size"] for each in layers), len(base) + len(application)
    narrator.good(f"{LAYOUT}: {count} files, {size >> 20} MB, in {time.monotonic() - started:.1f} s")


def _application(good: Path) -> Files:
    """The thermostat and its package, as the image has them."""
    sources = (each for each in (ROOT / good).rglob("*.py"))
    return {f"app/{each.relative_to(ROOT / good)}": each for each in sources} | package_files(_PACKAGE, "app")


def _expect(narrator: Narrator, arguments: list[str], code: int, *words: str) -> None:
    """Run SpyBuild, and hold it to what was announced."""
    outcome = narrator.run(
        [sys.executable, "-m", "spybuild", *arguments], shlex.join([".venv/bin/spybuild", *arguments])
    )
    narrator.quote(outcome.text.splitlines())
    missing = [word for word in words if word not in outcome.text]
    if outcome.code != code or missing:
        wrong = f"it does not say {missing[0]}" if missing else f"exit code {outcome.code} instead of {code}"
        raise DemoError(f"that did not go as announced: {wrong}")
