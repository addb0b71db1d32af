"""Talking to a container engine's daemon: where it is, and its HTTP API (Docker Engine API; Podman serves the same).

docker-py speaks it too, and takes longer to load than a daemon takes to start a container. The dozen calls needed here
are plain HTTP; what is intricate, the configuration of docker contexts, is left to docker-py and loaded only then.
"""
