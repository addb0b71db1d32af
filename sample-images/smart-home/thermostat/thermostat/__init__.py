"""Thermostat for the smart-home hub."""
