"""HTTP to registries."""

import base64
import logging
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.registry.transport import Patience, is_loopback
from tests.fakes.registry import BASIC, FakeRegistry, Fault, running
from tests.images.registry.asking import hasty


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry."""
    with running(FakeRegistry()) as server:
        yield server


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    """Another server, where redirects may lead."""
    with running(FakeRegistry()) as server:
        yield server


def get(server: FakeRegistry, path: str = "/v2/", **options: object) -> int:
    """The status of an answer."""
    return hasty(**options).ask("GET", f"http://{server.address}{path}", {}).status_code


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(registry: FakeRegistry, status: int) -> None:
    """Three attempts here; the last answer counts."""
    registry.faults = [("/v2/", Fault(status=status))] * 2
    assert get(registry) == 200
    registry.faults = [("/v2/", Fault(status=status))] * 3
    assert get(registry) == status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
def test_a_no_is_a_no(registry: FakeRegistry, status: int) -> None:
    """It is not asked again."""
    registry.faults = [("/v2/", Fault(status=status))]
    assert get(registry) == status


def test_the_server_says_how_long_to_wait(registry: FakeRegistry) -> None:
    """In seconds, or until when."""
    pauses: list[float] = []
    soon = {"Retry-After": formatdate(time.time() + 4, usegmt=True)}
    registry.faults = [
        ("/v2/", Fault(status=429, headers={"Retry-After": "3"})),
        ("/v2/", Fault(status=503, headers=soon)),
    ]
    assert get(registry, pause=pauses.append) == 200
    assert pauses[0] == 3
    assert 2 < pauses[1] <= 4


def test_nobody_waits_for_an_hour(registry: FakeRegistry) -> None:
    """More than we have time for is an answer."""
    pauses: list[float] = []
    registry.faults = [("/v2/", Fault(status=429, headers={"Retry-After": "3600"}))]
    assert get(registry, pause=pauses.append) == 429
    assert pauses == []


def test_pauses_differ(registry: FakeRegistry) -> None:
    """A fleet of clients must not come back all at once."""
    pauses: list[float] = []
    for _ in range(5):
        registry.faults = [("/v2/", Fault(status=503))]
        get(registry, pause=pauses.append)
    assert len(set(pauses)) == 5
    assert max(pauses) <= 1


def test_a_slow_server_is_given_up(registry: FakeRegistry) -> None:
    """After as many attempts as for a busy one."""
    registry.faults = [("/v2/", Fault(delay=0.4))] * 3
    with pytest.raises(SourceUnavailable, match="took too long"):
        get(registry, patience=Patience(connect=1, read=0.1, attempts=2, total=5))
    assert len(registry.paths()) == 2


def test_nobody_there_is_said_at_once() -> None:
    """A refused connection is not tried again; the message has no address with a query."""
    pauses: list[float] = []
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9 does not answer: Connection refused") as caught:
        hasty(pause=pauses.append).ask("GET", "http://127.0.0.1:9/x?signature=hunter2", {})
    assert pauses == []
    assert "hunter2" not in str(caught.value)


def test_redirects_are_followed(registry: FakeRegistry, other: FakeRegistry) -> None:
    """To other servers without the login."""
    registry.faults = [("/v2/", Fault(status=307, headers={"Location": f"http://{other.address}/v2/?sig=1"}))]
    answer = hasty().ask("GET", f"http://{registry.address}/v2/", {"Authorization": BASIC, "Accept": "a"})
    assert answer.status_code == 200
    assert "authorization" in registry.asked[0].headers
    assert "authorization" not in other.asked[0].headers
    assert other.asked[0].headers["accept"] == "a"


def test_a_login_stays_gone_after_a_way_back(registry: FakeRegistry, other: FakeRegistry) -> None:
    """Who sends us back does not get to choose where our login goes."""
    registry.faults = [("/v2/", Fault(status=302, headers={"Location": f"http://{other.address}/v2/"}))]
    other.faults = [("/v2/", Fault(status=302, headers={"Location": f"http://{registry.address}/v2/"}))]
    hasty().ask("GET", f"http://{registry.address}/v2/", {"Authorization": BASIC})
    assert ["authorization" in each.headers for each in registry.asked] == [True, False]


def test_the_same_server_keeps_the_login(registry: FakeRegistry) -> None:
    """A relative Location is usual."""
    registry.faults = [("/v2/old", Fault(status=301, headers={"Location": "/v2/"}))]
    hasty().ask("GET", f"http://{registry.address}/v2/old", {"Authorization": BASIC})
    assert [each.headers["authorization"] for each in registry.asked] == [BASIC, BASIC]


def test_redirects_in_circles_are_refused(registry: FakeRegistry) -> None:
    """After five."""
    registry.faults = [("/v2/", Fault(status=302, headers={"Location": "/v2/"}))] * 20
    with pytest.raises(SourceUnavailable, match="in circles"):
        get(registry)
    assert len(registry.asked) == 6


@pytest.mark.parametrize(
    "target",
    ["http://registry.example/v2/", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", "http://h:99999999/"],
)
def test_redirects_to_where_we_do_not_go_are_refused(registry: FakeRegistry, target: str) -> None:
    """Plain HTTP beyond this machine, other schemes, nonsense."""
    registry.faults = [("/v2/", Fault(status=302, headers={"Location": target}))]
    with pytest.raises(SourceUnavailable):
        get(registry)


def test_plain_http_beyond_this_machine_must_be_meant() -> None:
    """It is refused before anything is sent."""
    with pytest.raises(SourceUnavailable, match=r"registry\.example would be asked over plain 'http'"):
        hasty().ask("GET", "http://registry.example/v2/", {"Authorization": BASIC})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    """By name or address."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "", None])
