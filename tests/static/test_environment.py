"""The environment that an image starts with, and answers about it."""

from pathlib import Path

import pytest

from spybuild.model.facts import Question
from spybuild.model.image import ImageConfig
from spybuild.static.environment import answer, environment_of, is_well_typed
from tests.probe import running

VALUES = ("", "1", " 7 ", "1_000", "1.5", "nan", "-", "true", " Yes ", "off", "2", "٣", "0x10", "a" * 5000, "9" * 5000)


def test_what_is_given_wins_over_the_images_own() -> None:
    """And that over what every container runtime sets."""
    config = ImageConfig(env=("A=image", "B=image=2", "EMPTY="))
    assert environment_of(config, {"A": "given"}, "/root") == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "A": "given",
        "B": "image=2",
        "EMPTY": "",
    }


@pytest.mark.parametrize("kind", ["int", "float", "bool", "str", "list", None])
def test_texts_read_as_types_as_the_probe_says(kind: str | None) -> None:
    """Every odd number and truth value, judged by the probe in an interpreter."""
    environment = {f"V{number}": value for number, value in enumerate(VALUES)}
    questions = [Question(name=name, equals="1", type=kind) for name in (*environment, "NOPE")]
    asked = [{"name": each.name, "equals": each.equals, "type": each.type} for each in questions]
    python = running.since(3, 11)[-1]
    told = running.ask(python, [], questions=asked, environment=environment)["environment"]
    for question, wanted in zip(questions, told, strict=True):
        here = answer(question, environment).model_dump(exclude={"question"})
        assert here == {key: wanted[key] for key in here}, question


def test_an_unknown_type_is_undecided() -> None:
    """Neither yes nor no."""
    assert is_well_typed("x", "Path") is None


def test_values_stay_where_they_are(tmp_path: Path) -> None:
    """An answer has no field that could hold one."""
    text = answer(Question(name="TOKEN"), {"TOKEN": "hunter2"}).model_dump_json()
    assert "hunter2" not in text
