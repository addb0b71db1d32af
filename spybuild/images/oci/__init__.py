"""The documents of an image: indexes, manifests, configs, and what points at them (OCI image-spec, Docker schema 2)."""
