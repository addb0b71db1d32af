"""Reads images from registries (OCI distribution-spec, Docker Registry HTTP API V2), on `requests`."""
