"""Where logins are found."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import SourceUnavailable
from spybuild.images.registry.credentials import Login, login_for
from spybuild.images.registry.names import RepositoryName

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and none of the machine's logins."""
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def auth(user: str, password: str = SECRET) -> dict[str, str]:
    """An entry as docker login writes it."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, **config: Any) -> Path:
    """Write a file of logins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
    return path


def user_of(name: str) -> str | None:
    """Who would log in to read this image."""
    login = login_for(RepositoryName.of(name))
    return login.username if login else None


def test_without_files_there_is_no_login() -> None:
    """Most images can be read by anybody."""
    assert login_for(RepositoryName.of("ghcr.io/a/b")) is None


def test_the_longest_prefix_wins(home: Path) -> None:
    """A key of podman's may name a part of a registry; whole parts only."""
    auths = {"h.example": auth("all"), "h.example/team": auth("team"), "h.example/team/app": auth("app")}
    write(home / ".docker/config.json", auths=auths)
    assert [user_of(f"h.example/{path}") for path in ("team/app", "team/app/x", "team/other", "teamwork/a", "a")] == [
        "app", "app", "team", "all", "all",
    ]  # fmt: skip
    assert user_of("other.example/a") is None


def test_a_part_of_a_registry_gives_its_login_to_no_other_part(home: Path) -> None:
    """docker-py's lookup gives `host/team`'s login for all of `host`."""
    write(home / ".docker/config.json", auths={"h.example/team": auth("team")})
    assert user_of("h.example/other/app") is None


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_keys(home: Path, key: str) -> None:
    """`docker login` writes an address of its first version."""
    write(home / ".docker/config.json", auths={key: auth("ann")})
    assert user_of("python") == "ann"
    assert user_of("ghcr.io/python") is None


@pytest.mark.parametrize("key", ["https://h.example", "http://h.example/v2/", "h.example/"])
def test_keys_may_be_addresses(home: Path, key: str) -> None:
    """Old clients wrote them so."""
    write(home / ".docker/config.json", auths={key: auth("ann")})
    assert user_of("h.example/a") == "ann"


def test_a_host_without_dots_is_not_docker_hub(home: Path) -> None:
    """Its login must not go there."""
    write(home / ".docker/config.json", auths={"internal": auth("ann")})
    assert user_of("python") is None


def test_the_files_are_asked_in_their_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REGISTRY_AUTH_FILE, DOCKER_CONFIG, the session's, the user's; the first that knows the registry decides."""
    write(home / ".config/containers/auth.json", auths={"h.example": auth("config"), "g.example": auth("config")})
    assert user_of("h.example/a") == "config"
    write(home / "run/containers/auth.json", auths={"h.example": auth("runtime")})
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    assert (user_of("h.example/a"), user_of("g.example/a")) == ("runtime", "config")
    write(home / "docker/config.json", auths={"h.example": auth("docker")})
    monkeypatch.setenv("DOCKER_CONFIG", str(home / "docker"))
    assert user_of("h.example/a") == "docker"
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(write(home / "mine.json", auths={"h.example": auth("mine")})))
    assert user_of("h.example/a") == "mine"


def test_tokens_are_told_apart(home: Path) -> None:
    """An identity token is exchanged for one of the registry; a registry token is used as it is."""
    auths = {"a.example": {**auth("", ""), "identitytoken": "i"}, "b.example": {"registrytoken": "r"}}
    write(home / ".docker/config.json", auths=auths)
    assert login_for(RepositoryName.of("a.example/x")) == Login(identity_token="i", origin="config.json")
    assert login_for(RepositoryName.of("b.example/x")) == Login(registry_token="r", origin="config.json")


def helper(home: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Install a credential helper."""
    path = home / "bin" / f"docker-credential-{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nread server\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home / 'bin'}:/usr/bin:/bin")


def test_helpers_are_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry's own before the one for all; Docker Hub is asked for by its old address."""
    helper(home, monkeypatch, "own", f'echo "{{\\"Username\\": \\"own $server\\", \\"Secret\\": \\"{SECRET}\\"}}"')
    helper(home, monkeypatch, "all", f'echo "{{\\"Username\\": \\"all $server\\", \\"Secret\\": \\"{SECRET}\\"}}"')
    write(home / ".docker/config.json", credsStore="all", credHelpers={"h.example": "own"}, auths={"g.example": {}})
    assert (user_of("h.example/a"), user_of("g.example/a")) == ("own h.example", "all g.example")
    assert user_of("python") == "all https://index.docker.io/v1/"


def test_a_helper_may_give_an_identity_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its user is then `<token>`."""
    helper(home, monkeypatch, "az", 'echo \'{"Username": "<token>", "Secret": "t"}\'')
    write(home / ".docker/config.json", credHelpers={"h.example": "az"})
    assert login_for(RepositoryName.of("h.example/a")) == Login(identity_token="t", origin="docker-credential-az")


def test_a_helper_that_knows_nothing_leaves_it_to_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so on stdout, and fails."""
    helper(home, monkeypatch, "no", "echo credentials not found in native keychain; exit 1")
    write(home / ".docker/config.json", credsStore="no", auths={"h.example": auth("file")})
    assert user_of("h.example/a") == "file"


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("broken", f"echo {SECRET}; echo {SECRET} >&2; exit 3"),
        ("broken", f'echo \'{{"Secret": "{SECRET}"}}\''),
        ("broken", f"echo {SECRET}"),
        ("missing", ""),
        ("../../evil", ""),
    ],
)
def test_a_helper_that_cannot_answer_is_a_clear_error(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str
) -> None:
    """Reading as nobody instead would look like a missing image. What it printed is not shown."""
    helper(home, monkeypatch, "broken", script)
    write(home / ".docker/config.json", credHelpers={"h.example": name})
    with pytest.raises(SourceUnavailable) as caught:
        login_for(RepositoryName.of("h.example/a"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [f'{{"auths": {SECRET}', f'{{"auths": {{"h.example": {{"auth": "!{SECRET}"}}}}}}'])
def test_a_damaged_file_is_a_clear_error(home: Path, content: str) -> None:
    """And nothing of it is shown."""
    path = home / ".docker/config.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(SourceUnavailable) as caught:
        login_for(RepositoryName.of("h.example/a"))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "null", '{"auths": []}', '{"auths": {"h.example": 1}}', '{"credsStore": 1}'])
def test_a_file_of_another_shape_knows_nothing(home: Path, content: str) -> None:
    """It is the user's, and other programs write it."""
    path = home / ".docker/config.json"
    path.parent.mkdir()
    path.write_text(content)
    assert login_for(RepositoryName.of("h.example/a")) is None


def test_secrets_are_in_no_text_of_a_login(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in its repr nor in the log."""
    write(home / ".docker/config.json", auths={"h.example": {**auth("ann"), "identitytoken": "id-token"}})
    with caplog.at_level(logging.DEBUG):
        login = login_for(RepositoryName.of("h.example/a"))
    assert login is not None
    assert login.password == SECRET
    assert not {SECRET, "id-token", "ann"} & set(repr(login).replace("'", " ").split())
    assert SECRET not in caplog.text
