"""Door, window and motion sensors for the smart-home hub."""
