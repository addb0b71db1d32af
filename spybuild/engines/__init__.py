"""Engines: they open an image and run the probe for one platform of it.

engine       the protocol, and what an image is to it
interpreter  which commands may be the image's Python
docker       a Docker daemon, or Podman's Docker-compatible socket
containers   containers: made, fed, watched, removed
leftovers    containers of scans that were killed
stage        this very rootfs: inside a build stage, or any container
"""
