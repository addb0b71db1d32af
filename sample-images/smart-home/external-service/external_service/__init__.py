"""A weather service, seen by the smart-home hub as one more device."""
