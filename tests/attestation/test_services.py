"""Services that are slow, down or wrong."""

import threading
import time
from collections.abc import Callable

import pytest
import requests

from spybuild.attestation import services
from spybuild.attestation.services import served
from spybuild.errors import SigningUnavailable, UsageError


def _http(status: int, body: bytes = b"") -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, body
    return requests.HTTPError(response=response)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between tries are ours to shorten."""
    monkeypatch.setattr(services, "_WAITS", (0.01, 0.01, 0.01))


def _failing(errors: list[Exception]) -> Callable[[], str]:
    def work() -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    return work


@pytest.mark.parametrize(
    "error", [_http(503), _http(429), requests.ConnectionError("x"), requests.Timeout("x"), ConnectionResetError()]
)
def test_what_passes_is_tried_again(error: Exception) -> None:
    """No connection, too busy, out of order: three more tries."""
    assert served(_failing([error] * 3), "it") == "done"
    with pytest.raises(SigningUnavailable, match=r"^it "):
        served(_failing([error] * 4), "it")


@pytest.mark.parametrize("error", [_http(400), _http(403), ValueError("nonsense"), KeyError("chain")])
def test_what_does_not_pass_is_not(error: Exception) -> None:
    """A refusal is a refusal, and nonsense stays nonsense."""
    left = [error, ValueError("asked again")]
    with pytest.raises(SigningUnavailable):
        served(_failing(left), "it")
    assert len(left) == 1


def test_errors_inside_other_errors_are_found() -> None:
    """sigstore-python wraps what `requests` raises, by `from`, or as an argument."""
    wrapped = Exception(_http(403, b'{"message": "no such issuer"}'))
    with pytest.raises(SigningUnavailable, match="answers 403: 'no such issuer'"):
        served(_failing([wrapped]), "it")

    def work() -> str:
        raise RuntimeError from _http(502)

    with pytest.raises(SigningUnavailable, match="answers 502"):
        served(work, "it")


def test_a_call_that_hangs_is_left() -> None:
    """The libraries have no timeouts of their own."""
    end = threading.Event()
    begun = time.monotonic()
    with pytest.raises(SigningUnavailable, match=r"it did not answer within 0\.2 seconds"):
        served(lambda: end.wait(20), "it", 0.2)
    assert time.monotonic() - begun < 5
    end.set()


def test_the_deadline_is_for_all_tries() -> None:
    """Retries do not add up beyond what the user waits for."""

    def slow() -> str:
        time.sleep(0.15)
        raise requests.ConnectionError

    begun = time.monotonic()
    with pytest.raises(SigningUnavailable):
        served(slow, "it", 0.3)
    assert time.monotonic() - begun < 2


def test_our_own_errors_pass_as_they_are() -> None:
    """What is known already is not told twice."""
    with pytest.raises(UsageError, match=r"^no$"):
        served(_failing([UsageError("no")]), "it")


def test_no_token_is_repeated() -> None:
    """A service that quotes the token it was given does not make us print it; nor is it among the causes."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjaSJ9.c2lnbmF0dXJl"
    for error in (_http(400, f'{{"message": "bad token {token}"}}'.encode()), ValueError(f"bad token {token}")):
        with pytest.raises(SigningUnavailable, match="bad token …") as refusal:
            served(_failing([error]), "it")
        assert "c2lnbmF0dXJl" not in str(refusal.value)
        assert refusal.value.__suppress_context__


def test_a_hostile_answer_is_shown_harmlessly() -> None:
    """Cut, and with nothing that a terminal would obey."""
    with pytest.raises(SigningUnavailable) as refusal:
        served(_failing([_http(400, b'{"message": "\\u001b[31m' + b"x" * 5000 + b'"}')]), "it")
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 500
