"""Whose signatures count: named, or nobody's."""

import pytest

from spybuild.attestation.trust import Trust, TrustedIdentity
from spybuild.errors import UsageError
from spybuild.model.attested import KeylessSigner
from spybuild.model.matching import Exactly, Expression
from tests.attestation.making import signing_key

ISSUER = "https://token.example"


def _signer(identity: str, issuer: str = ISSUER, **claims: str) -> KeylessSigner:
    return KeylessSigner(identity=identity, issuer=issuer, claims=claims)


@pytest.mark.parametrize(
    ("pattern", "identity", "matches"),
    [
        ("^https://github.com/o/r/.*$", "https://github.com/o/r/x", True),
        ("^https://github.com/o/r/.*$", "https://github.com/o/rogue", False),
        ("^https://github.com/o/r/.*$", "xhttps://github.com/o/r/x", False),
        ("^(a|b)$", "a and more", False),
        ("^(a|b)$", "more and b", False),
        ("^(a|b)$", "b", True),
        ("^a$", "a\n", False),
        ("^.*$", "a\nb", False),
    ],
)
def test_a_pattern_has_to_match_all_of_it(pattern: str, identity: str, matches: bool) -> None:
    """Also where there are alternatives, or a line break follows."""
    trusted = TrustedIdentity(Expression(pattern), Exactly(ISSUER))
    assert (trusted.mismatch(_signer(identity)) == "") is matches


def test_each_part_has_to_match() -> None:
    """Identity, issuer and every claim; what the certificate does not say does not match."""
    trusted = TrustedIdentity(Exactly("a"), Exactly(ISSUER), claims={"sourceRepository": "r"})
    assert trusted.mismatch(_signer("a", sourceRepository="r", buildTrigger="push")) == ""
    assert "by 'b'" in trusted.mismatch(_signer("b", sourceRepository="r"))
    assert "vouched" in trusted.mismatch(_signer("a", "https://other", sourceRepository="r"))
    assert "'q' as sourceRepository" in trusted.mismatch(_signer("a", sourceRepository="q"))
    assert "nothing as sourceRepository" in trusted.mismatch(_signer("a"))
    by_pattern = TrustedIdentity(Exactly("a"), Expression("^https://.*[.]example$"))
    assert by_pattern.mismatch(_signer("a")) == ""
    assert by_pattern.mismatch(_signer("a", "https://x.example.evil")) != ""


@pytest.mark.parametrize(("identity", "issuer"), [("", ISSUER), ("a", "")])
def test_an_identity_without_a_name_or_an_issuer_is_refused(identity: str, issuer: str) -> None:
    """Anybody's issuer could vouch for it."""
    with pytest.raises(UsageError, match="has an identity, and an issuer"):
        TrustedIdentity(Exactly(identity), Exactly(issuer))


def test_a_claim_that_there_is_none_of_is_refused() -> None:
    """More would be trusted than was meant."""
    with pytest.raises(UsageError, match="did you mean sourceRepository"):
        TrustedIdentity(Exactly("a"), Exactly(ISSUER), {"sourceRepo": "x"})


def test_nobody_is_trusted_unless_named() -> None:
    """No default identity, no default key, no default root."""
    with pytest.raises(UsageError, match="nobody is trusted"):
        Trust()
    with pytest.raises(UsageError, match="trusted root"):
        Trust(identities=(TrustedIdentity(Exactly("a"), Exactly(ISSUER)),))
    assert Trust(keys=(signing_key().public,)).root is None
