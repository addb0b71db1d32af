"""Where the daemon is, and how to connect to it: a socket, TCP with or without TLS, or a command on another host.

As the docker command has it: DOCKER_HOST, then DOCKER_CONTEXT or the context in use, then the usual socket;
DOCKER_TLS_VERIFY and DOCKER_CERT_PATH (https://docs.docker.com/engine/security/protect-access/).
"""

import json
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from spybuild.errors import EngineUnavailable, UsageError

_USUAL = "unix:///var/run/docker.sock"
_CONNECT_SECONDS = 10.0
_PORT, _TLS_PORT = 2375, 2376


@dataclass(frozen=True)
class Address:
    """A daemon's address.

    Attributes:
        url: `unix://PATH`, `tcp://HOST:PORT` or `ssh://[USER@]HOST[:PORT]`.
        ca: the certificates to believe; TLS is spoken where this or `certificate` is given, or the URL is https.
        certificate: our own, with its `key`.
        verify: whether the server must prove who it is.
    """

    url: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True

    def connect(self) -> socket.socket:
        """A connection to the daemon.

        Raises:
            OSError: nobody answers there.
            EngineUnavailable: such an address is not known.
        """
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return _connect_socket(parts.netloc + parts.path)
        if parts.scheme in ("tcp", "http", "https"):
            return self._connect_tcp(parts)
        if parts.scheme == "ssh":
            return _connect_ssh(parts)
        raise EngineUnavailable(f"{self.url!r} is no address of a daemon", "write unix://, tcp:// or ssh://")

    def _connect_tcp(self, parts: SplitResult) -> socket.socket:
        secure = bool(self.ca or self.certificate or parts.scheme == "https")
        port = parts.port or (_TLS_PORT if secure else _PORT)
        plain = socket.create_connection((parts.hostname or "localhost", port), _CONNECT_SECONDS)
        plain.settimeout(None)
        return self._secured(plain, parts.hostname or "localhost") if secure else plain

    def _secured(self, plain: socket.socket, host: str) -> socket.socket:
        import ssl  # most daemons listen on a socket, and loading it takes time

        context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        return context.wrap_socket(plain, server_hostname=host)


def address_of(engine: str) -> Address:
    """Where the daemon of `docker` or `podman` is.

    Raises:
        UsageError, EngineUnavailable: as `usual_address` and `podman_address`.
    """
    return podman_address() if engine == "podman" else usual_address()


def usual_address() -> Address:
    """The address that the environment and docker's configuration name.

    Raises:
        UsageError: the docker context that is asked for cannot be read.
    """
    if url := os.environ.get("DOCKER_HOST"):
        return _with_certificates(url)
    context = os.environ.get("DOCKER_CONTEXT") or _current_context()
    return _of_context(context) if context and context != "default" else _with_certificates(_USUAL)


def podman_address() -> Address:
    """Where Podman's service is: CONTAINER_HOST, the user's socket, the system's.

    Raises:
        EngineUnavailable: there is none.
    """
    if host := os.environ.get("CONTAINER_HOST"):
        return Address(host)
    folders = (os.environ.get("XDG_RUNTIME_DIR"), "/run")
    for path in (Path(folder, "podman", "podman.sock") for folder in folders if folder):
        if path.exists():
            return Address(f"unix://{path}")
    raise EngineUnavailable(
        "no Podman socket", "start one with `systemctl --user start podman.socket`, or set CONTAINER_HOST"
    )


def _with_certificates(url: str) -> Address:
    verify, folder = os.environ.get("DOCKER_TLS_VERIFY"), os.environ.get("DOCKER_CERT_PATH")
    if not (verify or folder) or url.startswith(("unix:", "ssh:")):
        return Address(url)
    certificates = Path(folder) if folder else _configuration()
    return Address(
        url, certificates / "ca.pem", certificates / "cert.pem", certificates / "key.pem", verify=bool(verify)
    )


def _configuration() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _current_context() -> str:
    try:
        config = json.loads((_configuration() / "config.json").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(config.get("currentContext") or "") if isinstance(config, dict) else ""


def _of_context(name: str) -> Address:
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context: Any = ContextAPI.get_context(name)  # its stubs know less than it returns
    except (DockerException, OSError, ValueError, KeyError) as error:
        raise UsageError(f"the docker context {name!r} cannot be read: {error}") from error
    if context is None or not context.Host:
        raise UsageError(f"there is no docker context {name!r}", "`docker context ls` shows those there are")
    tls = context.TLSConfig
    if not tls:
        return Address(context.Host)
    certificate, key = tls.cert or (None, None)
    return Address(context.Host, _path(tls.ca_cert), _path(certificate), _path(key), verify=bool(tls.verify))


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _connect_socket(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _connect_ssh(parts: SplitResult) -> socket.socket:
    """The daemon of another host, through the docker command there, as the docker command itself does it."""
    import subprocess  # as `ssh` is: rarely needed

    host = parts.hostname or ""
    if not host or host.startswith("-") or (parts.username or "").startswith("-"):
        raise EngineUnavailable(f"{parts.geturl()!r} names no host", "write ssh://USER@HOST")
    ours, theirs = socket.socketpair()
    port = ["-p", str(parts.port)] if parts.port else []
    user = ["-l", parts.username] if parts.username else []
    command = ["ssh", "-o", "BatchMode=yes", *user, *port, "--", host, "docker", "system", "dial-stdio"]
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno())
    threading.Thread(target=process.wait, daemon=True).start()  # it ends when our side is closed
    return ours
