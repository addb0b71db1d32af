"""Calls of services that may be slow, down or wrong: given a deadline, tried again, and told of in our words.

The libraries that make these calls have no timeouts for most of them and no common error, so each call runs in a thread
of its own that is left behind when its time is up.
"""

import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from spybuild.errors import SigningUnavailable, SpyBuildError
from spybuild.model.names import shown

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

USUAL_PATIENCE = 60.0
_WAITS = (0.5, 1.5, 4.0)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOKEN = re.compile(r"eyJ[\w-]{8,}(\.[\w-]*){0,2}")


def served(work: Callable[[], T], what: str, patience: float = USUAL_PATIENCE) -> T:
    """What `work` returns, which calls a service.

    Args:
        work: the call; made again where it failed in a way that passes (no connection, 429, 5xx).
        what: the service, in messages (`the certificate authority`).
        patience: seconds for all of it.

    Raises:
        SigningUnavailable: it did not answer in time, refuses us, or answers nonsense. Errors of ours pass as they are.
    """
    end = time.monotonic() + patience
    for wait in (*_WAITS, None):
        try:
            return _in_time(work, end - time.monotonic())
        except SpyBuildError:
            raise
        except TimeoutError:
            break
        except Exception as error:  # the libraries' errors have no common root
            trouble, passes = _trouble(error)
            pause = 0.0 if wait is None else wait * random.uniform(0.7, 1.3)  # noqa: S311  # no secret
            if wait is None or not passes or time.monotonic() + pause >= end:
                raise SigningUnavailable(f"{what} {trouble}") from None  # the cause may quote a token
        time.sleep(pause)
    raise SigningUnavailable(f"{what} did not answer within {patience:g} seconds")


def _in_time(work: Callable[[], T], seconds: float) -> T:
    """What `work` returns or raises; TimeoutError when it takes longer, whereupon its thread is left alone."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # handed to the caller's thread, whatever it is
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="service")
    thread.start()
    thread.join(max(seconds, 0.001))
    if thread.is_alive():
        raise TimeoutError
    if failed:
        raise failed[0]
    return done[0]


def _trouble(error: BaseException) -> tuple[str, bool]:
    """What went wrong, for a message that begins with the service; and whether it may pass."""
    import requests  # not at the top: who verifies makes no calls, and does not wait for it

    for each in _chain(error):
        if isinstance(each, requests.HTTPError) and each.response is not None:
            status = each.response.status_code
            return f"answers {status}{_said(each.response)}", status in _PASSING
        if isinstance(each, requests.Timeout | TimeoutError):
            return "did not answer in time", True
        if isinstance(each, requests.ConnectionError | ConnectionError):
            return "cannot be reached", True
    return f"did not do its part: {_words(error)}", False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; some libraries hand the cause over as an argument."""
    found: BaseException | None = error
    for _ in range(10):
        if found is None:
            return
        yield found
        inner = next((each for each in found.args if isinstance(each, BaseException)), None)
        found = found.__cause__ or inner or found.__context__


def _said(response: "requests.Response") -> str:
    """The message in a JSON answer, with nothing in it that looks like a token."""
    try:
        message = json.loads(response.text[:10_000])["message"]
    except (ValueError, LookupError, TypeError, RuntimeError):
        return ""
    return f": {_clean(message)}" if isinstance(message, str) and message else ""


def _words(error: BaseException) -> str:
    return _clean(str(error) or type(error).__name__)


def _clean(text: str) -> str:
    return shown(_TOKEN.sub("…", text), 300)
