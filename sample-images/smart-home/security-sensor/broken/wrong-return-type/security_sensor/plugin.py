"""Security-sensor plugin: arms a zone and raises alarms."""

import hashlib
import hmac
import os
import sys
from typing import Optional

from smarthome import Device, run, secret

__version__ = "3.0.2"

PLUGIN_NAME: str = "security-sensor"
API_VERSION: int = 2
TRIGGERS = ["door", "window", "motion"]


def alarm_delay() -> int:
    return int(os.environ.get("ALARM_DELAY_SECONDS", "15"))


def signature(message: bytes, algorithm: str = "sha256") -> str:
    """What the sensor signs its messages with, so that nobody can forge an all-clear."""
    return hmac.new(secret("DEVICE_TOKEN").encode(), message, getattr(hashlib, algorithm)).hexdigest()


class SecuritySensor(Device):
    """One zone of the house."""

    kind: str = "security-sensor"
    max_events: int = 50

    def __init__(self, device_id: str) -> None:
        super().__init__(device_id)
        self.armed: bool = False
        self.events: list = []

    @property
    def alarming(self) -> bool:
        return self.armed and bool(self.events)

    def arm(self, delay_seconds: int = 15) -> bool:
        self.armed = delay_seconds >= 0
        return self.armed

    def disarm(self, code: str) -> bool:
        if hmac.compare_digest(code, signature(self.device_id.encode())):
            self.armed = False
            self.events = []
        return not self.armed

    def trigger(self, what: str, at: Optional[float] = None) -> Optional[tuple]:
        if not self.armed or what not in TRIGGERS:
            return None
        event = (self.device_id, what, at)
        self.events = [*self.events, event][-self.max_events :]
        return event

    def properties(self) -> dict:
        return {"armed": self.armed, "alarming": self.alarming, "events": len(self.events)}

    def actions(self) -> list:
        return ["arm", "disarm"]


def create(config: dict) -> SecuritySensor:
    """The hub's way in: one configured zone."""
    secret("DEVICE_TOKEN")
    return SecuritySensor(config["id"])


if __name__ == "__main__":
    sys.exit(run(create({"id": "front-door"})))
