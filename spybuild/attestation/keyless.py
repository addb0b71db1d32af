"""Keyless signing: a certificate for an identity, lived for minutes, and an entry in a log that outlives it.

On sigstore-python's public names. What it does not do: deadlines, errors of one kind, preferring Rekor v1, noticing
that a timestamp is missing, and verifying what it has made.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spybuild.attestation.certificates import signer_of
from spybuild.attestation.documents import read_object
from spybuild.attestation.identity_tokens import Token
from spybuild.attestation.roots import (
    CLIENT_CONFIG,
    LARGEST_ROOT,
    Instance,
    TrustedRoot,
    fetch_client_config,
    normal_root,
    parse_trusted_root,
    read_trust_file,
    require_sigstore,
    root_of,
)
from spybuild.attestation.services import USUAL_PATIENCE, served
from spybuild.attestation.signers import Signed
from spybuild.attestation.trust import Trust, TrustedIdentity
from spybuild.attestation.verification import authenticate
from spybuild.errors import EvidenceRefused, SigningUnavailable, UsageError
from spybuild.model.attested import KeylessSigner
from spybuild.model.matching import Exactly

if TYPE_CHECKING:
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import ClientTrustConfig
    from sigstore.sign import Signer as SigstoreSigner

_SPARE = timedelta(minutes=1)  # a certificate with less left is not used again


@dataclass(frozen=True)
class SigstoreInstance:
    """Where to sign keyless, and whom to believe there.

    Attributes:
        origin: for messages.
        config: as sigstore-python has it, with Rekor v1 chosen where it is offered.
        root: the trusted root of the same instance.
    """

    origin: str
    config: "ClientTrustConfig" = field(repr=False)
    root: TrustedRoot


def load_instance(config: Path | str) -> SigstoreInstance:
    """The instance that a ClientTrustConfig file names (trusted root and signing config in one).

    Raises:
        UsageError: the file cannot be read, or is none.
    """
    return parse_instance(read_trust_file(config), str(config))


def load_instance_of(trusted_root: Path | str, signing_config: Path | str) -> SigstoreInstance:
    """The instance that two files name, as cosign has them. Raises as `load_instance`."""
    parts = {
        "trustedRoot": _json(read_trust_file(trusted_root), str(trusted_root)),
        "signingConfig": _json(read_trust_file(signing_config), str(signing_config)),
    }
    whole = json.dumps({"mediaType": CLIENT_CONFIG, **parts}).encode()
    return parse_instance(whole, f"{signing_config} with {trusted_root}")


def parse_instance(content: bytes, origin: str) -> SigstoreInstance:
    """The instance that a ClientTrustConfig document names.

    Raises:
        UsageError: it is none, or names no certificate authority or log that is valid now.
    """
    require_sigstore()
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig

    root = parse_trusted_root(content, origin)
    try:
        whole = _json(content, origin) | {"trustedRoot": normal_root(content, origin)}
        config = ClientTrustConfig.from_json(json.dumps(whole))
        _prefer_rekor_1(config)
        _ = config.signing_config, config.trusted_root
    except (Error, ValueError) as error:
        raise UsageError(f"{origin} is no trust configuration to sign with: {error}") from None
    return SigstoreInstance(origin, config, root)


def fetch_instance(instance: Instance = "production", patience: float = USUAL_PATIENCE) -> SigstoreInstance:
    """The public Sigstore, its configuration fetched over TUF now.

    Raises:
        SigningUnavailable: its repository does not answer.
    """
    config = fetch_client_config(instance, patience)
    _prefer_rekor_1(config)
    origin = f"the {instance} instance of Sigstore"
    return SigstoreInstance(origin, config, root_of(config, origin))


def _json(content: bytes, origin: str) -> dict[str, Any]:
    try:
        return read_object(content, origin, LARGEST_ROOT)
    except EvidenceRefused as error:
        raise UsageError(error.message) from None


def _prefer_rekor_1(config: "ClientTrustConfig") -> None:
    """Choose the log whose entries cosign before 3.1 verifies, too, if the instance has one."""
    from sigstore.errors import Error

    config.force_tlog_version = 1
    try:
        _ = config.signing_config
    except Error:
        config.force_tlog_version = None


class KeylessSigning:
    """A `Signer` for an identity. One certificate serves for all that is signed while it is valid."""

    def __init__(
        self, instance: SigstoreInstance, token: Callable[[], Token], patience: float = USUAL_PATIENCE
    ) -> None:
        """Make no call yet.

        Args:
            instance: where to sign.
            token: gives an identity token; asked once for each certificate.
            patience: seconds for each of the services.
        """
        self._instance, self._token, self._patience = instance, token, patience
        self._signer: SigstoreSigner | None = None
        self._until = datetime.min.replace(tzinfo=UTC)
        self._open = ExitStack()

    def __repr__(self) -> str:
        return f"KeylessSigning({self._instance.origin})"

    def sign(self, statement: bytes) -> Signed:
        """See `signers.Signer.sign`."""
        from sigstore.dsse import Statement
        from sigstore.errors import Error

        try:
            content = Statement(statement)
        except Error:
            raise UsageError("what is to be signed is no in-toto statement") from None
        signer = self._certified()
        what = f"the log or the timestamp authority of {self._instance.origin}"
        bundle = served(lambda: signer.sign_dsse(content), what, self._patience)
        self._until = bundle.signing_certificate.not_valid_after_utc
        return self._checked(bundle)

    def _certified(self) -> "SigstoreSigner":
        """The signer with a certificate that is valid for a while."""
        if self._signer is None or datetime.now(UTC) > self._until - _SPARE:
            self._open.close()
            self._signer = self._certify()
        return self._signer

    def _certify(self) -> "SigstoreSigner":
        from sigstore.sign import SigningContext

        token, context = self._token(), SigningContext.from_trust_config(self._instance.config)
        identity = _identity(token)
        what = f"the certificate authority of {self._instance.origin}"
        return served(lambda: self._open.enter_context(context.signer(identity, cache=True)), what, self._patience)

    def _checked(self, bundle: "SigstoreBundle") -> Signed:
        """The bundle, verified as anybody will: a log that lies to the signer must not go unnoticed."""
        content = bundle.to_json().encode()
        try:
            who = signer_of(bundle.signing_certificate)
            trusted = TrustedIdentity(Exactly(who.identity), Exactly(who.issuer))
            found = authenticate(content, Trust(identities=(trusted,), root=self._instance.root), datetime.now(UTC))
        except EvidenceRefused as error:
            raise SigningUnavailable(f"what {self._instance.origin} made does not verify: {error.message}") from None
        assert isinstance(found.signer, KeylessSigner)
        return Signed(content, found.signer, self._warnings(bundle, found.unauthenticated))

    def _warnings(self, bundle: "SigstoreBundle", unauthenticated: tuple[str, ...]) -> tuple[str, ...]:
        wanted = self._instance.config.signing_config.get_tsas()
        if wanted and not bundle.verification_material.timestamp_verification_data:
            return (*unauthenticated, "the timestamp authority gave no timestamp; the log's entry has the time")
        return unauthenticated


def _identity(token: Token) -> Any:
    from sigstore.oidc import IdentityError, IdentityToken

    try:
        return IdentityToken(token.raw)
    except IdentityError as error:
        raise UsageError(
            f"{token.origin} is no identity token that is valid now: {error}", "it must be made for `sigstore`"
        ) from None
