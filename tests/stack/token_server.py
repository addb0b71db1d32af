"""The token server of the registry with Bearer authentication: the one of distribution's specification, and its OAuth2 one.

    python3 -m tests.stack.token_server PORT FOLDER

``FOLDER`` has ``token.key`` and ``token.pem``. With our user's password, or with a refresh token, everything asked
for is granted; without either, pulling from ``public/…`` is, as a hub does it.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.stack import answering, jose, pki

USER, PASSWORD = "spybuild", "stack-password"
IDENTITY_TOKEN = "spybuild-identity-token"
SERVICE = ISSUER = "spybuild-stack"
LIFETIME = 300


def access(scopes: list[str], known: bool) -> list[dict[str, Any]]:
    """What is granted of the scopes asked for, each ``repository:NAME:ACTION,…``."""
    granted = []
    for scope in scopes:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed = [
            action for action in actions.split(",") if known or (action == "pull" and name.startswith("public/"))
        ]
        if allowed:
            granted.append({"type": kind, "name": name, "actions": allowed})
    return granted


def token(key: Path, certificate: str, service: str, granted: list[dict[str, Any]]) -> str:
    """A token the registry takes: it knows the certificate, which goes into the header."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "sub": USER, "aud": service, "iat": now, "nbf": now - 10, "exp": now + LIFETIME,
        "jti": secrets.token_hex(8), "access": granted,
    }  # fmt: skip
    return jose.token(key, {"x5c": [certificate]}, claims)


def login(authorization: str | None) -> bool | None:
    """Whether Basic credentials are our user's; ``None`` when there are none."""
    if not authorization:
        return None
    kind, _, value = authorization.partition(" ")
    try:
        return kind.lower() == "basic" and base64.b64decode(value, validate=True).decode() == f"{USER}:{PASSWORD}"
    except (binascii.Error, ValueError):
        return False


def may_post(form: dict[str, list[str]]) -> bool:
    """Whether a form of the OAuth2 kind proves who sends it."""
    first = {name: values[0] for name, values in form.items()}
    if first.get("grant_type") == "refresh_token":
        return first.get("refresh_token") == IDENTITY_TOKEN
    return first.get("grant_type") == "password" and (first.get("username"), first.get("password")) == (USER, PASSWORD)


def handler(folder: Path) -> type[answering.Handler]:
    """The server's answers, signed with the key in a folder."""
    certificate = base64.b64encode(pki.der(folder / "token.pem")).decode()

    class Tokens(answering.Handler):
        def do_GET(self) -> None:  # noqa: N802  # http.server's name
            """distribution: the token specification."""
            path, query = self.parts()
            known = login(self.headers.get("Authorization"))
            if path != "/token" or known is False:
                return self.reply(404 if path != "/token" else 401, {"details": "no such user"})
            return self.grant(query, known is True, "offline_token" in query)

        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            """distribution: the OAuth2 specification."""
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            if self.path != "/token" or not may_post(form):
                return self.reply(404 if self.path != "/token" else 401, {"details": "no such user"})
            return self.grant(form, True, form.get("access_type") == ["offline"])

        def grant(self, asked: dict[str, list[str]], known: bool, refresh: bool) -> None:
            scopes = " ".join(asked.get("scope", [])).split()
            made = token(folder / "token.key", certificate, asked.get("service", [SERVICE])[0], access(scopes, known))
            extra = {"refresh_token": IDENTITY_TOKEN} if refresh and known else {}
            self.reply(200, {"token": made, "access_token": made, "expires_in": LIFETIME, **extra})

    return Tokens


if __name__ == "__main__":
    answering.serve(int(sys.argv[1]), handler(Path(sys.argv[2])))
