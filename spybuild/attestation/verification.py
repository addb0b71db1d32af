"""Verifies attestations: who signed what, and when, as far as somebody trusted says so. Makes no call over the network.

What a bundle is to be verified with decides how it is verified, once: a bundle with a certificate is held against
trusted identities only, one without against trusted keys only. Nothing in a bundle chooses whom to trust.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from spybuild.attestation.bundles import Bundle, MaterialKind, read_attached_envelope, read_bundle
from spybuild.attestation.claims import read_claims
from spybuild.attestation.documents import decode_base64
from spybuild.attestation.envelopes import PAYLOAD_TYPE, pre_authentication_encoding
from spybuild.attestation.keys import VerificationKey
from spybuild.attestation.logs import promised_times
from spybuild.attestation.refusals import Reason, refused
from spybuild.attestation.timestamps import verified_times
from spybuild.attestation.trust import Trust
from spybuild.errors import EvidenceRefused, UsageError
from spybuild.model.attested import AuthenticatedTime, KeylessSigner, KeySigner, Refused, Verified
from spybuild.model.digests import Digest
from spybuild.model.names import shown

if TYPE_CHECKING:  # slow to load, and keys need neither
    from cryptography import x509

    from spybuild.attestation.roots import TrustedRoot

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Authenticated:
    """What a trusted signer has signed. What it says is not looked at yet (`claims.read_claims`).

    Attributes:
        payload: the statement's bytes.
        payload_type: always in-toto's.
        signer: who.
        signed_at: when; None where nobody but the signer says.
        unauthenticated: what the bundle says besides, and nobody trusted confirms.
    """

    payload: bytes = field(repr=False)
    payload_type: str
    signer: KeySigner | KeylessSigner
    signed_at: AuthenticatedTime | None
    unauthenticated: tuple[str, ...] = ()


def authenticate(content: bytes, trust: Trust, now: datetime) -> Authenticated:
    """Who signed the bundle in `content`, what, and when.

    Args:
        content: a Sigstore bundle, from anywhere.
        trust: whose signatures count.
        now: the verifier's clock, with a time zone.

    Raises:
        EvidenceRefused: it is malformed, or nobody who is trusted has signed it; the message says why.
        UsageError: the trusted root cannot verify keyless attestations at all.
    """
    return authenticate_bundle(read_bundle(content), trust, now)


def authenticate_bundle(bundle: Bundle, trust: Trust, now: datetime) -> Authenticated:
    """`authenticate`, for a bundle that has been read. Raises as it."""
    if bundle.payload_type != PAYLOAD_TYPE:
        raise refused(Reason.WRONG_TYPE, f"what is signed is no in-toto statement, but {shown(bundle.payload_type)}")
    how = _by_key if bundle.kind is MaterialKind.KEY else _by_certificate
    found = how(bundle, trust)
    if found.signed_at and found.signed_at.at > now + CLOCK_SKEW:
        raise refused(Reason.FROM_THE_FUTURE, f"the signature is from {found.signed_at.at:%Y-%m-%d %H:%M:%S} UTC")
    return found


def examine(
    content: bytes, trust: Trust, now: datetime, annotations: Mapping[str, str] | None = None
) -> Verified | Refused:
    """What is attested by something found beside an image, as a value for the gate.

    Args:
        content: a bundle; or, where `annotations` are given, a layer of cosign's tag `sha256-….att`.
        trust: whose signatures count.
        now: the verifier's clock, with a time zone.
        annotations: that layer's.

    Raises:
        UsageError: the trusted root cannot verify keyless attestations at all.
    """
    digest = Digest.of(content)
    try:
        bundle = read_bundle(content) if annotations is None else read_attached_envelope(content, annotations)
        found = authenticate_bundle(bundle, trust, now)
        attested = read_claims(found.payload, found.payload_type)
    except EvidenceRefused as error:
        return Refused(digest=digest, reason=error.message[:1000])
    return Verified(digest=digest, signer=found.signer, attested=attested, signed_at=found.signed_at)


def _by_key(bundle: Bundle, trust: Trust) -> Authenticated:
    if not trust.keys:
        raise refused(Reason.NO_TRUST, "it is signed with a key, and only identities are trusted")
    message = pre_authentication_encoding(bundle.payload, bundle.payload_type)
    key = next((each for each in trust.keys if each.verifies(bundle.signature, message)), None)
    if key is None:
        raise _no_key(bundle, trust)
    signed_at = _seen(bundle, trust.root)
    return Authenticated(
        bundle.payload,
        bundle.payload_type,
        KeySigner(fingerprint=Digest.parse(key.fingerprint), uri=key.uri),
        signed_at,
        _unconfirmed(bundle, signed_at),
    )


def _no_key(bundle: Bundle, trust: Trust) -> EvidenceRefused:
    """The hint only chooses the words."""
    named = next((each for each in trust.keys if each.hint == bundle.hint), None)
    if named:
        return refused(Reason.BAD_SIGNATURE, f"the signature is not the one of {named.origin} over this statement")
    return refused(Reason.UNTRUSTED_KEY, "it is not signed with a key that is trusted")


def _seen(bundle: Bundle, root: "TrustedRoot | None") -> AuthenticatedTime | None:
    """The first time by which anybody who is trusted has seen the signature."""
    if root is None:
        return None
    stamps = verified_times(bundle.timestamps, bundle.stamped, root.authorities)
    promises = promised_times(bundle.promises, bundle.payload, bundle.signature, root.logs)
    known = [AuthenticatedTime(at=each, source="timestamp") for each in stamps[:1]]
    known += [AuthenticatedTime(at=each, source="log") for each in promises[:1]]
    return min(known, key=lambda each: each.at, default=None)


def _unconfirmed(bundle: Bundle, signed_at: AuthenticatedTime | None) -> tuple[str, ...]:
    if signed_at:
        return ()
    says = bundle.timestamps or bundle.is_logged
    why = "nobody who is trusted has stamped or logged it" if says else "it has no timestamp"
    return (f"when it was signed: {why}",)


def _by_certificate(bundle: Bundle, trust: Trust) -> Authenticated:
    if not trust.identities or trust.root is None:
        raise refused(Reason.NO_TRUST, "it is signed keyless, and only keys are trusted")
    if not bundle.normal:
        raise refused(
            Reason.UNSUPPORTED,
            "it is keyless in cosign's older form, which holds no proof that it was logged",
            "attest again with `cosign attest --new-bundle-format`",
        )
    from spybuild.attestation.certificates import signer_of

    certificate = _certificate(bundle)
    _require_signature(bundle, certificate)
    _require_vouched(bundle, trust.root)
    signer = signer_of(certificate)
    mismatches = [each.mismatch(signer) for each in trust.identities]
    if all(mismatches):
        raise refused(Reason.UNTRUSTED_IDENTITY, f"it is signed {mismatches[0]}, who is not trusted")
    begun = AuthenticatedTime(at=certificate.not_valid_before_utc, source="certificate")
    stamps = verified_times(bundle.timestamps, bundle.stamped, trust.root.authorities)
    loose = bundle.timestamps and not stamps
    return Authenticated(
        bundle.payload,
        bundle.payload_type,
        signer,
        begun,  # never a timestamp: one that nobody trusted made may stand beside a log's promise
        ("a timestamp that is from no trusted authority",) if loose else (),
    )


def _certificate(bundle: Bundle) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    material = json.loads(bundle.normal)["verificationMaterial"]
    first = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
    try:
        return x509.load_der_x509_certificate(decode_base64(first["rawBytes"], "the certificate"))
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):  # they have no common root
        raise refused(Reason.MALFORMED, "the bundle's certificate is none") from None


def _require_signature(bundle: Bundle, certificate: "x509.Certificate") -> None:
    """That the certificate's key signed; looked at first, so that the reason is clear."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key = VerificationKey.of(certificate.public_key(), "the certificate")
    except (UsageError, ValueError, UnsupportedAlgorithm):
        raise refused(Reason.UNSUPPORTED, "the certificate's key is of a kind that nobody signs with") from None
    if not key.verifies(bundle.signature, pre_authentication_encoding(bundle.payload, bundle.payload_type)):
        raise refused(Reason.BAD_SIGNATURE, "the signature is not the one of its certificate over this statement")


class _Anybody:
    """Leaves the identity to us (sigstore's `VerificationPolicy`)."""

    def verify(self, cert: "x509.Certificate") -> None:
        """Take any; `TrustedIdentity` decides, once the certificate is known to be authentic."""


def _require_vouched(bundle: Bundle, root: "TrustedRoot") -> None:
    """That an authority of the root made the certificate, logs have seen it and the signature, while it was valid."""
    verifier = root.verifier
    from sigstore.models import Bundle as SigstoreBundle

    try:
        kind, payload = verifier.verify_dsse(SigstoreBundle.from_json(bundle.normal), _Anybody())
    except Exception as error:  # of any kind: the library is handed what an attacker wrote
        raise refused(
            Reason.UNTRUSTED_CERTIFICATE, f"{root.origin} does not vouch for it: {shown(str(error), 300)}"
        ) from None
    if (kind, payload) != (bundle.payload_type, bundle.payload):
        raise refused(Reason.MALFORMED, "the bundle can be read in two ways")
