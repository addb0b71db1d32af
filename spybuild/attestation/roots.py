"""Trusted roots: the authorities and logs that are believed. Pinned in a file, or fetched on request."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_der_x509_certificate
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from spybuild.attestation.documents import decode_base64, read_object
from spybuild.attestation.keys import VerificationKey
from spybuild.attestation.logs import TransparencyLog
from spybuild.attestation.services import USUAL_PATIENCE, served
from spybuild.attestation.timestamps import TimestampAuthority
from spybuild.errors import EvidenceRefused, UsageError
from spybuild.model.base import Model

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.models import TrustedRoot as SigstoreRoot
    from sigstore.verify import Verifier

LARGEST_ROOT = 1 << 20
CLIENT_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
SIGNING_CONFIG = "application/vnd.dev.sigstore.signingconfig.v0.2+json"

Instance = Literal["production", "staging"]


class _Part(Model):
    """A part of a trusted root (protobuf-specs, `sigstore_trustroot.proto`); unknown fields are left out."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", defer_build=True)


class _Range(_Part):
    start: AwareDatetime
    end: AwareDatetime | None = None


class _Certificate(_Part):
    raw_bytes: str


class _Chain(_Part):
    certificates: tuple[_Certificate, ...] = Field(min_length=1, max_length=8)


class _Name(_Part):
    organization: str = ""
    common_name: str = ""


class _Authority(_Part):
    subject: _Name = _Name()
    uri: str = ""
    cert_chain: _Chain
    valid_for: _Range


class _PublicKey(_Part):
    raw_bytes: str
    key_details: str
    valid_for: _Range


class _LogId(_Part):
    key_id: str


class _Log(_Part):
    base_url: str = ""
    hash_algorithm: str = "SHA2_256"
    public_key: _PublicKey
    log_id: _LogId


class _Root(_Part):
    """cosign leaves out what is empty; sigstore-python wants it there."""

    media_type: Literal["application/vnd.dev.sigstore.trustedroot+json;version=0.1"]
    tlogs: tuple[_Log, ...] = ()
    certificate_authorities: tuple[_Authority, ...] = ()
    ctlogs: tuple[_Log, ...] = ()
    timestamp_authorities: tuple[_Authority, ...] = ()


@dataclass(frozen=True)
class TrustedRoot:
    """Who is believed.

    Attributes:
        origin: the file's name, or the public instance, for messages and reports.
        digest: sha256 of the file, hexadecimal; empty where it was fetched.
        authorities: whose timestamps are believed.
        logs: whose promises are believed for signatures by keys; none where the root was fetched, for sigstore-python
            does not show them.
    """

    origin: str
    digest: str
    authorities: tuple[TimestampAuthority, ...] = field(repr=False)
    logs: tuple[TransparencyLog, ...] = field(repr=False)
    _make: "Callable[[], SigstoreRoot]" = field(repr=False, compare=False)

    @cached_property
    def verifier(self) -> "Verifier":
        """Verifies certificates and log entries; made once, offline.

        Raises:
            UsageError: the root lacks what keyless attestations take.
        """
        from sigstore.errors import Error
        from sigstore.verify import Verifier

        try:
            return Verifier(trusted_root=self._make())
        except (Error, ValueError) as error:
            raise UsageError(
                f"the trusted root {self.origin} cannot verify keyless attestations: {error}",
                "it needs certificate authorities, a transparency log and a CT log",
            ) from None


def parse_trusted_root(content: bytes, origin: str) -> TrustedRoot:
    """The trusted root in `content`: a TrustedRoot or ClientTrustConfig document, from Sigstore or from cosign.

    Args:
        content: JSON.
        origin: what messages call it.

    Raises:
        UsageError: it is none.
    """
    root = _read_root(content, origin)
    try:
        authorities = tuple(_timestamp_authority(each) for each in root.timestamp_authorities)
        logs = tuple(log for each in root.tlogs if (log := _transparency_log(each, origin)))
    except (EvidenceRefused, ValueError) as error:
        raise UsageError(f"{origin} is no trusted root: {error}") from None
    document = root.model_dump(by_alias=True, exclude_none=True, mode="json")
    return TrustedRoot(origin, hashlib.sha256(content).hexdigest(), authorities, logs, lambda: _sigstore_root(document))


