"""Secrets that are baked in: found in every form, and never shown."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.images.layers.layer import LAYER_TAR, Layer
from spybuild.images.layers.store import LayerStore
from spybuild.integrity.gathering import gather
from spybuild.integrity.secrets import _lines, _pattern
from spybuild.model.digests import Digest
from spybuild.model.image import ImageConfig
from spybuild.rules.integrity import check_soundness
from tests.integrity.making import AMD64, findings, put, rules, soundness, target

NAME = "DEVICE_TOKEN"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", "DEVICE_TOKEN=hunter2"),
        (".env", "DEBUG=1\nexport DEVICE_TOKEN='hunter2'\n"),
        ("settings.ini", "[iot]\nDEVICE_TOKEN = hunter2\n"),
        ("values.yaml", "iot:\n  DEVICE_TOKEN: hunter2\n"),
        ("pod.yaml", "env:\n  - name: DEVICE_TOKEN\n    value: hunter2\n"),
        ("task.json", '{"environment": [{"name": "DEVICE_TOKEN", "value": "hunter2"}]}'),
        ("config.json", '{"a": 1, "DEVICE_TOKEN": "hunter2"}'),
        ("pyproject.toml", '[tool.iot]\nDEVICE_TOKEN = "hunter2"\n'),
        ("start.sh", "set -e\nDEVICE_TOKEN=hunter2 exec app\n"),
        (".env", "DEVICE_TOKEN=changeme"),
    ],
)
def test_a_value_in_a_file_is_found(file: str, text: str, tmp_path: Path) -> None:
    """Whatever the format, with its line; a placeholder is a value."""
    put(tmp_path, f"/app/{file}", text)
    [finding] = findings(tmp_path, secrets=(NAME,))
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "hunter2" in each or "changeme" in each)
    assert finding.rule == "SPY650"
    assert str(finding.image_location) == f"/app/{file}:{line}"
    assert "hunter2" not in soundness(tmp_path, secrets=(NAME,)).model_dump_json() + finding.model_dump_json()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", "DEVICE_TOKEN=\n"),
        (".env", "DEVICE_TOKEN=${DEVICE_TOKEN}\n"),
        (".env", "# DEVICE_TOKEN=an-example\n"),
        (".env", "MY_DEVICE_TOKEN=other\nDEVICE_TOKEN_FILE=/run/secrets/token\n"),
        ("compose.yaml", "DEVICE_TOKEN: ${DEVICE_TOKEN:?}\n"),
        ("compose.yaml", "DEVICE_TOKEN:\nOTHER: 1\n"),
        ("config.json", '{"DEVICE_TOKEN": "", "required": ["DEVICE_TOKEN"]}'),
        ("config.json", '{"DEVICE_TOKEN": null}'),
        ("start.sh", 'if [ "$DEVICE_TOKEN" == "" ]; then DEVICE_TOKEN=$(cat /run/secrets/t); fi\n'),
        ("spymodel.yml", "environment:\n  secrets:\n    - DEVICE_TOKEN\n"),
        ("values.yaml", "DEVICE_TOKEN: !vault token\nname: DEVICE_TOKEN\nvalueFrom: secret\n"),
    ],
)
def test_a_reference_is_no_value(file: str, text: str, tmp_path: Path) -> None:
    """What is given later, what is empty, what is another name, what is a comment."""
    put(tmp_path, f"/app/{file}", text)
    assert findings(tmp_path, secrets=(NAME,)) == []


def test_a_value_in_the_config_is_found_once(tmp_path: Path) -> None:
    """ENV shows in the history as well, which is the same leak; a label and a build argument are others."""
    env = ImageConfig(env=("DEVICE_TOKEN=hunter2",), history=("ENV DEVICE_TOKEN=hunter2",))
    assert rules(findings(tmp_path, env, secrets=(NAME,))) == ["SPY650"]
    argument = ImageConfig(
        history=("RUN |1 DEVICE_TOKEN=hunter2 /bin/sh -c make",), labels={"run": "-e DEVICE_TOKEN=hunter2"}
    )
    assert rules(findings(tmp_path, argument, secrets=(NAME,))) == ["SPY650", "SPY650"]


def test_what_no_contract_declares_secret_is_not_looked_for(tmp_path: Path) -> None:
    """Without names there is nothing to find."""
    put(tmp_path, "/app/.env", "DEVICE_TOKEN=hunter2")
    assert findings(tmp_path) == []


def test_a_value_in_a_deleted_file_is_found(tmp_path: Path) -> None:
    """The lower layer still has it, and everyone who pulls the image."""
    lower, upper = {"app/.env": b"DEVICE_TOKEN=hunter2\n", "usr/lib/x.py": b""}, {"app/.wh..env": b""}
    files = LayerStore().files([_layer(lower), _layer(upper)])
    assert files.find("/app/.env") is None
    facts = gather(files, target(), AMD64, ImageConfig(), secrets=(NAME,))
    [finding] = check_soundness(facts, AMD64)
    assert finding.rule == "SPY650"
    assert "layer 0, deleted or overwritten by a later layer" in finding.message


def _layer(files: dict[str, bytes]) -> Layer:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    content = packed.getvalue()
    return Layer(Digest.of(content), LAYER_TAR, lambda: io.BytesIO(content))


def test_long_runs_of_blanks_are_searched_at_once() -> None:
    """A hostile file of 64 KiB takes no time that grows with its square."""
    text = "name: DEVICE_TOKEN" + " " * 65_000 + "\nDEVICE_TOKEN" + " " * 65_000
    assert list(_lines(_pattern("DEVICE_TOKEN"), text)) == []


@given(st.text(alphabet="DEVICE_TOKEN=:'\"{}$ \n-#\\ab", max_size=200))
def test_any_text_is_searched_to_its_end(text: str) -> None:
    """Lines that exist, or none; never an error."""
    lines = list(_lines(_pattern("DEVICE_TOKEN"), text))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
