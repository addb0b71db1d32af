"""Lights for the smart-home hub."""
