"""The demo's steps: what it reads out of logs, and that it believes nothing but what it announced."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from demo import __main__, folder, reading
from demo.ground import Ground
from demo.images import Batch, ImageDemo, batches, validate_output
from demo.narration import ROOT, DemoError, Narrator, Outcome

LOG = """\
#7 [linux/amd64 validate 1/1] RUN --mount=type=bind /.spybuild/bin/spybuild validate -c /spymodel.yml
#8 [linux/arm64 validate 1/1] RUN --mount=type=bind /.spybuild/bin/spybuild validate -c /spymodel.yml
#6 [build 1/4] COPY smarthome/ /app/smarthome/
#6 0.100 not of the check
#7 1.500 verdict: FAIL
#7 1.500\x20
#7 1.501 the end
#7 ERROR: process "/bin/sh -c spybuild validate" did not complete successfully: exit code: 1
#8 CANCELED
------
 > [linux/amd64 validate 1/1] RUN:
1.500 verdict: FAIL
"""
BOTH = ("linux/amd64", "linux/arm64")


def test_what_validate_said_is_read_out_of_a_log() -> None:
    assert validate_output(LOG) == ["verdict: FAIL", "", "the end"]


def test_a_remembered_check_said_nothing() -> None:
    assert validate_output("#7 [linux/amd64 validate 1/1] RUN --mount spybuild validate\n#7 CACHED\n") == []


def test_one_tag_holds_all_platforms_only_where_the_engine_can() -> None:
    assert batches(Ground("python", BOTH, "28", True)) == (Batch(BOTH, ""),)
    each = batches(Ground("python", BOTH, "20", False))
    assert [batch.spybuild for batch in each] == ["spybuild/spybuild:amd64", "spybuild/spybuild:arm64"]


class Scripted(Narrator):
    """A narrator whose commands end as told."""

    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__(io.StringIO())
        self.outcomes, self.commands = list(outcomes), list[str]()

    def run(self, argv: Sequence[str], shown: str = "", cwd: Path = ROOT) -> Outcome:
        """Note the command, and give the next outcome."""
        self.commands.append(shown or " ".join(argv))
        return self.outcomes.pop(0)


REFUSED = Outcome(1, "#7 [x validate 1/1] RUN validate\n#7 1.0 SPY104\n#7 1.0 contract  /spymodel.yml:53:15\n", 1)
FINE = Outcome(0, "", 1)
AS_ANNOUNCED = (
    FINE, REFUSED, FINE, Outcome(1, "SPY012 import-failed", 1), FINE, Outcome(0, "(2 of 2 platforms passed)", 1),
)  # fmt: skip


def test_all_goes_as_announced() -> None:
    narrator = Scripted(*AS_ANNOUNCED)
    ImageDemo(narrator, Ground("python:3.13-slim", BOTH, "28", True)).run()
    assert not narrator.outcomes
    assert narrator.commands[1].startswith("docker buildx build")
    assert "DEVICE_TOKEN" in narrator.commands[3]


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        (step, wrong)
        for step, right in enumerate(AS_ANNOUNCED)
        for wrong in (Outcome(0, "", 1), Outcome(1, "", 1), Outcome(3, "no daemon", 1))
        if wrong != right
    ],
)
def test_anything_else_is_told(step: int, wrong: Outcome) -> None:
    outcomes = [*AS_ANNOUNCED[:step], wrong, *AS_ANNOUNCED[step + 1 :]]
    with pytest.raises(DemoError, match="not go as announced"):
        ImageDemo(Scripted(*outcomes), Ground("python:3.13-slim", BOTH, "28", True)).run()


@pytest.mark.parametrize(("variant", "method"), [("good", "read_celsius"), ("missing-method", "read")])
def test_a_folder_has_what_the_image_would_have(tmp_path: Path, variant: str, method: str) -> None:
    (tmp_path / "sample-images").symlink_to(ROOT / "sample-images")
    prepared = tmp_path / folder.prepare(tmp_path, variant)
    assert f"def {method}(" in (prepared / "thermostat/plugin.py").read_text()
    assert (prepared / "smarthome/device.py").is_file()
    contract = (prepared / "spymodel.yml").read_text()
    assert "read_celsius" in contract
    assert "deployments" not in contract


SOUND_ELSEWHERE = f"on {reading.FOREIGN} SPY305 (1 of 2 platforms passed)"
AS_READ = (
    Outcome(0, "verdict: pass", 1), Outcome(1, SOUND_ELSEWHERE, 1), Outcome(1, "SPY104 a/spymodel.yml:53:15", 1),
)  # fmt: skip


def without_building(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps alone: the layout is a test of its own."""
    monkeypatch.setattr(reading, "_build", lambda _narrator, _application: None)
    monkeypatch.setattr(folder, "prepare", lambda _root, variant: Path("dist/demo", variant))


def test_reading_goes_as_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The native platform with the contract, all platforms without, the source at the contract's line."""
    without_building(monkeypatch)
    narrator = Scripted(*AS_READ)
    reading.run(narrator)
    assert [command.split()[1] for command in narrator.commands] == ["scan", "scan", "check"]
    assert f"--platform {reading.NATIVE}" in narrator.commands[0]
    assert "--integrity" in narrator.commands[1]


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("wrong", [Outcome(0, "", 1), Outcome(1, "", 1), Outcome(3, "no image", 1)])
def test_reading_otherwise_is_told(monkeypatch: pytest.MonkeyPatch, step: int, wrong: Outcome) -> None:
    """Neither another exit code nor another finding is taken for what was announced."""
    without_building(monkeypatch)
    with pytest.raises(DemoError, match="not go as announced"):
        reading.run(Scripted(*AS_READ[:step], wrong, *AS_READ[step + 1 :]))


def test_on_another_system_only_the_folder_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An image of linux cannot be made of another system's Python."""
    monkeypatch.setattr(__main__, "find_ground", lambda _narrator: None)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(sys, "argv", ["demo"])
    shown: list[str] = []
    monkeypatch.setattr(reading, "run", lambda _narrator: shown.append("reading"))
    monkeypatch.setattr(folder, "run", lambda _narrator: shown.append("folder"))
    assert __main__.main() == 0
    assert shown == ["folder"]
    said = capsys.readouterr().out
    assert "There is none here. Install Docker Desktop" in said
    assert "dist/demo/layout" not in said
