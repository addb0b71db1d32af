"""The voice-assistant plugin."""

import asyncio

import pytest
from voice_assistant import plugin


@pytest.fixture
def assistant(monkeypatch):
    monkeypatch.setenv("API_KEY", "planted-api-key")
    return plugin.create({"id": "kitchen"})


def test_understands_commands_after_the_wake_word(assistant):
    assert assistant.hear("Computer,  turn ON the light") == {"action": "on", "device": "light"}
    assert assistant.hear("turn on the light") is None
    assert assistant.hear("computer sing") is None


def test_mumbling_is_ignored(assistant):
    assert assistant.hear("computer turn off the oven", confidence=0.2) is None
    assert assistant.properties() == {"volume": 50, "last_heard": "computer turn off the oven"}


def test_speaks_unless_muted(assistant):
    assert asyncio.run(assistant.speak("good morning"))
    assert not asyncio.run(assistant.speak("good morning", volume=0))


def test_microphone_is_off_unless_asked(monkeypatch):
    monkeypatch.delenv("MICROPHONE_ENABLED", raising=False)
    assert not plugin.microphone_enabled()
    monkeypatch.setenv("MICROPHONE_ENABLED", "true")
    assert plugin.microphone_enabled()
