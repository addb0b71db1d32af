"""The fields of a Sigstore bundle that we know (protobuf-specs, `sigstore_bundle.proto`, in protobuf's JSON form).

Unknown fields are left out on reading, so nothing that follows sees them. protobuf leaves out what is empty or zero,
cosign with it: `tlogEntries`, the index 0, empty lists.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from spybuild.model.base import Model

_MOST_HASHES = 64  # a log of 2**64 entries has no longer inclusion proof


class Part(Model):
    """A part of a bundle: camelCase names only; unknown fields are left out."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", defer_build=True)


def _digits(value: Any) -> Any:
    """Protobuf writes 64-bit integers as texts, and readers must take both."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# up to 15 digits: beyond 2**53 no number has a canonical form, and no log gets there
Number = Annotated[str, BeforeValidator(_digits), Field(pattern=r"^(0|[1-9][0-9]{0,14})$")]


class Hint(Part):
    """`publicKey`: says that a key signed, and hints at which. Nothing binds the hint."""

    hint: str = Field(default="", max_length=1024)


class RawCertificate(Part):
    """A certificate, DER in base64."""

    raw_bytes: str


class CertificateChain(Part):
    """`x509CertificateChain` of bundles before 0.3: the leaf first."""

    certificates: tuple[RawCertificate, ...] = Field(min_length=1, max_length=8)


class LogId(Part):
    """Which log."""

    key_id: str


class KindVersion(Part):
    """What the log calls the entry."""

    kind: str
    version: str


class InclusionPromise(Part):
    """What Rekor v1 signs at once."""

    signed_entry_timestamp: str


class Checkpoint(Part):
    """The log's signed tree head."""

    envelope: str


class InclusionProof(Part):
    """The way from the entry to the tree head."""

    log_index: Number = "0"
    root_hash: str
    tree_size: Number
    hashes: tuple[str, ...] = Field(default=(), max_length=_MOST_HASHES)
    checkpoint: Checkpoint | None = None


class LogEntry(Part):
    """An entry of a transparency log."""

    log_index: Number = "0"
    log_id: LogId
    kind_version: KindVersion
    integrated_time: Number | None = None
    inclusion_promise: InclusionPromise | None = None
    inclusion_proof: InclusionProof | None = None
    canonicalized_body: str


class SignedTimestamp(Part):
    """An RFC 3161 reply, DER in base64."""

    signed_timestamp: str = Field(max_length=64 << 10)


class Timestamps(Part):
    """`timestampVerificationData`."""

    rfc3161_timestamps: tuple[SignedTimestamp, ...] = Field(default=(), alias="rfc3161Timestamps", max_length=8)


class Material(Part):
    """What the signature is to be verified with: exactly one of a key's hint, a certificate, a chain."""

    public_key: Hint | None = None
    certificate: RawCertificate | None = None
    x509_certificate_chain: CertificateChain | None = Field(default=None, alias="x509CertificateChain")
    tlog_entries: tuple[LogEntry, ...] = Field(default=(), max_length=4)
    timestamp_verification_data: Timestamps | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Material":
        if sum(each is not None for each in (self.public_key, self.certificate, self.x509_certificate_chain)) != 1:
            raise ValueError("exactly one of publicKey, certificate and x509CertificateChain must be there")
        return self


class Signature(Part):
    """One signature of an envelope. `keyid` is bound by nothing, and not looked at."""

    sig: str = Field(min_length=1, max_length=16 << 10)


class Envelope(Part):
    """A DSSE envelope; several signatures would leave open whose word it is."""

    payload: str
    payload_type: str = Field(max_length=256)
    signatures: tuple[Signature, ...] = Field(min_length=1, max_length=1)


class BundleFields(Part):
    """A whole bundle with a DSSE envelope."""

    media_type: str = Field(max_length=256)
    verification_material: Material
    dsse_envelope: Envelope
