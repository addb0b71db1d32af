"""The external-service plugin."""

import json

import pytest
from external_service import plugin

KEY = "planted-api-key"


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setenv("API_KEY", KEY)
    return plugin.create({"id": "weather", "place": "Oslo"})


def test_the_key_travels_in_a_header_only(service):
    assert service.headers()["X-Api-Key"] == KEY
    assert plugin.request_url("Oslo", days=1) == "https://weather.example/v1/forecast?place=Oslo&days=1"
    assert KEY not in plugin.request_url("Oslo")


def test_loads_a_forecast(service):
    assert service.properties() == {"place": "Oslo", "will_rain": False}
    assert service.load(json.dumps({"days": [{"rain_mm": 0}, {"rain_mm": 4.2}]})) == 2
    assert service.will_rain


def test_a_forecast_without_days_is_refused_when_strict(service):
    with pytest.raises(ValueError, match="no days"):
        service.load("{}")
    assert service.load('{"days": []}', strict=False) == 0


def test_refresh(monkeypatch):
    monkeypatch.setenv("REFRESH_MINUTES", "15")
    assert plugin.refresh_minutes() == 15
