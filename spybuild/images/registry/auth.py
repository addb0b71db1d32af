"""Logging in to a registry: Basic, and Bearer through a token server (RFC 7235, distribution-spec's `auth/token.md`).

A login is sent to the registry it was made for and to the token server that this registry names, over TLS; a token to
the registry alone. Both may go over plain HTTP on this machine, or where the user allows it.
"""

import base64
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.documents import read_document
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.credentials import Login
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.transport import Transport

_MOST_OF_ANSWER = 1 << 20
_CLIENT = "spybuild"
_PART = re.compile(
    r'(?P<key>[A-Za-z_-]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s",]+))|(?P<scheme>[A-Za-z][A-Za-z0-9-]*)'
)
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Challenge:
    """What a server wants to see: `scheme` in lower case, and where a token is to be had."""

    scheme: str
    realm: str = ""
    service: str = ""


class Authentication:
    """Keeps the `Authorization` of one repository up to date. May be used from several threads at once."""

    def __init__(
        self,
        transport: Transport,
        repository: RepositoryName,
        login: Callable[[], Login | None],
        scopes: Sequence[str] = (),
    ) -> None:
        """Know nothing yet.

        Args:
            transport: asks the token server.
            repository: what we want to read.
            login: looks up what the user has logged in with; called once, when the registry wants it.
            scopes: what a token is to allow (distribution's `auth/scope.md`); to read the repository, if nothing.
        """
        self._transport, self._repository, self._look_up = transport, repository, login
        # ours, not what the registry would like to be given
        self._scopes = tuple(scopes) or (f"repository:{repository.path}:pull",)
        self._login: Login | None = None
        self._is_looked_up = False
        self._header: str | None = None
        self._lock = threading.Lock()

    @property
    def header(self) -> str | None:
        """The value of `Authorization`; None as long as the registry did not want one."""
        return self._header

    def renew(self, response: Answer, used: str | None) -> bool:
        """Take up what a 401 demands; True if it is worth asking again.

        Args:
            response: the 401.
            used: the `Authorization` that it refused.

        Raises:
            SourceUnavailable: the token server does not answer, or refuses the login.
        """
        challenges = read_challenges(response.headers.get("WWW-Authenticate", ""))
        with self._lock:
            if self._header != used:
                return True  # another thread has been here
            login = self._known_login()
            for challenge in sorted(challenges, key=lambda each: each.scheme != "bearer"):
                if made := self._answer(challenge, login):
                    self._header = made
                    return made != used
        return False

    def _known_login(self) -> Login | None:
        if not self._is_looked_up:
            self._login, self._is_looked_up = self._look_up(), True
        return self._login

    def _answer(self, challenge: Challenge, login: Login | None) -> str | None:
        """The header that a challenge asks for; None where we have nothing to say to it."""
        if challenge.scheme == "bearer":
            if login and login.registry_token:
                return f"Bearer {_clean(login.registry_token)}"
            return f"Bearer {self._token(challenge, login)}"
        return _basic(login) if challenge.scheme == "basic" and login and login.username else None

    def _token(self, challenge: Challenge, login: Login | None) -> str:
        realm = self._realm(challenge)
        if login and login.identity_token:
            form = {"service": challenge.service, "scope": " ".join(self._scopes)}
            form |= {"grant_type": "refresh_token", "client_id": _CLIENT, "refresh_token": login.identity_token}
            response = self._transport.ask("POST", challenge.realm, {}, form)
        else:
            given = {**dict(parse_qsl(realm.query)), **({"service": challenge.service} if challenge.service else {})}
            given.pop("scope", None)
            query = urlencode({**given, "scope": self._scopes}, doseq=True)
            headers = {"Authorization": _basic(login)} if login and login.username else {}
            response = self._transport.ask("GET", urlunsplit(realm._replace(query=query)), headers)
        return self._read_token(response, login)

    def _realm(self, challenge: Challenge) -> SplitResult:
        try:
            realm = urlsplit(challenge.realm)
        except ValueError:
            realm = urlsplit("")
        if not realm.hostname:
            raise SourceUnavailable(f"{self._repository.host} wants a token, and does not say from where")
        self._transport.require_safe(realm)
        return realm

    def _read_token(self, response: Answer, login: Login | None) -> str:
        what = f"the token server of {self._repository.host}"
        if response.status_code in (400, 401, 403):
            response.close()
            who = f"the login from {login.origin}" if login else "readers without a login"
            raise SourceUnavailable(f"{what} refuses {who}", f"`docker login {self._repository.host}`")
        if response.status_code != HTTPStatus.OK:
            response.close()
            raise SourceUnavailable(f"{what} answers {response.status_code}")
        try:
            answer = read_document(self._transport.read(response, _MOST_OF_ANSWER, what), what)
            return _clean(answer.text("token") or answer.text("access_token"))
        except ImageInvalid as error:
            raise SourceUnavailable(error.message) from None


def read_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a `WWW-Authenticate` header, which may hold several."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in _PART.finditer(header):
        if part["scheme"]:
            found.append((part["scheme"].lower(), {}))
        elif found:
            found[-1][1][part["key"].lower()] = part["quoted"] or part["plain"] or ""
    return tuple(Challenge(scheme, said.get("realm", ""), said.get("service", "")) for scheme, said in found)


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def _clean(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise SourceUnavailable("the registry's token server gave no token")
    return token
