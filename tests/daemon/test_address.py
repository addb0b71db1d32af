"""Where the daemon is."""

import hashlib
import json
from pathlib import Path

import pytest

from spybuild.daemon.address import Address, usual_address
from spybuild.errors import EngineUnavailable, UsageError


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker configuration of our own, and no variable of the environment."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write_context(configuration: Path, name: str, host: str) -> None:
    """A context as `docker context create` writes it."""
    folder = configuration / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    endpoint = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoint}))


def test_the_usual_socket_is_taken_where_nothing_is_said() -> None:
    """As the docker command does."""
    assert usual_address() == Address("unix:///var/run/docker.sock")


def test_docker_host_comes_before_the_context(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the docker command does."""
    (configuration / "config.json").write_text('{"currentContext": "there"}')
    monkeypatch.setenv("DOCKER_HOST", "tcp://build:2375")
    assert usual_address() == Address("tcp://build:2375")


def test_the_current_context_is_followed(configuration: Path) -> None:
    """docker-py's `from_env` before 7.2 did not."""
    write_context(configuration, "there", "unix:///run/there.sock")
    (configuration / "config.json").write_text('{"currentContext": "there"}')
    assert usual_address().url == "unix:///run/there.sock"


def test_a_context_that_is_not_there_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another daemon is not taken instead."""
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(UsageError, match="gone"):
        usual_address()


def test_certificates_are_taken_where_tls_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_CERT_PATH names their folder; without DOCKER_TLS_VERIFY the server is not held to its name."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://build:2376")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    found = usual_address()
    assert (found.ca, found.certificate, found.key) == tuple(tmp_path / f"{name}.pem" for name in ("ca", "cert", "key"))
    assert not found.verify
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert usual_address().verify


def test_an_address_of_another_kind_is_refused() -> None:
    """npipe:// is Windows'."""
    with pytest.raises(EngineUnavailable, match="no address of a daemon"):
        Address("npipe:////./pipe/docker_engine").connect()


def test_ssh_runs_the_docker_command_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the docker command itself reaches another host's daemon."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nprintf "%s\\n" "$*"; cat\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with Address("ssh://me@build:2222").connect() as connection, connection.makefile("rb") as answers:
        assert answers.readline() == b"-o BatchMode=yes -l me -p 2222 -- build docker system dial-stdio\n"
        connection.sendall(b"ping\n")
        assert answers.readline() == b"ping\n"


@pytest.mark.parametrize("name", ["-oProxyCommand=x", ""])
def test_a_host_that_is_an_option_or_none_is_not_given_to_ssh(name: str) -> None:
    """`ssh://-oProxyCommand=…` would run a command here."""
    with pytest.raises(EngineUnavailable, match="names no host"):
        Address(f"ssh://{name}").connect()
