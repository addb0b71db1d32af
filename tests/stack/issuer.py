"""The identity provider of the private Sigstore: two OpenID Connect issuers that vouch for whoever asks.

    python3 -m tests.stack.issuer PORT KEY.pem

``http://127.0.0.1:PORT`` is one for people, whose identities are mail addresses; ``…/ci`` is one for pipelines, with the
claims of a hosted runner. ``GET ISSUER/token?CLAIM=VALUE…`` answers ``{"value": TOKEN}``, the way a GitHub runner gets its
own: such an address can stand in ``ACTIONS_ID_TOKEN_REQUEST_URL``. ``audience`` and ``lifetime`` (in seconds; it may be
negative) are no claims of their own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stack import answering, jose

AUDIENCE = "sigstore"
PIPELINE = "/ci"
_PAIRS = {
    "repository": "acme/app",
    "repository_id": "1",
    "repository_owner": "acme",
    "repository_owner_id": "2",
    "repository_visibility": "public",
    "ref": "refs/heads/main",
    "sha": "a" * 40,
    "event_name": "push",
    "workflow": "release",
    "runner_environment": "github-hosted",
    "run_id": "3",
    "run_attempt": "1",
}


def claims(path: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """The claims of a token of the issuer at this path: what was asked for, completed."""
    if path == PIPELINE:
        pairs = {**_PAIRS, **asked}
        workflow = f"{pairs['repository']}/.github/workflows/release.yml@{pairs['ref']}"
        named = {"job_workflow_ref": workflow, "workflow_ref": workflow}
        named |= {"job_workflow_sha": pairs["sha"], "workflow_sha": pairs["sha"]}
        return {"sub": f"repo:{pairs['repository']}:ref:{pairs['ref']}", **named, **pairs}
    email = asked.get("email", "ci@example.org")
    return {"sub": email, "email_verified": True, **asked, "email": email}


def handler(url: str, key: Path) -> type[answering.Handler]:
    """The issuers' answers, signed with a key."""
    web_key = jose.WebKey.of(key)

    def discovery(issuer: str) -> dict[str, Any]:
        return {
            "issuer": issuer, "jwks_uri": f"{issuer}/keys", "token_endpoint": f"{issuer}/token",
            "authorization_endpoint": f"{issuer}/authorize", "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip

    def token(issuer: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        now = int(time.time())
        asked = {name: value for name, value in query.items() if name not in ("audience", "lifetime")}
        times = {"iat": now, "nbf": now - 10, "exp": now + int(query.get("lifetime", 600))}
        document = {"iss": issuer, "aud": query.get("audience", AUDIENCE), **times, **claims(path, asked)}
        return {"value": jose.token(key, {"kid": web_key.id}, document)}

    class Issuer(answering.Handler):
        def do_GET(self) -> None:  # noqa: N802  # http.server's name
            """Discovery, keys and tokens of either issuer."""
            path, query = self.parts()
            prefix = PIPELINE if path.startswith(f"{PIPELINE}/") else ""
            match path.removeprefix(prefix):
                case "/.well-known/openid-configuration":
                    self.reply(200, discovery(url + prefix))
                case "/keys":
                    self.reply(200, {"keys": [web_key.document()]})
                case "/token":
                    self.reply(200, token(url + prefix, prefix, {name: values[0] for name, values in query.items()}))
                case _:
                    self.reply(404, {"error": "not found"})

    return Issuer


if __name__ == "__main__":
    answering.serve(int(sys.argv[1]), handler(f"http://127.0.0.1:{sys.argv[1]}", Path(sys.argv[2])))
