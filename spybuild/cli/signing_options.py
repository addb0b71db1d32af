"""Options that say who signs, and what they make. Secrets come from files and variables, and are never shown."""

import os
import sys
from dataclasses import dataclass, field
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from spybuild.errors import UsageError

if TYPE_CHECKING:
    from spybuild.attestation.identity_tokens import Token
    from spybuild.attestation.keyless import SigstoreInstance
    from spybuild.attestation.signers import Signer
    from spybuild.images.registry.names import RemoteImage

_PASSWORD = "COSIGN_PASSWORD"  # noqa: S105  # the variable's name

Sign = Annotated[
    bool,
    typer.Option(
        "--sign", envvar="SPYBUILD_SIGN",
        help="Attest what passed: sign a statement for each platform and one for the index, and store them beside the "
        "image in its registry. Keyless, as the CI's identity or as who logs in in the browser, or with a --key.",
    ),
]  # fmt: skip
Key = Annotated[
    str | None,
    typer.Option(
        "--key", envvar="SPYBUILD_KEY", show_default=False, metavar="FILE|URI",
        help="Sign with this private key: a PEM file (cosign's own too; the password is COSIGN_PASSWORD's), or "
        "awskms://, gcpkms://, azurekms://, hashivault:// or pkcs11: and where the key is.",
    ),
]  # fmt: skip
IdentityToken = Annotated[
    str | None,
    typer.Option(
        "--identity-token", envvar="SPYBUILD_IDENTITY_TOKEN", show_default=False, metavar="TOKEN|FILE",
        help="Sign keyless, as the identity of this OIDC token. Never shown.",
    ),
]  # fmt: skip
TrustConfig = Annotated[
    str | None,
    typer.Option(
        "--trust-config", envvar="SPYBUILD_TRUST_CONFIG", show_default=False, metavar="FILE",
        help="Sign keyless with the Sigstore that this ClientTrustConfig describes, in place of the public one.",
    ),
]  # fmt: skip
TimestampServer = Annotated[
    str | None,
    typer.Option(
        "--timestamp-server-url", "--timestamp-server", envvar="SPYBUILD_TIMESTAMP_SERVER_URL", show_default=False,
        metavar="URL", help="Have a --key's signatures stamped by this RFC 3161 authority, so that their age is known.",
    ),
]  # fmt: skip
LegacyAtt = Annotated[
    bool,
    typer.Option(
        "--legacy-att", envvar="SPYBUILD_LEGACY_ATT",
        help="Store what a --key signed in cosign 2's form as well, under the tag sha256-….att.",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class SigningOptions:
    """What the options say; the names are theirs."""

    key: str | None = None
    identity_token: str | None = field(default=None, repr=False)
    trust_config: str | None = None
    timestamp_server_url: str | None = None
    legacy_att: bool = False

    def signer(self) -> "Signer":
        """Who signs. A token is asked for when the first statement is signed, for it lives for minutes.

        Raises:
            UsageError: the options do not fit together, or what they name cannot be read.
            SigningUnavailable: a KMS, or the public Sigstore, does not answer.
        """
        self._require_said()
        return self._with_key(self.key) if self.key else self._keyless()

    def require_unused(self) -> None:
        """Refuse what was typed and does nothing without `--sign`; what the environment says may be for other verbs.

        Raises:
            UsageError: an option was typed.
        """
        for name in ("key", "identity_token", "trust_config", "timestamp_server_url", "legacy_att"):
            if getattr(self, name) and f"SPYBUILD_{name.upper()}" not in os.environ:
                raise UsageError(
                    f"--{name.replace('_', '-')} says how to sign, and nothing is to be signed", "add --sign"
                )

    def _require_said(self) -> None:
        """Refuse what comes from a variable that was not set: the public Sigstore would log who signed what."""
        said = {
            "--key": self.key,
            "--identity-token": self.identity_token,
            "--trust-config": self.trust_config,
            "--timestamp-server-url": self.timestamp_server_url,
        }
        if empty := [option for option, value in said.items() if value is not None and not value.strip()]:
            raise UsageError(f"{empty[0]} is empty", "leave it out, or set the variable that it is taken from")

    def _with_key(self, name: str) -> "Signer":
        if self.identity_token or self.trust_config:
            raise UsageError("--key excludes --identity-token and --trust-config, which sign keyless")
        from spybuild.attestation.kms import is_kms_uri, open_kms_key
        from spybuild.attestation.private_keys import load_private_key
        from spybuild.attestation.signers import SignerWithKey

        key = open_kms_key(name) if is_kms_uri(name) else load_private_key(name, _password)
        return SignerWithKey(key, self.timestamp_server_url or "")

    def _keyless(self) -> "Signer":
        if self.timestamp_server_url or self.legacy_att:
            raise UsageError("--timestamp-server-url and --legacy-att are for signatures with a --key")
        from spybuild.attestation.identity_tokens import given_token
        from spybuild.attestation.keyless import KeylessSigning, fetch_instance, load_instance

        given = given_token(self.identity_token) if self.identity_token else None
        instance = load_instance(self.trust_config) if self.trust_config else fetch_instance()
        return KeylessSigning(instance, lambda: given or _found_token(instance))


def _found_token(instance: "SigstoreInstance") -> "Token":
    """The CI's own token, or one that the user logs in for."""
    from spybuild.attestation.identity_tokens import ambient_token, browser_token

    found = ambient_token()
    if not found and (os.environ.get("CI") or not sys.stdin.isatty()):
        raise UsageError(
            "there is no identity to sign as: no --identity-token, no CI that gives one, and nobody to log in",
            "or sign with a --key",
        )
    return found or browser_token(instance.config)


def _password() -> str:
    """The key's password: cosign's variable, or what the user types."""
    if (given := os.environ.get(_PASSWORD)) is not None or not sys.stdin.isatty():
        return given or ""
    return getpass("Password of the private key: ", sys.stderr)


def remote_image(text: str) -> "RemoteImage":
    """An image in a registry, `[registry://][HOST/]NAME[:TAG][@DIGEST]`.

    Raises:
        UsageError: it is elsewhere, or the text is no name.
    """
    from spybuild.images.registry.names import RemoteImage

    scheme, separator, rest = text.rpartition("://")
    if separator and scheme not in ("registry", "docker", "podman"):
        raise UsageError(f"what {scheme}:// names is in no registry", "attestations are kept beside the image there")
    return RemoteImage.parse(rest)
