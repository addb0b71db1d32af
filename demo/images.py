"""The demo with an engine: a broken build refused, a broken image found, a good one admitted."""

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from buildkit.image import TAG
from demo.ground import Ground
from demo.narration import ROOT, DemoError, Narrator, Outcome

CONTEXT = "sample-images/smart-home"
CONTRACT = f"{CONTEXT}/thermostat/spymodel.yml"
TOKEN = {"DEVICE_TOKEN": "sample-device-token"}
_TAG = "smart-home/thermostat"
_STEP = re.compile(r"#(\d+) (?:\[.*\bvalidate \d+/\d+\] RUN|([\d.]+) (.*)|(CACHED)$)")


@dataclass(frozen=True)
class Batch:
    """What one build makes: all platforms under one tag, or one platform where a tag holds only one."""

    platforms: tuple[str, ...]
    suffix: str

    @property
    def spybuild(self) -> str:
        """The image that carries SpyBuild into this build."""
        return f"{TAG}:{self.suffix[1:]}" if self.suffix else TAG


def batches(ground: Ground) -> tuple[Batch, ...]:
    """The builds that all platforms take."""
    if ground.many_in_one_tag:
        return (Batch(ground.platforms, ""),)
    return tuple(Batch((each,), f"-{each.rpartition('/')[2]}") for each in ground.platforms)


class ImageDemo:
    """The steps, in order; each raises `DemoError` when something did not behave as announced."""

    def __init__(self, narrator: Narrator, ground: Ground) -> None:
        self._narrator, self._ground, self._batches = narrator, ground, batches(ground)

    def run(self) -> None:
        """All steps."""
        self._build_spybuild()
        self._refuse()
        self._find()
        self._admit()

    def _build_spybuild(self) -> None:
        self._narrator.heading(
            "The image that carries SpyBuild into build stages: /.spybuild, with a Python of its own"
        )
        for batch in self._batches:
            arguments = ["-m", "buildkit.image", "--platform", ",".join(batch.platforms), "--base", self._ground.base]
            arguments += ["--tag", batch.spybuild] if batch.suffix else []
            outcome = self._narrator.run([sys.executable, *arguments], shlex.join([".venv/bin/python", *arguments]))
            self._expect(outcome, 0)
            self._narrator.good(f"{batch.spybuild} for {_and(batch.platforms)}, in {outcome.seconds:.0f} s")

    def _refuse(self) -> None:
        line = line_of("- name: read_celsius")
        self._narrator.heading("A broken thermostat: someone renamed read_celsius, which the hub polls")
        self._narrator.say(
            f"The contract asks for it in line {line}. The Dockerfile's stage `validate` runs the check."
        )
        for batch in self._batches:
            outcome = self._build(batch, "missing-method")
            said = validate_output(outcome.text)
            self._narrator.quote(said)
            self._expect(outcome, 1, "SPY104", f"/spymodel.yml:{line}:")
            self._narrator.good(f"refused, as it should: no image was made ({outcome.seconds:.0f} s)")

    def _find(self) -> None:
        everywhere = "linux/arm64" not in self._ground.platforms
        variant, rule = ("missing-method", "SPY104") if everywhere else ("arm64-only-defect", "SPY012")
        self._narrator.heading(
            "An image that nobody checked, with the same defect" if everywhere
            else "An image that nobody checked: a lookup that knows x86_64 only, fine on the developer's machine"
        )  # fmt: skip
        for batch in self._batches:
            built = self._build(batch, variant, checked=False)
            self._expect(built, 0)
            self._narrator.good(f"built, unchecked ({built.seconds:.0f} s)")
            outcome = self._scan(batch, variant)
            broken = everywhere or "linux/arm64" in batch.platforms
            self._expect(outcome, int(broken), *([rule] if broken else []), quoted=True)
            where = "" if everywhere else " on arm64 only"
            self._narrator.good(
                f"found{where}, exit code 1 ({outcome.seconds:.1f} s)" if broken else "passes here, exit code 0"
            )

    def _admit(self) -> None:
        self._narrator.heading("The good thermostat: checked in the build, and once more as an image")
        for batch in self._batches:
            outcome, all_ = self._build(batch, "good"), len(batch.platforms)
            self._expect(outcome, 0)
            said = validate_output(outcome.text)
            self._narrator.quote(line for line in said if line and not line.startswith(("this", "contract")))
            remembered = "" if said else ", the check remembered from an earlier build"
            self._narrator.good(f"built ({outcome.seconds:.0f} s{remembered})")
            scanned = self._scan(batch, "good")
            self._expect(scanned, 0, f"{all_} of {all_} platform", quoted=True)
            self._narrator.good(f"admitted on {_and(batch.platforms)}, exit code 0 ({scanned.seconds:.1f} s)")

    def _build(self, batch: Batch, variant: str, *, checked: bool = True) -> Outcome:
        """Build a variant; the last stage of the Dockerfile is the one that needs the check."""
        spybuild = ["--build-arg", f"SPYBUILD={batch.spybuild}"] if batch.suffix else []
        checking = ["--secret", "id=device_token,env=DEVICE_TOKEN", *spybuild]
        return self._narrator.run([
            "docker", "buildx", "build", "--progress=plain", "--platform", ",".join(batch.platforms),
            "--build-arg", f"BASE={self._ground.base}", "--build-arg", f"VARIANT={variant}",
            *(checking if checked else ["--target", "unchecked"]), "--load", "-t", self._tag(batch, variant),
            "-f", f"{CONTEXT}/thermostat/Dockerfile", CONTEXT,
        ])  # fmt: skip

    def _scan(self, batch: Batch, variant: str) -> Outcome:
        arguments = ["-m", "spybuild", "scan", self._tag(batch, variant), "-c", CONTRACT, "--secret", "DEVICE_TOKEN"]
        outcome = self._narrator.run([sys.executable, *arguments], shlex.join([".venv/bin/spybuild", *arguments[2:]]))
        self._narrator.quote(outcome.text.splitlines())
        return outcome

    def _tag(self, batch: Batch, variant: str) -> str:
        return f"{_TAG}:{'1.4' if variant == 'good' else variant}{batch.suffix}"

    def _expect(self, outcome: Outcome, code: int, *words: str, quoted: bool = False) -> None:
        """Hold a command to what was announced."""
        missing = [word for word in words if word not in outcome.text]
        if outcome.code == code and not missing:
            return
        if not quoted:
            self._narrator.quote(outcome.text.splitlines()[-25:])
        wrong = (
            f"exit code {outcome.code} instead of {code}" if outcome.code != code else f"it does not say {missing[0]}"
        )
        raise DemoError(f"that did not go as announced: {wrong}")


def validate_output(log: str) -> list[str]:
    """What `spybuild validate` said, out of the plain log of a build of one or more platforms."""
    said: dict[str, list[str]] = {}
    for line in log.splitlines():
        if not (match := _STEP.match(line)):
            continue
        number, seconds, text, _cached = match.groups()
        if not seconds:
            said.setdefault(number, []) if "validate" in line else None
        elif number in said:
            said[number].append(text)
    # A platform that is cancelled because another one failed has said nothing.
    return [line for lines in said.values() for line in "\n".join(lines).strip().splitlines()]


def line_of(text: str) -> int:
    """The line of the thermostat's contract that has this text."""
    lines = (ROOT / CONTRACT).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)
