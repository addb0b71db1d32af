"""Real registries that want a login: Debian's docker-registry with htpasswd, or with a token server's signed tokens."""

import base64
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.fakes.registry import Asked, FakeTokenServer
from tests.stack import registry as stack_registry
from tests.stack.home import Home

# bcrypt of tests.fakes.registry's USER and PASSWORD, which protect nothing
HTPASSWD = "ann:$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"
SERVICE, ISSUER = "the registry", "the tests"


@contextmanager
def registry(folder: Path, **configuration: Any) -> Iterator[str]:
    """A docker-registry with this configuration, over the stack's storage; its address."""
    home = Home.find()
    program, _, usual = stack_registry.command(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = json.loads(Path(usual).read_text())
    settings["http"] = {**settings["http"], "addr": address, **configuration.pop("http", {})}
    file = folder / "registry.yml"
    file.write_text(json.dumps({**settings, **configuration}))
    # it would take REGISTRY_AUTH_FILE for a setting of its own
    environment = {key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")}
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(file)], stdout=log, stderr=log, env=environment)
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A key and a certificate for it, signed by itself; their files."""
    key, made = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    alternative = ["-addext", f"subjectAltName={','.join(names)}"] if names else []
    subprocess.run([*command, *alternative, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return key, made


class SigningTokenServer(FakeTokenServer):
    """Gives tokens that a docker-registry believes: JWTs signed with a key whose certificate it has."""

    def __init__(self, key: Path, cert: Path, seconds: int = 60) -> None:
        super().__init__()
        self._key, self._seconds = key, seconds
        lines = cert.read_text().splitlines()
        self._header = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(line for line in lines if "-----" not in line)]}

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """A token for what is asked for."""
        if not self.allows(asked):
            return 401, {}, b"{}"
        said = asked.form or asked.query
        kind, name, actions = said["scope"][0].split(":")
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": said["service"][0], "sub": "ann", "iat": now, "nbf": now - 90, "exp": now + self._seconds - 60,
            "jti": str(len(self.given)), "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
        }  # fmt: skip
        body = f"{_encoded(json.dumps(self._header).encode())}.{_encoded(json.dumps(claims).encode())}"
        sign = ["openssl", "dgst", "-sha256", "-sign", str(self._key)]
        signed = subprocess.run(sign, input=body.encode(), check=True, capture_output=True).stdout
        self.given.append(f"{body}.{_encoded(signed)}")
        return 200, {"Content-Type": "application/json"}, json.dumps({"token": self.given[-1]}).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    answers: Callable[[], int] = lambda: requests.get(f"http://{address}/v2/", timeout=2).status_code  # noqa: E731
    for _ in range(100):
        assert process.poll() is None, "the registry ended: see its log"
        try:
            if answers():
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"no registry at {address}")
