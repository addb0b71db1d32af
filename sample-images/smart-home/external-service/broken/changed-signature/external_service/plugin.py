"""External-service plugin: brings the weather forecast of a web service into the hub."""

import json
import os
import sys
from typing import Optional
from urllib.parse import urlencode

from smarthome import Device, run, secret

__version__ = "1.0.3"

PLUGIN_NAME: str = "external-service"
API_VERSION: int = 2
ENDPOINT: str = "https://weather.example/v1/forecast"


def refresh_minutes() -> int:
    return int(os.environ.get("REFRESH_MINUTES", "60"))


def request_url(place: str, days: int = 7) -> str:
    """The address asked for; the key travels in a header, never in the address."""
    return ENDPOINT + "?" + urlencode({"place": place, "days": days})


class WeatherService(Device):
    """The forecast of one place."""

    kind: str = "external-service"
    timeout_seconds: int = 10

    def __init__(self, device_id: str, place: str = "Turin") -> None:
        super().__init__(device_id)
        self.place = place
        self.forecast: Optional[dict] = None

    @property
    def will_rain(self) -> bool:
        return bool(self.forecast) and any(day["rain_mm"] > 0 for day in self.forecast["days"])

    def headers(self) -> dict:
        return {"X-Api-Key": secret("API_KEY"), "Accept": "application/json"}

    def load(self, body: str, strict: bool) -> int:
        """Take in the service's answer; how many days it covers."""
        forecast = json.loads(body)
        if strict and not isinstance(forecast.get("days"), list):
            raise ValueError("the forecast has no days")
        self.forecast = forecast
        self.online = True
        return len(forecast.get("days", []))

    def properties(self) -> dict:
        return {"place": self.place, "will_rain": self.will_rain}

    def actions(self) -> list:
        return ["refresh"]


def create(config: dict) -> WeatherService:
    """The hub's way in: one configured place."""
    device = WeatherService(config["id"], place=config.get("place", "Turin"))
    device.headers()
    return device


if __name__ == "__main__":
    sys.exit(run(create({"id": "weather"})))
