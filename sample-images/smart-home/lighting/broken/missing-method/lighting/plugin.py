"""Lighting plugin: switches and dims lamps."""

import os
import sys
from typing import Optional

from smarthome import Device, run, secret

__version__ = "2.1.0"

PLUGIN_NAME: str = "lighting"
API_VERSION: int = 2
SCENES = {"day": 100, "evening": 40, "night": 5}


def fade_seconds() -> float:
    return float(os.environ.get("FADE_SECONDS", "0.5"))


class Light(Device):
    """One lamp."""

    kind: str = "light"
    max_brightness: int = 100

    def __init__(self, device_id: str, dimmable: bool = True) -> None:
        super().__init__(device_id)
        self.dimmable = dimmable
        self.brightness: int = 0

    @property
    def is_on(self) -> bool:
        return self.brightness > 0

    def turn_on(self, brightness: int = 100) -> dict:
        level = min(brightness, self.max_brightness) if self.dimmable else self.max_brightness
        self.brightness = max(level, 0)
        return self.properties()

    @property
    def turn_off(self) -> dict:
        self.brightness = 0
        return self.properties()

    def apply_scene(self, name: str, fade: Optional[float] = None) -> bool:
        if name not in SCENES:
            return False
        self.turn_on(SCENES[name])
        return True

    def properties(self) -> dict:
        return {"on": self.is_on, "brightness": self.brightness}

    def actions(self) -> list:
        return ["turn_on", "turn_off", "apply_scene"]


def create(config: dict) -> Light:
    """The hub's way in: one configured lamp."""
    secret("DEVICE_TOKEN")
    return Light(config["id"], dimmable=config.get("dimmable", True))


if __name__ == "__main__":
    sys.exit(run(create({"id": "desk-lamp"})))
