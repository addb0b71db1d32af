"""Voice-assistant plugin: turns what was said into commands for other devices."""

from __future__ import annotations

import os
import re
import sys

from smarthome import Device, run, secret

__version__ = "0.9.1"

PLUGIN_NAME: str = "voice-assistant"
API_VERSION: int = 2
WAKE_WORD: str = "computer"
PHRASES = {"on": r"turn on the (\w+)", "off": r"turn off the (\w+)"}


def microphone_enabled() -> bool:
    return os.environ.get("MICROPHONE_ENABLED", "false").lower() in ("1", "true")


def normalise(text: str) -> str:
    return " ".join(text.lower().split())


class VoiceAssistant(Device):
    """One microphone with a little grammar behind it."""

    kind: str = "voice-assistant"
    language: str = "en"

    def __init__(self, device_id: str, volume: int = 50) -> None:
        super().__init__(device_id)
        self.volume = volume
        self.last_heard: str | None = None

    def hear(self, text: bytes, confidence: float = 1.0) -> dict | None:
        """The command in a sentence that starts with the wake word, if there is one and it was understood."""
        self.last_heard = normalise(text.decode())
        if confidence < 0.5 or not self.last_heard.startswith(WAKE_WORD):
            return None
        return self.parse(self.last_heard[len(WAKE_WORD) :])

    def parse(self, sentence: str) -> dict | None:
        for action, phrase in PHRASES.items():
            found = re.search(phrase, sentence)
            if found:
                return {"action": action, "device": found.group(1)}
        return None

    async def speak(self, text: str, volume: int | None = None) -> bool:
        return bool(text) and (self.volume if volume is None else volume) > 0

    def properties(self) -> dict:
        return {"volume": self.volume, "last_heard": self.last_heard}

    def actions(self) -> list:
        return ["speak"]


def create(config: dict) -> VoiceAssistant:
    """The hub's way in: one configured assistant. The API key is for the speech service."""
    secret("API_KEY")
    return VoiceAssistant(config["id"], volume=config.get("volume", 50))


if __name__ == "__main__":
    sys.exit(run(create({"id": "kitchen"})))
