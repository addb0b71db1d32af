"""What a hub expects of a device, and how a plugin reads its surroundings: at run time, never on import."""

import json
import os

PLATFORMS = ("development", "staging", "production")


class MissingSecretError(RuntimeError):
    """A secret the plugin needs is not in the environment. Names the variable, never a value."""


def secret(name: str) -> str:
    """The secret's value, read at the moment it is needed."""
    value = os.environ.get(name, "")
    if not value:
        raise MissingSecretError(f"set {name} in the container's environment")
    return value


def platform_env() -> str:
    """Where the plugin runs: development, staging or production."""
    name = os.environ.get("PLATFORM_ENV", "")
    if name not in PLATFORMS:
        raise ValueError("PLATFORM_ENV must be one of " + ", ".join(PLATFORMS))
    return name


class Device:
    """The base of every device: the hub asks for its information, properties and actions."""

    kind: str = "device"

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id
        self.online = False

    def information(self) -> dict:
        return {"id": self.device_id, "kind": self.kind, "online": self.online}

    def properties(self) -> dict:
        return {}

    def actions(self) -> list:
        return []


def run(device: Device) -> int:
    """Bring the device up once and print what the hub would see. Secrets are needed, and never shown."""
    print(
        json.dumps(
            {
                "platform": platform_env(),
                "information": device.information(),
                "properties": device.properties(),
                "actions": device.actions(),
            }
        )
    )
    return 0
