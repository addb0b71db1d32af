"""Two registries that want a login, Debian's build of distribution both: one with a password file, one with a token server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.stack import debs, pki, processes, registry, services, token_server
from tests.stack.home import Home, replace_text

BASIC, BEARER, TOKENS = "registry-basic", "registry-bearer", "token-server"
# bcrypt of the one password, cost 5: there is no bcrypt in the standard library.
_HASH = "$2b$05$P6T.Nr5gS1saDPxnWV37iOsi2XBEACzrAKiCM/qLWX6xGMLgqK9vO"


def up(home: Home) -> dict[str, Any]:
    """Start what does not run of the registries and the token server."""
    for service in _services(home):
        service.up(home)
    login = {"username": token_server.USER, "password": token_server.PASSWORD}
    tokens = {"token_url": _realm(home), "identity_token": token_server.IDENTITY_TOKEN}
    return {
        "basic": {"address": services.address(home, BASIC), **login},
        "bearer": {"address": services.address(home, BEARER), **login, **tokens},
    }


def down(home: Home) -> None:
    """Stop them; what was pushed stays."""
    for name in (BASIC, BEARER, TOKENS):
        processes.stop(home, name)


def serves(home: Home) -> bool:
    """Whether all of them run and answer."""
    return all(service.serves(home) for service in _services(home))


def _services(home: Home) -> list[services.Service]:
    def tokens() -> list[str | Path]:
        return services.module("token_server", str(services.port(home, TOKENS)), _keys(home))

    return [
        services.Service(BASIC, lambda: _registry(home, BASIC, {"htpasswd": _password_file(home)}), "/v2/", 401),
        services.Service(TOKENS, tokens, "/token"),
        services.Service(BEARER, lambda: _registry(home, BEARER, {"token": _tokens(home)}), "/v2/", 401),
    ]


def _registry(home: Home, name: str, auth: dict[str, Any]) -> list[str | Path]:
    storage = home.folder("data", name)
    configuration = registry.configuration(storage, services.address(home, name)) | {"auth": auth}
    path = home.folder("run") / f"{name}.yml"
    replace_text(path, json.dumps(configuration, indent=2))
    return registry.serve(home, path)


def _password_file(home: Home) -> dict[str, str]:
    path = home.folder("run") / "htpasswd"
    replace_text(path, f"{token_server.USER}:{_HASH}\n")
    return {"realm": "spybuild-stack", "path": str(path)}


def _tokens(home: Home) -> dict[str, str]:
    return {
        "realm": _realm(home),
        "service": token_server.SERVICE,
        "issuer": token_server.ISSUER,
        "rootcertbundle": str(_keys(home) / "token.pem"),
    }


def _realm(home: Home) -> str:
    return f"http://{services.address(home, TOKENS)}/token"


def _keys(home: Home) -> Path:
    def make(folder: Path) -> None:
        key = pki.key(folder / "token.key", pki.RSA)
        pki.certificate(folder / "token.pem", "token server", key, pki.CA)

    debs.install(home, "openssl")
    return pki.once(home, TOKENS, make)
