"""What Rekor v1 promises: that it has seen a signature, and when. Verified offline, for signatures by keys.

sigstore-python verifies log entries of keyless bundles, and takes no others. A promise (signed entry timestamp) binds
the entry's body to a time; the body binds the statement and its signature.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from spybuild.attestation.documents import canonical, encode_base64, read_object
from spybuild.attestation.keys import VerificationKey
from spybuild.errors import EvidenceRefused

_LARGEST_BODY = 64 << 10


@dataclass(frozen=True)
class TransparencyLog:
    """A log whose promises are believed.

    Attributes:
        id: the log's id (SHA-256 of its key).
        key: signs its promises.
        start: from when on it is believed.
        end: until when; None where it still is.
    """

    id: bytes
    key: VerificationKey
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Promise:
    """A log's promise, as a bundle has it.

    Attributes:
        log: the log's id.
        index: the entry's.
        seconds: the time, since the epoch.
        body: the entry's canonical body.
        signature: the log's.
    """

    log: bytes
    index: int
    seconds: int
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def message(self) -> bytes:
        """What the log signs (Rekor v1, "signed entry timestamp")."""
        said = {"body": encode_base64(self.body), "integratedTime": self.seconds}
        return canonical({**said, "logID": self.log.hex(), "logIndex": self.index})


def promised_times(
    promises: Sequence[Promise], payload: bytes, signature: bytes, logs: Sequence[TransparencyLog]
) -> tuple[datetime, ...]:
    """The times by which trusted logs have seen `signature` over the statement in `payload`, in order.

    Args:
        promises: of unknown origin; one that does not hold gives no time.
        payload: the statement's bytes.
        signature: the raw signature.
        logs: those that are believed.
    """
    times = {_time(promise, log) for promise in promises for log in logs if _is_of(promise.body, payload, signature)}
    return tuple(sorted(time for time in times if time))


def _time(promise: Promise, log: TransparencyLog) -> datetime | None:
    if promise.log != log.id or not log.key.verifies(promise.signature, promise.message):
        return None
    try:
        at = datetime.fromtimestamp(promise.seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if log.start <= at and (log.end is None or at < log.end) else None


def _is_of(body: bytes, payload: bytes, signature: bytes) -> bool:
    """Whether an entry (`dsse` 0.0.1) is of this very signature over this very statement."""
    try:
        entry = read_object(body, "the log's entry", _LARGEST_BODY)
        spec = entry["spec"]
        hashed = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
        signed = [each["signature"] for each in spec["signatures"]]
        kind = (entry["kind"], entry["apiVersion"])
    except (EvidenceRefused, LookupError, TypeError):
        return False
    return kind == ("dsse", "0.0.1") and spec["payloadHash"] == hashed and signed == [encode_base64(signature)]
