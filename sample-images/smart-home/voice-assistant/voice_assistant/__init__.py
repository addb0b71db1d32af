"""Spoken commands for the smart-home hub."""
