"""Lets each plugin's tests import their plugin the way its image does: the package beside `smarthome`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
PLUGINS = ("thermostat", "lighting", "security-sensor", "voice-assistant", "external-service")
sys.path[:0] = [str(HERE / plugin) for plugin in PLUGINS] + [str(HERE)]
