"""RFC 3161 timestamps over signatures: had from an authority, and verified against trusted ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spybuild.attestation.services import USUAL_PATIENCE, served
from spybuild.errors import SigningUnavailable, UsageError

if TYPE_CHECKING:  # slow to load
    from cryptography.x509 import Certificate

_LARGEST_REPLY = 64 << 10
_SECONDS = 10.0  # for one try


@dataclass(frozen=True)
class TimestampAuthority:
    """An authority whose timestamps are believed.

    Attributes:
        chain: its certificates, the signing one first, the root last.
        start: from when on it is believed.
        end: until when; None where it still is.
    """

    chain: "tuple[Certificate, ...]" = field(repr=False)
    start: datetime
    end: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it was believed at `moment`."""
        return self.start <= moment and (self.end is None or moment < self.end)


def verified_times(
    replies: Sequence[bytes], stamped: bytes, authorities: Sequence[TimestampAuthority]
) -> tuple[datetime, ...]:
    """The times that trusted authorities have put on `stamped`, in order.

    The first is what counts: it proves that the signature existed by then. A later one proves no more, since anybody
    can have an old signature stamped again.

    Args:
        replies: RFC 3161 replies (DER) of unknown origin; one that does not verify gives no time.
        stamped: the raw signature, or what holds it.
        authorities: those that are believed.
    """
    times = {_time(reply, stamped, each) for reply in replies for each in authorities}
    return tuple(sorted(time for time in times if time))


def _time(reply: bytes, stamped: bytes, authority: TimestampAuthority) -> datetime | None:
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    if len(authority.chain) < 2:
        return None
    builder = VerifierBuilder(
        tsa_certificate=authority.chain[0], intermediates=list(authority.chain[1:-1]), roots=[authority.chain[-1]]
    )
    try:
        stamp = decode_timestamp_response(reply)
        builder.build().verify_message(stamp, stamped)
        at = stamp.tst_info.gen_time.astimezone(UTC)
    except Exception:  # of any kind: the library is handed what an attacker wrote
        return None
    return at if authority.covers(at) else None


def request_timestamp(url: str, signature: bytes, patience: float = USUAL_PATIENCE) -> bytes:
    """A timestamp over `signature` from the authority at `url`, as its reply (DER).

    That it answers this very request is checked (digest and nonce); whether it is to be believed is the verifier's.

    Raises:
        SigningUnavailable: the authority does not answer in time, refuses, or answers another request.
        UsageError: the libraries for it are not installed.
    """
    try:
        from rfc3161_client import TimestampRequestBuilder
    except ImportError:
        raise UsageError("timestamps need rfc3161-client", "pip install 'spybuild[sign]'") from None
    request = TimestampRequestBuilder().data(signature).nonce(nonce=True).build()
    reply = served(lambda: _post(url, request.as_bytes()), f"the timestamp authority {url}", patience)
    _require_answer(reply, request.nonce, request.message_imprint.message, url)
    return reply


def _require_answer(reply: bytes, nonce: int | None, imprint: bytes, url: str) -> None:
    from rfc3161_client import decode_timestamp_response

    try:
        stamp = decode_timestamp_response(reply)
        answers = stamp.status == 0 and stamp.tst_info.nonce == nonce
        answers = answers and stamp.tst_info.message_imprint.message == imprint
    except ValueError:
        answers = False
    if not answers:
        raise SigningUnavailable(f"the timestamp authority {url} answers something else than was asked")


def _post(url: str, body: bytes) -> bytes:
    import requests  # not at the top: who verifies makes no calls, and does not wait for it

    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    with requests.post(url, data=body, headers=headers, timeout=_SECONDS, stream=True) as response:
        response.raise_for_status()
        reply: bytes = response.raw.read(_LARGEST_REPLY + 1, decode_content=True)
    if len(reply) > _LARGEST_REPLY:
        raise SigningUnavailable(f"the timestamp authority {url} answers more than {_LARGEST_REPLY} bytes")
    return reply
