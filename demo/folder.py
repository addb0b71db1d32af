"""The demo where no engine can run: the plugin imported from a plain folder, by the Python at hand."""

import shlex
import shutil
import sys
from pathlib import Path

from demo.images import CONTEXT, CONTRACT
from demo.narration import ROOT, DemoError, Narrator

_FOLDER = Path("dist/demo")
# What follows in the contract is about where the plugin may run, and this machine is none of its hubs.
_PLACES = "# --- Where it may run"


def run(narrator: Narrator) -> None:
    """Check a broken and a good folder.

    Raises:
        DemoError: something did not behave as announced.
    """
    narrator.heading("Runtime evidence, as inside a build stage: the broken thermostat imported from a plain folder")
    _check(narrator, "missing-method", 1, "SPY104")
    narrator.good("refused, exit code 1")
    narrator.heading("The good thermostat, imported")
    _check(narrator, "good", 0, "verdict: pass")
    narrator.good("admitted, exit code 0")


def _check(narrator: Narrator, variant: str, code: int, word: str) -> None:
    folder = prepare(ROOT, variant)
    arguments = ["validate", "-c", "spymodel.yml", "--python", sys.executable, "--user", "image"]
    shown = f"(cd {folder} && ../../../.venv/bin/spybuild {shlex.join(arguments)})"
    outcome = narrator.run([sys.executable, "-m", "spybuild", *arguments], shown, ROOT / folder)
    narrator.quote(outcome.text.splitlines())
    if outcome.code != code or word not in outcome.text:
        raise DemoError(f"that did not go as announced: exit code {outcome.code} instead of {code} with {word}")


def prepare(root: Path, variant: str) -> Path:
    """Lay out what the image of a variant holds in a folder, with its contract; its path, from the root."""
    folder, context = root / _FOLDER / variant, root / CONTEXT
    shutil.rmtree(folder, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(context / "smarthome", folder / "smarthome", ignore=unwanted)
    shutil.copytree(context / "thermostat" / "thermostat", folder / "thermostat", ignore=unwanted)
    if (broken := context / "thermostat" / "broken" / variant).is_dir():
        shutil.copytree(broken, folder, ignore=unwanted, dirs_exist_ok=True)
    (folder / "spymodel.yml").write_text((root / CONTRACT).read_text().partition(_PLACES)[0])
    return folder.relative_to(root)
