"""Keys that never leave a KMS or an HSM, named by URIs as cosign spells them, used through securesystemslib.

    awskms:///alias/NAME  awskms:///arn:aws:kms:…  awskms:///KEY-ID
    gcpkms://projects/…/locations/…/keyRings/…/cryptoKeys/…/versions/1
    azurekms://VAULT.vault.azure.net/KEY
    hashivault://KEY
    pkcs11:token=NAME;id=%02?module-path=/usr/lib/…/libsofthsm2.so&pin-value=1234      (RFC 7512)

Credentials come from the surroundings, as the provider's own tools take them.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from spybuild.attestation.keys import VerificationKey, parse_public_key
from spybuild.attestation.services import USUAL_PATIENCE, served
from spybuild.errors import UsageError
from spybuild.model.attested import public_uri

_SCHEMES = ("awskms", "gcpkms", "azurekms", "hashivault", "pkcs11")
_LEGACY_MODULE, _PIN = "PYKCS11LIB", "COSIGN_PKCS11_PIN"
_ENVIRONMENT = threading.Lock()  # securesystemslib takes the module's path from the environment only


def is_kms_uri(text: str) -> bool:
    """Whether `text` names a key in a KMS or an HSM, and no file."""
    return text.partition(":")[0] in _SCHEMES and ":" in text


@dataclass(frozen=True)
class _Place:
    """Where a key is.

    Attributes:
        uri: as the user wrote it, without secrets.
        private: as securesystemslib names it.
        look_up: fetches its name and public key.
        module, pin: of a PKCS #11 token.
    """

    uri: str
    look_up: Callable[[], tuple[str, Any]] = field(repr=False)
    module: str = ""
    pin: str = field(default="", repr=False)

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """The environment that the token's library wants."""
        if not self.module:
            yield
            return
        with _ENVIRONMENT:
            before = os.environ.get(_LEGACY_MODULE)
            os.environ[_LEGACY_MODULE] = self.module
            try:
                yield
            finally:
                os.environ.pop(_LEGACY_MODULE, None)
                if before is not None:
                    os.environ[_LEGACY_MODULE] = before


@dataclass(frozen=True)
class KmsKey:
    """A key in a KMS or an HSM, and the public one that it told of."""

    public: VerificationKey
    _private: str = field(repr=False)
    _known: Any = field(repr=False)
    _place: _Place = field(repr=False)
    _patience: float = USUAL_PATIENCE

    def sign(self, message: bytes) -> bytes:
        """See `signers.Key.sign`."""

        def work() -> bytes:
            with self._place.surroundings():
                signer = _library().Signer.from_priv_key_uri(self._private, self._known, lambda _: self._place.pin)
                return bytes.fromhex(signer.sign(message).signature)

        return served(work, self.public.origin, self._patience)


def open_kms_key(uri: str, patience: float = USUAL_PATIENCE) -> KmsKey:
    """The key that `uri` names, with its public part fetched.

    Args:
        uri: see above. Credentials come from the surroundings, as the provider's own tools take them.
        patience: seconds for each call.

    Raises:
        SigningUnavailable: the KMS does not answer, refuses, or has no such key.
        UsageError: the URI is wrong, the key of a kind that attestations are not signed with, or the provider's
            library is not installed.
    """
    _library()
    place = _place(uri)

    def work() -> tuple[str, Any]:
        from securesystemslib.exceptions import UnsupportedLibraryError

        with place.surroundings():
            try:
                return place.look_up()
            except UnsupportedLibraryError as error:
                raise UsageError(f"{place.uri} needs a library: {error}", "pip install 'spybuild[kms]'") from None

    private, known = served(work, place.uri, patience)
    _require_kind(known.scheme, place.uri)
    return KmsKey(_public(known, place.uri), private, known, place, patience)


def fetch_public_key(uri: str, patience: float = USUAL_PATIENCE) -> VerificationKey:
    """The public key in a KMS or an HSM, to verify with. Calls it; see `open_kms_key` for what it raises."""
    return open_kms_key(uri, patience).public


def _library() -> Any:
    """The signers of securesystemslib; their names are re-exported in a way that type checkers do not follow."""
    try:
        return import_module("securesystemslib.signer")
    except ImportError:
        raise UsageError("keys in a KMS or an HSM need securesystemslib", "pip install 'spybuild[kms]'") from None


