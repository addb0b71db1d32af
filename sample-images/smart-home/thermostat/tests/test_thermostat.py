"""The thermostat plugin."""

import pytest
from smarthome import MissingSecretError
from thermostat import plugin

TOKEN = "planted-device-token"


@pytest.fixture
def thermostat(monkeypatch):
    monkeypatch.setenv("DEVICE_TOKEN", TOKEN)
    return plugin.create({"id": "hall"})


def test_target_stays_within_the_limits(thermostat):
    assert thermostat.set_target(99.0) == {"target_celsius": 30.0, "hold_minutes": 60}
    assert thermostat.set_target(-3.0, hold_minutes=5) == {"target_celsius": 5.0, "hold_minutes": 5}


def test_heats_only_below_the_target(thermostat):
    assert thermostat.read_celsius() is None
    assert not thermostat.is_heating
    thermostat.report(18.5)
    assert thermostat.read_celsius() == 18.5
    assert thermostat.is_heating
    thermostat.report(21.0)
    assert not thermostat.is_heating


def test_room_overrides_the_configured_id(thermostat):
    assert plugin.create({"id": "hall"}, room="attic").information() == {
        "id": "attic",
        "kind": "thermostat",
        "online": False,
    }


def test_fahrenheit_and_polling(monkeypatch):
    monkeypatch.setenv("POLL_SECONDS", "10")
    assert plugin.to_fahrenheit(100.0) == 212.0
    assert plugin.poll_seconds() == 10


def test_the_token_is_sent_but_not_shown(thermostat):
    assert thermostat.headers() == {"Authorization": "Bearer " + TOKEN}
    assert TOKEN not in repr((thermostat.information(), thermostat.properties()))


def test_a_missing_token_is_named(monkeypatch):
    monkeypatch.delenv("DEVICE_TOKEN", raising=False)
    with pytest.raises(MissingSecretError, match="DEVICE_TOKEN"):
        plugin.create({"id": "hall"})
