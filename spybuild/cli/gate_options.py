"""Options that say what a gate demands, and whom it believes; spelt as cosign's where cosign has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spybuild.cli.options import from_lines, split
from spybuild.errors import UsageError

if TYPE_CHECKING:
    from spybuild.gate.policy import Policy
    from spybuild.model.evidence import Demand
    from spybuild.verifying import Authority

PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", envvar="SPYBUILD_POLICY", show_default=False, metavar="FILE",
        help="What the gate demands, as YAML; it excludes the options that say the same.",
    ),
]  # fmt: skip
RequiredPolicy = Annotated[
    Path,
    typer.Option(
        "--policy", envvar="SPYBUILD_POLICY", show_default=False, metavar="FILE",
        help="What the gate demands, as YAML.",
    ),
]  # fmt: skip
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key", show_default=False, metavar="FILE|URI",
        help="A public key (PEM) that may have signed, or the URI of one in a KMS or an HSM. Repeatable. "
        "\\[env var: SPYBUILD_KEY, one a line]",
    ),
]  # fmt: skip
Identity = Annotated[
    str,
    typer.Option(
        "--certificate-identity", envvar="SPYBUILD_CERTIFICATE_IDENTITY", show_default=False,
        help="Who may have signed keyless: the certificate's subject alternative name, exactly.",
    ),
]  # fmt: skip
IdentityRegexp = Annotated[
    str,
    typer.Option(
        "--certificate-identity-regexp", envvar="SPYBUILD_CERTIFICATE_IDENTITY_REGEXP", show_default=False,
        help="The same as an expression, anchored: ^…$.",
    ),
]  # fmt: skip
Issuer = Annotated[
    str,
    typer.Option(
        "--certificate-oidc-issuer", envvar="SPYBUILD_CERTIFICATE_OIDC_ISSUER", show_default=False,
        help="Who must have vouched for the identity, exactly.",
    ),
]  # fmt: skip
IssuerRegexp = Annotated[
    str,
    typer.Option(
        "--certificate-oidc-issuer-regexp", envvar="SPYBUILD_CERTIFICATE_OIDC_ISSUER_REGEXP", show_default=False,
        help="The same as an expression, anchored: ^…$.",
    ),
]  # fmt: skip
Contracts = Annotated[
    list[str] | None,
    typer.Option(
        "--contract", "-c", show_default=False, metavar="FILE|DIGEST",
        help="A contract that may have been passed: its file, or sha256:…. Repeatable. "
        "\\[env var: SPYBUILD_CONTRACT, one a line]",
    ),
]  # fmt: skip
Required = Annotated[
    list[str] | None,
    typer.Option(
        "--platform", envvar="SPYBUILD_PLATFORM", show_default=False, metavar="OS/ARCH[/VARIANT]",
        help="A platform that must be there; may be repeated, or be a list with commas. Others must have passed, too.",
    ),
]  # fmt: skip
MaxAge = Annotated[
    str | None,
    typer.Option(
        "--max-age", envvar="SPYBUILD_MAX_AGE", show_default=False, metavar="30d",
        help="How long ago the validation may be. Default: any time.",
    ),
]  # fmt: skip
Repositories = Annotated[
    list[str] | None,
    typer.Option(
        "--repository", show_default=False, metavar="GLOB",
        help="Repositories that the attestations may be for. Default: the image's own. Repeatable. "
        "\\[env var: SPYBUILD_REPOSITORY, one a line]",
    ),
]  # fmt: skip
TrustedRoot = Annotated[
    str,
    typer.Option(
        "--trusted-root", "--trust-config", envvar=["SPYBUILD_TRUSTED_ROOT", "SPYBUILD_TRUST_CONFIG"],
        show_default=False, metavar="FILE",
        help="Who vouches for identities and times: a TrustedRoot or a ClientTrustConfig, kept with the policy.",
    ),
]  # fmt: skip
FetchTrustedRoot = Annotated[
    bool,
    typer.Option(
        "--fetch-trusted-root", envvar="SPYBUILD_FETCH_TRUSTED_ROOT",
        help="Fetch the public Sigstore's trusted root now, over TUF.",
    ),
]  # fmt: skip
Offline = Annotated[
    bool, typer.Option("--offline", envvar="SPYBUILD_OFFLINE", help="Ask nobody but the registry.")
]  # fmt: skip


@dataclass(frozen=True)
class GateOptions:
    """What the options demand; the names are theirs."""

    policy: Path | None
    key: Iterable[str] | None
    certificate_identity: str
    certificate_identity_regexp: str
    certificate_oidc_issuer: str
    certificate_oidc_issuer_regexp: str
    contract: Iterable[str] | None
    platform: Iterable[str] | None
    max_age: str | None
    evidence: "Demand | None"
    repository: Iterable[str] | None

    def demanded(self) -> "Policy":
        """The policy in the file, or the one that the options make.

        Raises:
            UsageError: both are given, or the options make none.
            PolicyError: the file cannot be used; it has every problem, by line.
            ContractError: a contract cannot be used.
        """
        from spybuild.gate.flags import Flags, policy_of

        flags = Flags(
            key=tuple(from_lines(self.key, "SPYBUILD_KEY")),
            certificate_identity=self.certificate_identity,
            certificate_identity_regexp=self.certificate_identity_regexp,
            certificate_oidc_issuer=self.certificate_oidc_issuer,
            certificate_oidc_issuer_regexp=self.certificate_oidc_issuer_regexp,
            contract=tuple(from_lines(self.contract, "SPYBUILD_CONTRACT")),
            platform=tuple(split(self.platform)),
            max_age=self.max_age,
            evidence=self.evidence.value if self.evidence else "",
            repository=tuple(from_lines(self.repository, "SPYBUILD_REPOSITORY")),
        )
        if self.policy is None:
            return policy_of(flags)
        if flags.are_given:
            raise UsageError(
                "--policy says all that is demanded, and excludes the options that say the same",
                "these may come from the environment: SPYBUILD_KEY, SPYBUILD_CONTRACT, SPYBUILD_PLATFORM …",
            )
        return read_policy(self.policy)


def read_policy(path: Path) -> "Policy":
    """The policy in a file. Raises `PolicyError`, with every problem by line."""
    from spybuild.gate.loading import load_policy

    return load_policy(path)


def authority(trusted_root: str, fetches_root: bool, is_offline: bool) -> "Authority":
    """Who vouches for identities and times."""
    from spybuild.verifying import Authority

    return Authority(trusted_root, fetches_root, is_offline)
