"""Identity tokens for keyless signing: given, found in the CI's surroundings, or had through the browser.

A token is a secret as long as it is valid: it is in no error, no `repr` and no log.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spybuild.attestation.roots import require_sigstore
from spybuild.attestation.services import USUAL_PATIENCE, served
from spybuild.errors import SigningUnavailable, UsageError

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig

_LARGEST_TOKEN = 64 << 10
_BROWSER_PATIENCE = 300.0


@dataclass(frozen=True)
class Token:
    """A token, and where it came from."""

    raw: str = field(repr=False)
    origin: str


def given_token(text: str) -> Token:
    """The token that `--identity-token` names: itself, or the file that holds it, as cosign takes it.

    Raises:
        UsageError: it is neither.
    """
    if text.startswith("eyJ") and text.count(".") == 2:
        return Token(text.strip(), "--identity-token")
    try:
        with Path(text).open("rb") as file:
            content = file.read(_LARGEST_TOKEN + 1).decode("ascii").strip()
    except (OSError, ValueError):
        content = ""
    if not content or len(content) > _LARGEST_TOKEN:  # never quote it: it may be a token that was cut
        raise UsageError("--identity-token is neither a token nor a file that holds one")
    return Token(content, "the file that --identity-token names")


def ambient_token(patience: float = USUAL_PATIENCE) -> Token | None:
    """The token of the CI that we run in (GitHub, GitLab, Google Cloud, Buildkite, CircleCI); None outside of one.

    Raises:
        SigningUnavailable: the CI is one of these and gives none; its message says what is missing.
    """
    require_sigstore()
    from sigstore.oidc import IdentityError, detect_credential

    def detect() -> str | None:
        try:
            return detect_credential()
        except IdentityError as error:
            raise SigningUnavailable(
                f"this CI gives no identity token: {error}", "on GitHub: `permissions: id-token: write`"
            ) from None

    raw = served(detect, "the CI's identity service", patience)
    return Token(raw, "the CI's identity") if raw else None


def browser_token(config: "ClientTrustConfig", patience: float = _BROWSER_PATIENCE) -> Token:
    """A token that the user logs in for, in the browser; prints on stderr where to go.

    Raises:
        SigningUnavailable: the issuer does not answer, or nobody logs in.
    """
    from sigstore.errors import Error
    from sigstore.oidc import Issuer

    try:
        url = config.signing_config.get_oidc_url()
    except (Error, ValueError):
        raise UsageError("the trust configuration names no issuer to log in at", "give --identity-token") from None
    return Token(served(lambda: str(Issuer(url).identity_token()), f"the issuer {url}", patience), f"a login at {url}")