def normal_root(content: bytes, origin: str) -> dict[str, Any]:
    """The trusted root in `content` as sigstore-python reads it. Raises as `parse_trusted_root`."""
    return _read_root(content, origin).model_dump(by_alias=True, exclude_none=True, mode="json")


def _read_root(content: bytes, origin: str) -> _Root:
    try:
        found = read_object(content, origin, LARGEST_ROOT)
        if found.get("mediaType") == CLIENT_CONFIG and isinstance(found.get("trustedRoot"), dict):
            found = found["trustedRoot"]
        return _Root.model_validate(found)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UsageError(f"{origin} is no trusted root: {place}: {error.errors()[0]['msg']}") from None
    except EvidenceRefused as error:
        raise UsageError(f"{origin} is no trusted root: {error}") from None


def load_trusted_root(path: Path | str) -> TrustedRoot:
    """The trusted root in the file at `path`. Raises as `parse_trusted_root`; also where it cannot be read."""
    return parse_trusted_root(read_trust_file(path), str(path))


def fetch_trusted_root(instance: Instance = "production", patience: float = USUAL_PATIENCE) -> TrustedRoot:
    """The trusted root of the public Sigstore, fetched over TUF now: only call this where the user asked for it.

    Raises:
        SigningUnavailable: its repository does not answer.
    """
    return root_of(fetch_client_config(instance, patience), f"the {instance} instance of Sigstore")


def fetch_client_config(instance: Instance, patience: float = USUAL_PATIENCE) -> "ClientTrustConfig":
    """The whole trust configuration of the public Sigstore, fetched over TUF. Raises as `fetch_trusted_root`."""
    require_sigstore()
    from sigstore.models import ClientTrustConfig

    fetch = ClientTrustConfig.staging if instance == "staging" else ClientTrustConfig.production
    return served(fetch, f"the TUF repository of Sigstore's {instance} instance", patience)


def root_of(config: "ClientTrustConfig", origin: str) -> TrustedRoot:
    """The trusted root in a configuration that sigstore-python has loaded."""
    root = config.trusted_root
    authorities = (
        TimestampAuthority(
            tuple(each.certificates(allow_expired=True)), each.validity_period_start, each.validity_period_end
        )
        for each in root.get_timestamp_authorities()
    )
    return TrustedRoot(origin, "", tuple(authorities), (), lambda: root)


def require_sigstore() -> None:
    """Refuse, where sigstore-python is not installed.

    Raises:
        UsageError: with the command that installs it.
    """
    try:
        import sigstore  # noqa: F401
    except ImportError:
        raise UsageError("keyless attestations need sigstore-python", "pip install 'spybuild[sign]'") from None


def read_trust_file(path: Path | str) -> bytes:
    """The content of a file of trust material.

    Raises:
        UsageError: it cannot be read, or is larger than 1 MiB.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_ROOT + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"{str(path)!r} cannot be read: {what or 'no such name'}") from None
    if len(content) > LARGEST_ROOT:
        raise UsageError(f"{str(path)!r} is too large for trust material")
    return content


def _timestamp_authority(authority: _Authority) -> TimestampAuthority:
    chain = tuple(
        load_der_x509_certificate(decode_base64(each.raw_bytes, "a certificate"))
        for each in authority.cert_chain.certificates
    )
    return TimestampAuthority(chain, *_period(authority.valid_for))


def _transparency_log(log: _Log, origin: str) -> TransparencyLog | None:
    """The log, if its key is of a kind that signs promises; version 2 makes none."""
    log_id = decode_base64(log.log_id.key_id, "a log's id")
    try:
        key = VerificationKey.of(load_der_public_key(decode_base64(log.public_key.raw_bytes, "a log's key")), origin)
    except (UsageError, UnsupportedAlgorithm):
        return None
    return TransparencyLog(log_id, key, *_period(log.public_key.valid_for))


def _period(said: _Range) -> tuple[datetime, datetime | None]:
    return said.start.astimezone(UTC), said.end.astimezone(UTC) if said.end else None


def _sigstore_root(document: dict[str, Any]) -> "SigstoreRoot":
    """sigstore-python reads a root from memory only as part of a client's configuration."""
    require_sigstore()
    from sigstore.models import ClientTrustConfig

    whole = {
        "mediaType": CLIENT_CONFIG,
        "trustedRoot": document,
        "signingConfig": {"mediaType": SIGNING_CONFIG},
    }
    return ClientTrustConfig.from_json(json.dumps(whole)).trusted_root
