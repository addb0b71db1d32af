"""Reads images from registries, and writes them (OCI distribution-spec, Docker Registry HTTP API V2), on urllib3."""