def _public(known: Any, uri: str) -> VerificationKey:
    """The key as securesystemslib tells of it: PEM, or hexadecimal for Ed25519."""
    said = known.keyval["public"]
    if known.scheme == "ed25519":
        return VerificationKey.of(Ed25519PublicKey.from_public_bytes(bytes.fromhex(said)), uri)
    return parse_public_key(said.encode(), uri)


def _require_kind(scheme: str, uri: str) -> None:
    if scheme not in ("ecdsa-sha2-nistp256", "ed25519", "rsa-pkcs1v15-sha256"):
        raise UsageError(
            f"the key {uri} signs with {scheme}, which cosign does not verify", "make a key on P-256 (ECDSA, SHA-256)"
        )


def _place(uri: str) -> _Place:
    scheme, _, rest = uri.partition(":")
    if scheme == "pkcs11":
        return _pkcs11(rest)
    if not rest.startswith("//") or len(rest) < 3:
        raise UsageError(f"{uri!r} names no key", "see `spybuild scan --help` for the URIs that do")
    readers = {"awskms": _aws, "gcpkms": _gcp, "azurekms": _azure, "hashivault": _vault}
    return readers[scheme](uri, rest[2:])


def _aws(uri: str, rest: str) -> _Place:
    endpoint, _, key = rest.partition("/")
    if endpoint or not key:
        raise UsageError(
            f"{uri!r} names no key, or an endpoint", "awskms:///KEY; the endpoint goes into AWS_ENDPOINT_URL_KMS"
        )

    def look_up() -> tuple[str, Any]:
        from securesystemslib.exceptions import UnsupportedAlgorithmError

        signer = _library().AWSSigner
        try:  # its own choice for RSA is PSS, which cosign does not verify
            found: tuple[str, Any] = signer.import_(key, "rsa-pkcs1v15-sha256")
        except UnsupportedAlgorithmError:
            found = signer.import_(key)
        return found

    return _Place(uri, look_up)


def _gcp(uri: str, rest: str) -> _Place:
    name = re.sub(r"/versions/(\d+)$", r"/cryptoKeyVersions/\1", rest)
    if "/cryptoKeyVersions/" not in name:
        raise UsageError(f"{uri!r} names no version of a key", "end it with /versions/1")
    return _Place(uri, lambda: _library().GCPSigner.import_(name))


def _azure(uri: str, rest: str) -> _Place:
    vault, _, path = rest.partition("/")
    key = path.removeprefix("keys/")
    if not vault.endswith(".vault.azure.net") or not key or "/" in key:
        raise UsageError(f"{uri!r} names no key", "azurekms://VAULT.vault.azure.net/KEY, whose newest version signs")
    name = vault.removesuffix(".vault.azure.net")
    return _Place(uri, lambda: _library().AzureSigner.import_(name, key))


def _vault(uri: str, rest: str) -> _Place:
    return _Place(uri, lambda: _library().VaultSigner.import_(rest))


def _pkcs11(rest: str) -> _Place:
    path, _, query = rest.partition("?")
    attributes, said = _attributes(path, ";"), _attributes(query, "&")
    shown_uri = public_uri(f"pkcs11:{rest}")
    identifier = _identifier(path, shown_uri)
    module = said.get("module-path") or os.environ.get("COSIGN_PKCS11_MODULE_PATH") or os.environ.get(_LEGACY_MODULE)
    if not module:
        raise UsageError(f"{shown_uri} does not say which module to load", "?module-path=/usr/lib/…/libsofthsm2.so")
    if "pin-value=" in module:
        raise UsageError(f"{shown_uri} has a module path that goes on with the PIN", "separate the two with &")
    pin = said.get("pin-value") or _pin_from(said.get("pin-source", "")) or os.environ.get(_PIN, "")
    return _Place(
        shown_uri, lambda: _library().HSMSigner.import_(identifier, attributes.get("token"), lambda _: pin), module, pin
    )


def _attributes(text: str, separator: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(separator))
    return {key: unquote(value) for key, _, value in pairs}


def _identifier(path: str, shown_uri: str) -> int:
    """The `id` attribute, percent-encoded bytes, as the number that securesystemslib wants."""
    match = re.search(r"(?:^|;)id=((?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~-]){1,16})(?:;|$)", path)
    if not match:
        raise UsageError(f"{shown_uri} does not name the key by its id", "pkcs11:token=NAME;id=%02")
    return int.from_bytes(unquote_to_bytes(match[1]), "big")


def _pin_from(source: str) -> str:
    if not source:
        return ""
    try:
        return Path(source.removeprefix("file:").removeprefix("//")).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise UsageError("the file that pin-source names cannot be read") from None
