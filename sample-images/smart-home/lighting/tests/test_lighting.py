"""The lighting plugin."""

import pytest
from lighting import plugin


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setenv("DEVICE_TOKEN", "planted-device-token")
    return plugin.create({"id": "desk"})


def test_brightness_is_bounded(light):
    assert light.turn_on(250) == {"on": True, "brightness": 100}
    assert light.turn_on(-1) == {"on": False, "brightness": 0}


def test_a_plain_lamp_knows_on_and_off_only(light):
    light.dimmable = False
    assert light.turn_on(10)["brightness"] == 100
    assert light.turn_off() == {"on": False, "brightness": 0}


def test_scenes(light):
    assert light.apply_scene("evening", fade=1.0)
    assert light.brightness == 40
    assert not light.apply_scene("disco")


def test_fading(monkeypatch):
    monkeypatch.setenv("FADE_SECONDS", "1.5")
    assert plugin.fade_seconds() == 1.5
