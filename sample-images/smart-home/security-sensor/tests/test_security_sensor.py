"""The security-sensor plugin."""

import pytest
from security_sensor import plugin


@pytest.fixture
def sensor(monkeypatch):
    monkeypatch.setenv("DEVICE_TOKEN", "planted-device-token")
    return plugin.create({"id": "porch"})


def test_only_an_armed_sensor_triggers(sensor):
    assert sensor.trigger("door") is None
    assert sensor.arm()
    assert sensor.trigger("door", at=12.5) == {"device": "porch", "what": "door", "at": 12.5}
    assert sensor.trigger("earthquake") is None
    assert sensor.alarming


def test_old_events_are_dropped(sensor):
    sensor.arm(delay_seconds=0)
    for _ in range(60):
        sensor.trigger("motion")
    assert sensor.properties() == {"armed": True, "alarming": True, "events": 50}


def test_disarming_needs_the_signed_code(sensor):
    sensor.arm()
    assert not sensor.disarm("0000")
    assert sensor.disarm(plugin.signature(b"porch"))
    assert not sensor.alarming


def test_delay(monkeypatch):
    monkeypatch.setenv("ALARM_DELAY_SECONDS", "5")
    assert plugin.alarm_delay() == 5
