"""A policy made of options, spelt as cosign's."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import ContractError, UsageError
from spybuild.gate.flags import Flags, policy_of
from spybuild.gate.policy import AcceptedContract, KeyDemand, KeylessDemand, Policy
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly, Expression, Glob
from spybuild.model.platforms import Platform
from tests.gate.conftest import CONTRACT

DIGEST = "sha256:" + "ab" * 32
ANYBODY = {"certificate_identity": "ci@example.com", "certificate_oidc_issuer": "https://issuer.example"}


def test_options_make_a_policy(folder: Path) -> None:
    """What is not said is as in a policy file, but for the age, which is not limited."""
    flags = Flags(**ANYBODY, contract=[str(folder / "spymodel.yml"), DIGEST])
    assert policy_of(flags) == Policy(
        signers=(KeylessDemand(Exactly("ci@example.com"), Exactly("https://issuer.example")),),
        contracts=(
            AcceptedContract(Digest.of(CONTRACT.encode()), str(folder / "spymodel.yml")),
            AcceptedContract(Digest.parse(DIGEST)),
        ),
    )


def test_every_option_has_its_demand(folder: Path, pem: str, fingerprint: Digest) -> None:
    """Keys by file and by KMS, platforms, age, evidence and repositories."""
    made = policy_of(
        Flags(
            key=[str(folder / "cosign.pub"), "awskms:///alias/gate"],
            contract=[DIGEST],
            platform=["linux/amd64", "arm64"],
            max_age="30d",
            evidence="both",
            repository=["registry.example/staging/*"],
        )
    )
    assert made.signers == (
        KeyDemand(str(folder / "cosign.pub"), pem, fingerprint),
        KeyDemand("awskms:///alias/gate", uri="awskms:///alias/gate"),
    )
    assert made.required == (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert made.max_age == timedelta(days=30)
    assert made.evidence == {"runtime", "static"}
    assert made.attested_for == (Glob("registry.example/staging/*"),)


def test_expressions_are_anchored() -> None:
    """As in a policy file; cosign takes any."""
    flags = Flags(certificate_identity_regexp="^a.+$", certificate_oidc_issuer_regexp="^b$", contract=[DIGEST])
    assert policy_of(flags).signers == (KeylessDemand(Expression("^a.+$"), Expression("^b$")),)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "no signer is named"),
        (ANYBODY, "no contract is named"),
        ({"certificate_identity": "a", "contract": [DIGEST]}, "one of --certificate-oidc-issuer and"),
        ({"certificate_oidc_issuer": "a", "contract": [DIGEST]}, "one of --certificate-identity and"),
        (
            {**ANYBODY, "certificate_identity_regexp": "^a$", "contract": [DIGEST]},
            "only one of --certificate-identity and --certificate-identity-regexp",
        ),
        (
            {"certificate_identity_regexp": "a", "certificate_oidc_issuer": "b", "contract": [DIGEST]},
            "--certificate-identity-regexp: 'a' is not anchored",
        ),
        ({**ANYBODY, "key": ["awskms:///x"], "contract": [DIGEST]}, "exclude each other"),
        ({"key": ["/nowhere/cosign.pub"], "contract": [DIGEST]}, "cannot be read"),
        ({**ANYBODY, "contract": ["sha256:ab"]}, "is no digest"),
        ({**ANYBODY, "contract": [DIGEST], "platform": ["a/b/c/d"]}, "is no platform"),
        ({**ANYBODY, "contract": [DIGEST], "max_age": "30"}, "is no length of time"),
        ({**ANYBODY, "contract": [DIGEST], "evidence": "config"}, "is no kind of evidence"),
        ({**ANYBODY, "contract": [DIGEST], "repository": [""]}, "names no repository"),
    ],
)
def test_options_that_leave_something_open_are_refused(options: dict[str, Any], problem: str) -> None:
    """Nobody is let in by default, and no option is left out of account."""
    with pytest.raises(UsageError, match=problem):
        policy_of(Flags(**options))


def test_a_contract_that_cannot_be_used_is_told_of(tmp_path: Path) -> None:
    """With its own problems."""
    with pytest.raises(ContractError, match="no such file"):
        policy_of(Flags(**ANYBODY, contract=[str(tmp_path / "nope.yml")]))


def test_options_say_whether_they_are_given() -> None:
    """A policy file and options exclude each other."""
    assert not Flags().are_given
    assert Flags(max_age="30d").are_given
