"""Why a connection failed, and whether it is worth another attempt."""

from collections.abc import Iterator

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

from spybuild.errors import SourceUnavailable

# asking again would not help; a server that cuts or stalls a connection may do better the next time
_IN_VAIN = (SSLError, NewConnectionError, ConnectTimeoutError, ProxyError)


class Interrupted(SourceUnavailable):
    """The connection broke, and it is not known whether the server has done what it was asked."""


def is_in_vain(error: BaseException) -> bool:
    """Whether asking again would fail again: the server is not there, or cannot be trusted."""
    return any(isinstance(each, _IN_VAIN) for each in _causes(error))


def reason_of(error: BaseException) -> str:
    """Why a connection failed, without the address that libraries put into their messages."""
    causes = list(_causes(error))
    if any("timed out" in str(each) or "Timeout" in type(each).__name__ for each in causes):
        return "it took too long"
    told = (each.strerror for each in causes if isinstance(each, OSError) and each.strerror)
    return next(told, type(causes[-1]).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, the outermost first; libraries nest them in several ways."""
    inner: BaseException | None = error
    for _ in range(20):
        if inner is None:
            return
        yield inner
        candidates = (getattr(inner, "reason", None), *inner.args, inner.__cause__, inner.__context__)
        inner = next((each for each in candidates if isinstance(each, BaseException)), None)


def hint_for(reason: str) -> str:
    """What may be done about a failure; empty where nothing is known."""
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return "name the certificates to believe with SSL_CERT_FILE"
    if "WRONG_VERSION_NUMBER" in reason:
        return "it speaks plain HTTP; if that is meant, say --allow-insecure-registry"
    return ""
