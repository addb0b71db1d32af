"""Thermostat plugin: reads the room temperature and moves the set point."""

import os
import sys
from typing import Optional

from smarthome import Device, run, secret

__version__ = "1.4.0"

PLUGIN_NAME: str = "thermostat"
API_VERSION: int = 2
MODES = ["heat", "cool", "off"]


def to_fahrenheit(celsius: float) -> float:
    return celsius * 9 / 5 + 32


def poll_seconds() -> int:
    return int(os.environ.get("POLL_SECONDS", "30"))


class Thermostat(Device):
    """One room's thermostat."""

    kind: str = "thermostat"
    min_celsius: float = 5.0
    max_celsius: float = 30.0

    def __init__(self, device_id: str, target_celsius: float = 20.0) -> None:
        super().__init__(device_id)
        self.target_celsius = target_celsius
        self.mode: str = "heat"
        self._measured: Optional[float] = None

    @property
    def is_heating(self) -> bool:
        return self.mode == "heat" and self._measured is not None and self._measured < self.target_celsius

    def report(self, celsius: float) -> None:
        """The sensor's reading comes in here."""
        self._measured = celsius
        self.online = True

    def read(self) -> Optional[float]:
        return self._measured

    def set_target(self, celsius: float, hold_minutes: int = 60) -> dict:
        self.target_celsius = min(max(celsius, self.min_celsius), self.max_celsius)
        return {"target_celsius": self.target_celsius, "hold_minutes": hold_minutes}

    def properties(self) -> dict:
        return {"celsius": self.read(), "target_celsius": self.target_celsius, "heating": self.is_heating}

    def actions(self) -> list:
        return ["set_target"]

    def headers(self) -> dict:
        return {"Authorization": "Bearer " + secret("DEVICE_TOKEN")}


def create(config: dict, room: Optional[str] = None) -> Thermostat:
    """The hub's way in: one configured thermostat."""
    device = Thermostat(room or config["id"], target_celsius=config.get("target_celsius", 20.0))
    device.headers()
    return device


if __name__ == "__main__":
    sys.exit(run(create({"id": "living-room"})))
