"""Logging in."""

import logging
from collections.abc import Iterator

import pytest

from spybuild.errors import SourceUnavailable
from spybuild.images.registry.auth import Challenge, read_challenges
from spybuild.images.registry.credentials import Login
from tests.fakes.registry import BASIC, PASSWORD, USER, FakeRegistry, FakeTokenServer, Fault, running
from tests.images.registry.asking import repository
from tests.images.small import two_platforms

ANN = Login(USER, PASSWORD, origin="config.json")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry with an image."""
    with running(FakeRegistry()) as server:
        two_platforms().into_registry(server)
        yield server


@pytest.fixture
def tokens(registry: FakeRegistry) -> Iterator[FakeTokenServer]:
    """A token server that the registry believes."""
    with running(FakeTokenServer()) as server:
        registry.challenge = (
            f'Bearer realm="http://{server.address}/token",service="the registry",scope="repository:*:push"'
        )
        registry.allows = server.accepts
        yield server


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", ()),
        ("Basic", (Challenge("basic"),)),
        ('Basic realm="a"', (Challenge("basic", "a"),)),
        ('BEARER Realm="https://t/x",SERVICE=s', (Challenge("bearer", "https://t/x", "s"),)),
        ('Negotiate, Basic realm="a, Bearer realm=b", Bearer realm=c', (Challenge("negotiate"), Challenge("basic", "a, Bearer realm=b"), Challenge("bearer", "c"))),
        ('=,"', ()),
    ],
)  # fmt: skip
def test_challenges_are_read(header: str, challenges: tuple[Challenge, ...]) -> None:
    """Several may share a header; commas in quotes end none."""
    assert read_challenges(header) == challenges


def test_a_hostile_challenge_is_read_quickly() -> None:
    """64 KiB is what a header may have."""
    for text in ("a" * 60_000, "a " * 30_000, 'a="' * 20_000, " =" * 30_000):
        read_challenges(text)


def test_who_needs_no_login_is_not_given_one(registry: FakeRegistry) -> None:
    """The lookup, which may start programs, does not even happen."""

    def looked_up() -> Login:
        raise AssertionError("nobody asked for it")

    repository(registry, login=looked_up).manifest("1")
    assert not any("authorization" in each.headers for each in registry.asked)


def test_basic(registry: FakeRegistry) -> None:
    """The login is sent once the registry wants it, and then at once."""
    registry.challenge, registry.allows = 'Basic realm="x"', lambda header: header == BASIC
    client = repository(registry, login=lambda: ANN)
    client.manifest("1")
    client.manifest("1")
    assert [each.headers.get("authorization") for each in registry.asked] == [None, BASIC, BASIC]


def test_basic_without_a_login_is_a_clear_error(registry: FakeRegistry) -> None:
    """It says how to log in."""
    registry.challenge, registry.allows = 'Basic realm="x"', lambda header: header == BASIC
    with pytest.raises(SourceUnavailable, match=r"does not let us read .*authentication required") as caught:
        repository(registry).manifest("1")
    assert "docker login" in caught.value.hint


def test_a_wrong_password_is_a_clear_error(registry: FakeRegistry) -> None:
    """It is sent once or twice, not for ever, and not shown."""
    registry.challenge, registry.allows = 'Basic realm="x"', lambda header: header == BASIC
    with pytest.raises(SourceUnavailable, match="does not let us read") as caught:
        repository(registry, login=lambda: Login(USER, "hunter2")).manifest("1")
    assert "hunter2" not in str(caught.value)
    assert len(registry.asked) == 2


def test_a_token_for_anybody(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """Without a login one asks the token server for the right to read this repository, and nothing more."""
    repository(registry).manifest("1")
    asked = tokens.asked[0]
    assert (asked.method, asked.query) == ("GET", {"service": ["the registry"], "scope": ["repository:shop/api:pull"]})
    assert "authorization" not in asked.headers


def test_a_token_for_a_user(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """The password goes to the token server alone, the token to the registry alone; one serves all requests."""
    tokens.allows = lambda asked: asked.headers.get("authorization") == BASIC
    client = repository(registry, login=lambda: ANN)
    for _ in range(3):
        client.manifest("1")
    assert len(tokens.given) == 1
    assert {each.headers.get("authorization") for each in registry.asked} == {None, "Bearer token-0"}


def test_an_identity_token_is_exchanged(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """By POST, as OAuth 2 has it."""
    tokens.allows = lambda asked: asked.form.get("refresh_token") == ["id-token"]
    repository(registry, login=lambda: Login(identity_token="id-token")).manifest("1")
    form = tokens.asked[0].form
    assert (tokens.asked[0].method, form["grant_type"], form["scope"]) == (
        "POST",
        ["refresh_token"],
        ["repository:shop/api:pull"],
    )


def test_a_registry_token_is_used_as_it_is(registry: FakeRegistry) -> None:
    """No token server is asked."""
    registry.challenge, registry.allows = 'Bearer realm="http://127.0.0.1:9/"', lambda header: header == "Bearer mine"
    repository(registry, login=lambda: Login(registry_token="mine")).manifest("1")


def test_a_token_that_runs_out_is_renewed(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """The registry says 401, and we ask again."""
    tokens.uses = 2
    client = repository(registry)
    for _ in range(5):
        client.manifest("1")
    assert len(tokens.given) == 3


def test_a_registry_that_believes_no_token_is_given_up(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """After a second one."""
    registry.allows = lambda _: False
    with pytest.raises(SourceUnavailable, match="does not let us read"):
        repository(registry).manifest("1")
    assert len(tokens.given) <= 3


def test_a_refused_login_is_a_clear_error(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """Its origin is shown, it is not; and we do not read on as nobody."""
    tokens.allows = lambda asked: "authorization" not in asked.headers
    with pytest.raises(SourceUnavailable, match=r"refuses the login from config\.json") as caught:
        repository(registry, login=lambda: ANN).manifest("1")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"no", b"{}", b'{"token": 1}', b'{"token": "a\\r\\nX: y"}', b'{"token": ""}', b"[]", b"x" * (2 << 20)]
)
def test_an_answer_without_a_token_is_a_clear_error(
    registry: FakeRegistry, tokens: FakeTokenServer, body: bytes
) -> None:
    """Nothing gets into a header that does not belong there."""
    tokens.faults = [("/token", Fault(body=body))] * 3
    with pytest.raises(SourceUnavailable):
        repository(registry).manifest("1")


@pytest.mark.parametrize("realm", ["http://tokens.example/", "ftp://127.0.0.1/", "", "nothing", "http://["])
def test_a_password_does_not_go_where_others_read_it(registry: FakeRegistry, realm: str) -> None:
    """A token server is asked over TLS, or on this machine."""
    registry.challenge, registry.allows = f'Bearer realm="{realm}"', lambda _: False
    with pytest.raises(SourceUnavailable):
        repository(registry, login=lambda: ANN).manifest("1")


def test_a_token_server_does_not_pass_a_password_on(registry: FakeRegistry, tokens: FakeTokenServer) -> None:
    """Redirects to another server are followed without it."""
    with running(FakeTokenServer()) as other:
        registry.allows = other.accepts
        tokens.faults = [("/token", Fault(status=307, headers={"Location": f"http://{other.address}/token"}))]
        repository(registry, login=lambda: ANN).manifest("1")
    assert "authorization" in tokens.asked[0].headers
    assert "authorization" not in other.asked[0].headers


def test_logs_have_no_secrets(
    registry: FakeRegistry, tokens: FakeTokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    """With everything that is logged."""
    with caplog.at_level(logging.DEBUG):
        repository(registry, login=lambda: ANN).manifest("1")
    assert caplog.text
    for secret in (PASSWORD, BASIC.split()[1], "token-0"):
        assert secret not in caplog.text
