"""Why an attestation is refused, in one word; the sentence is the error's message."""

from enum import StrEnum

from spybuild.errors import EvidenceRefused


class Reason(StrEnum):
    """The reasons, as `EvidenceRefused.reason` has them. Stable: gates and reports name them."""

    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    WRONG_TYPE = "wrong-type"
    NOT_A_PASS = "not-a-pass"  # noqa: S105  # a verdict, no password
    UNTRUSTED_KEY = "untrusted-key"
    UNTRUSTED_IDENTITY = "untrusted-identity"
    UNTRUSTED_CERTIFICATE = "untrusted-certificate"
    BAD_SIGNATURE = "bad-signature"
    NO_TRUST = "no-trust"
    FROM_THE_FUTURE = "from-the-future"


def refused(reason: Reason, message: str, hint: str = "") -> EvidenceRefused:
    """The error that refuses an attestation for `reason`."""
    return EvidenceRefused(message, reason.value, hint)
