"""The demo's steps: what it reads out of logs, and that it believes nothing but what it announced."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from demo import __main__, folder, ground
from demo.ground import Ground
from demo.images import Batch, ImageDemo, batches, validate_output
from demo.narration import ROOT, DemoError, Narrator, Outcome

LOG = """\
#7 [linux/amd64 validate 1/1] RUN --mount=type=bind /opt/spybuild/bin/spybuild validate -c /spymodel.yml
#8 [linux/arm64 validate 1/1] RUN --mount=type=bind /opt/spybuild/bin/spybuild validate -c /spymodel.yml
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


def test_without_an_engine_it_shows_the_check_on_a_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ground, "_docker", lambda _environment: False)
    monkeypatch.setattr(ground, "_can_bring_up", lambda: False)
    monkeypatch.setattr(sys, "argv", ["demo"])
    assert __main__.main() == 0
    said = capsys.readouterr().out
    assert "There is none here. Install Docker" in said
    assert "SPY104 missing-method" in said
    assert "All as announced" in said