def test_not_this_machine(host: str | None) -> None:
    """What only looks like it; nothing is looked up."""
    assert not is_loopback(host)


def test_proxies_are_for_others(registry: FakeRegistry, other: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is asked directly, everybody else through HTTP_PROXY."""
    monkeypatch.setenv("HTTP_PROXY", f"http://{other.address}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert (get(registry), other.asked) == (200, [])
    hasty(insecure=True).ask("GET", "http://registry.example/v2/x", {})
    assert len(other.asked) == 1


def test_netrc_is_no_login(registry: FakeRegistry, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """`requests` would send it unasked, and over a login of ours."""
    path = f"{tmp_path}/netrc"
    with open(path, "w") as file:  # noqa: PTH123
        file.write("machine 127.0.0.1 login a password hunter2\n")
    monkeypatch.setenv("NETRC", path)
    assert get(registry) == 200
    assert "authorization" not in registry.asked[0].headers


def test_a_bundle_of_certificates_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not a crash."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(SourceUnavailable):
        hasty().ask("GET", "https://127.0.0.1:9/", {})


def test_bodies_are_bounded_in_size_and_time(registry: FakeRegistry) -> None:
    """A document of gigabytes, or of hours, is not read."""
    transport = hasty()
    registry.faults = [("/v2/", Fault(body=b"x" * 5000))]
    with pytest.raises(ImageInvalid, match="larger than 1 KiB"):
        transport.read(transport.ask("GET", f"http://{registry.address}/v2/", {}), 1024, "it")


def test_a_body_is_read_as_it_was_sent(registry: FakeRegistry) -> None:
    """Digests are of stored bytes: no Content-Encoding is undone, none asked for."""
    transport = hasty()
    registry.faults = [("/v2/", Fault(body=b"not gzip", headers={"Content-Encoding": "gzip"}))]
    assert transport.read(transport.ask("GET", f"http://{registry.address}/v2/", {}), 1024, "it") == b"not gzip"
    assert registry.asked[0].headers["accept-encoding"] == "identity"
    assert (transport.requests, transport.bytes) == (1, 8)


def test_cookies_are_not_kept(registry: FakeRegistry) -> None:
    """Nobody follows our requests."""
    transport = hasty()
    registry.faults = [("/v2/", Fault(headers={"Set-Cookie": "a=b"}))]
    for _ in range(2):
        transport.ask("GET", f"http://{registry.address}/v2/", {})
    assert "cookie" not in registry.asked[1].headers


def test_the_log_has_neither_logins_nor_signatures(registry: FakeRegistry, caplog: pytest.LogCaptureFixture) -> None:
    """Also not the libraries' own, which would show addresses with their queries."""
    with caplog.at_level(logging.DEBUG):
        hasty().ask("GET", f"http://{registry.address}/v2/?signature=hunter2", {"Authorization": "Basic hunter3"})
    assert "GET" in caplog.text
    assert "hunter" not in caplog.text


def test_a_connection_is_kept_for_the_next_question(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after answers without a body, which nobody reads; what is left unread is hung up on."""
    accepted, accept = list[object](), registry.get_request

    def counted() -> object:
        accepted.append(object())
        return accept()

    monkeypatch.setattr(registry, "get_request", counted)
    transport, url = hasty(), f"http://{registry.address}/v2/"
    for method in ("HEAD", "HEAD", "GET"):
        transport.read(transport.ask(method, url, {}), 1024, "it")
    transport.ask("HEAD", url, {}).close()
    transport.ask("GET", url, {}).close()
    assert len(accepted) == 1
    transport.ask("HEAD", url, {}).close()
    assert len(accepted) == 2


def test_a_kept_connection_that_the_server_closed_is_not_used(registry: FakeRegistry) -> None:
    """Not even for what must not be sent twice."""
    transport, url = hasty(), f"http://{registry.address}/v2/"
    registry.faults = [("/v2/", Fault(cut_after=0, body=b""))]
    transport.read(transport.ask("GET", url, {}), 1024, "it")
    time.sleep(0.05)
    assert transport.ask("POST", url, {}, {"a": "b"}).status_code == 200
    assert registry.asked[-1].form == {"a": ["b"]}


def test_a_login_in_an_address_is_not_sent(registry: FakeRegistry, other: FakeRegistry) -> None:
    """A redirect could bring one; ours comes from the user."""
    registry.faults = [("/v2/", Fault(status=302, headers={"Location": f"http://eve:hunter2@{other.address}/v2/"}))]
    assert get(registry) == 200
    assert "authorization" not in other.asked[0].headers


def test_a_proxy_gets_its_own_login(
    registry: FakeRegistry, other: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the registry none of it; NO_PROXY is heeded."""
    monkeypatch.setenv("http_proxy", f"http://ann:corr%20ect@{other.address}")
    monkeypatch.setenv("no_proxy", "registry.example")
    hasty(insecure=True).ask("GET", "http://elsewhere.example/v2/x", {"Authorization": BASIC})
    said = other.asked[0].headers
    assert said["proxy-authorization"] == "Basic " + base64.b64encode(b"ann:corr ect").decode()
    assert said["authorization"] == BASIC
    with pytest.raises(SourceUnavailable):
        hasty(insecure=True).ask("GET", "http://registry.example/v2/x", {})
    assert len(other.asked) == 1
