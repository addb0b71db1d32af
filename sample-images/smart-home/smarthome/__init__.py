"""The little library every smart-home plugin builds on."""

from smarthome.device import Device, MissingSecretError, platform_env, run, secret

__all__ = ["Device", "MissingSecretError", "platform_env", "run", "secret"]
