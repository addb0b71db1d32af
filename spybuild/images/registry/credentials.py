"""What users have logged in with, where docker and podman keep it (docker's config.json, containers-auth.json(5)).

The files are looked through in this order, and the first that knows the registry decides: REGISTRY_AUTH_FILE; docker's
`config.json` in DOCKER_CONFIG or ~/.docker; `containers/auth.json` in XDG_RUNTIME_DIR, then in ~/.config. In each, a
login for a part of the registry (`host/team`) goes before a credential helper's, and that before one for all of it.
"""

import base64
import json
import logging
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spybuild.errors import SourceUnavailable
from spybuild.images.registry.names import DOCKER_HUB, DOCKER_HUB_NAMES, RepositoryName

log = logging.getLogger(__name__)

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_SECONDS = 60
_LARGEST_FILE = 4 << 20
_HUB_KEY = "https://index.docker.io/v1/"  # what docker login writes for Docker Hub, since its first version
_TOKEN_USER = "<token>"  # noqa: S105  # how helpers say that the secret is an identity token
_NO_LOGIN = ("credentials not found", "no credentials server url", "no credentials username")


@dataclass(frozen=True)
class Login:
    """What to log in with: a user and password, an identity token, or a registry's own token; `origin` may be shown."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    origin: str = ""


def login_for(repository: RepositoryName) -> Login | None:
    """What the user has logged in to this repository's registry with; None where there is nothing.

    Raises:
        SourceUnavailable: a file or a credential helper that should know cannot be read or run.
    """
    for path in _files():
        config = _read(path)
        if config and (login := _in_file(config, repository, path.name)):
            log.debug("the login for %s comes from %s", repository.host, login.origin)
            return login
    return None


def _files() -> Iterator[Path]:
    if explicit := os.environ.get("REGISTRY_AUTH_FILE"):
        yield Path(explicit)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises where there is none
    yield Path(os.environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers", "auth.json")
    yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SourceUnavailable(f"{path.name}, where logins are kept, is too large")
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SourceUnavailable(f"{path.name}, where logins are kept, cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):  # not its message: it may quote what is secret
        raise SourceUnavailable(f"{path.name}, where logins are kept, is no sound JSON") from None
    return found if isinstance(found, dict) else None


def _in_file(config: dict[str, Any], repository: RepositoryName, name: str) -> Login | None:
    auths = {_plain(key): entry for key, entry in _mapping(config, "auths").items() if isinstance(entry, dict)}
    for key in _prefixes(repository):
        if key == repository.host and (login := _from_helpers(config, repository)):
            return login
        if key in auths and (login := _of_entry(auths[key], name)):
            return login
    return None


def _prefixes(repository: RepositoryName) -> Iterator[str]:
    """`host/team/app`, `host/team`, `host`."""
    key = str(repository)
    while key:
        yield key
        key = key.rpartition("/")[0]


def _plain(key: str) -> str:
    """A key of `auths` as a prefix of names: without scheme and version, Docker Hub under one name."""
    key = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    for version in ("/v1", "/v2"):
        key = key.removesuffix(version)
    host, separator, rest = key.partition("/")
    return DOCKER_HUB + separator + rest if host in DOCKER_HUB_NAMES else key


def _of_entry(entry: dict[str, Any], origin: str) -> Login | None:
    username, password = _text(entry, "username"), _text(entry, "password")
    if encoded := _text(entry, "auth"):
        try:
            username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise SourceUnavailable(f"a login in {origin} is damaged", "log in again") from None
    login = Login(
        username,
        password.strip("\0"),  # docker pads it
        _text(entry, "identitytoken"),
        _text(entry, "registrytoken"),
        origin,
    )
    return login if login.username or login.identity_token or login.registry_token else None


def _from_helpers(config: dict[str, Any], repository: RepositoryName) -> Login | None:
    """What the registry's own helper says, or else the one for all registries."""
    helpers = {_plain(key): name for key, name in _mapping(config, "credHelpers").items()}
    server = _HUB_KEY if repository.host == DOCKER_HUB else repository.host
    for name in (helpers.get(repository.host), config.get("credsStore")):
        if isinstance(name, str) and name and (login := _ask_helper(name, server)):
            return login
    return None


def _ask_helper(name: str, server: str) -> Login | None:
    """What `docker-credential-NAME get` answers (docker-credential-helpers' protocol); docker-py waits for ever."""
    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):
        raise SourceUnavailable("the name of the credential helper is none")
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except FileNotFoundError:
        raise SourceUnavailable(f"{program} is not installed", f"it should know the login for {server}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceUnavailable(f"{program} did not answer: {type(error).__name__}") from None
    if done.returncode:
        if any(words in done.stdout.decode("utf-8", "replace").lower() for words in _NO_LOGIN):
            return None
        raise SourceUnavailable(f"{program} failed with status {done.returncode}", f"it was asked for {server}")
    return _of_answer(done.stdout, program)


def _of_answer(answer: bytes, program: str) -> Login | None:
    try:
        found = json.loads(answer)
        username, secret = str(found["Username"]), str(found["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceUnavailable(f"{program} gave an answer that is none") from None
    if username == _TOKEN_USER:
        return Login(identity_token=secret, origin=program)
    return Login(username, secret, origin=program) if username or secret else None


def _mapping(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = config.get(key)
    return found if isinstance(found, dict) else {}


def _text(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""
