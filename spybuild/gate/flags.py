"""A policy made from the options of a command line, spelt as cosign's."""

from collections.abc import Sequence
from dataclasses import dataclass

from spybuild.errors import UsageError
from spybuild.gate.durations import duration_of_text
from spybuild.gate.policy import KMS_SCHEMES, AcceptedContract, KeyDemand, KeylessDemand, Policy
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly, Expression, Glob, Matcher, checked_glob
from spybuild.model.platforms import Platform
from spybuild.model.wire import digest_of_text

_KINDS = {"": (), "any": (), "runtime": ("runtime",), "static": ("static",), "both": ("runtime", "static")}


@dataclass(frozen=True)
class Flags:
    """What a command line demands; the names are the options'.

    Attributes:
        key: `--key`: files with a public key in PEM, or URIs of a KMS.
        certificate_identity: `--certificate-identity`.
        certificate_identity_regexp: `--certificate-identity-regexp`, anchored.
        certificate_oidc_issuer: `--certificate-oidc-issuer`.
        certificate_oidc_issuer_regexp: `--certificate-oidc-issuer-regexp`, anchored.
        contract: `--contract`: files, or digests (`sha256:…`); any of them may have been passed.
        platform: `--platform`: each must be there; the others need a pass all the same.
        max_age: `--max-age`: `30d`; None: any. An empty one is a variable that was not set, and is refused.
        evidence: `--evidence`: `runtime`, `static`, `both`; empty: either.
        repository: `--repository`: that attestations may name, globs; none: only the image's own.
    """

    key: Sequence[str] = ()
    certificate_identity: str = ""
    certificate_identity_regexp: str = ""
    certificate_oidc_issuer: str = ""
    certificate_oidc_issuer_regexp: str = ""
    contract: Sequence[str] = ()
    platform: Sequence[str] = ()
    max_age: str | None = None
    evidence: str = ""
    repository: Sequence[str] = ()

    @property
    def are_given(self) -> bool:
        """Whether any option says something, which then cannot stand beside a policy file."""
        return self != Flags()


def policy_of(flags: Flags) -> Policy:
    """The policy that the options make.

    Raises:
        UsageError: they name no signer or no contract, contradict each other, or one cannot be read.
        ContractError: a contract cannot be used.
    """
    try:
        return Policy(
            signers=_signers(flags),
            contracts=tuple(map(_contract, flags.contract)) or _nothing("contract", "--contract FILE or sha256:…"),
            required=tuple(map(Platform.parse, flags.platform)),
            evidence=_evidence(flags.evidence),
            max_age=duration_of_text(flags.max_age) if flags.max_age is not None else None,
            attested_for=tuple(Glob(checked_glob(each)) for each in flags.repository),
        )
    except ValueError as error:
        raise UsageError(str(error)) from None


def _nothing(what: str, option: str) -> tuple[()]:
    raise UsageError(f"no {what} is named, so nothing could pass", f"name it with {option}, or give a --policy")


def _signers(flags: Flags) -> tuple[KeyDemand | KeylessDemand, ...]:
    says_identity = flags.certificate_identity or flags.certificate_identity_regexp
    says_issuer = flags.certificate_oidc_issuer or flags.certificate_oidc_issuer_regexp
    if flags.key and (says_identity or says_issuer):
        raise UsageError("--key and --certificate-… exclude each other", "a --policy may name signers of both kinds")
    if flags.key:
        return tuple(map(_key, flags.key))
    if not says_identity and not says_issuer:
        return _nothing("signer", "--key, or --certificate-identity with --certificate-oidc-issuer")
    identity = _matcher(flags.certificate_identity, flags.certificate_identity_regexp, "--certificate-identity")
    issuer = _matcher(flags.certificate_oidc_issuer, flags.certificate_oidc_issuer_regexp, "--certificate-oidc-issuer")
    return (KeylessDemand(identity, issuer),)


def _matcher(exact: str, expression: str, option: str) -> Matcher:
    if bool(exact) == bool(expression):
        which = "only one of" if exact else "one of"
        raise UsageError(f"a signer by certificate takes {which} {option} and {option}-regexp")
    if exact:
        return Exactly(exact)
    try:
        return Expression(expression)
    except ValueError as error:
        raise UsageError(f"{option}-regexp: {error}") from None


def _key(name: str) -> KeyDemand:
    from spybuild.attestation.keys import load_public_key  # cryptography is slow to load

    if name.startswith(KMS_SCHEMES):
        return KeyDemand(name, uri=name)
    key = load_public_key(name)
    return KeyDemand(name, key.pem, Digest.parse(key.fingerprint))


def _contract(name: str) -> AcceptedContract:
    if name.startswith(("sha256:", "sha512:")):
        return AcceptedContract(digest_of_text(name))
    from spybuild.contracts import load_contract  # slow to load

    digest = load_contract(name).contract.digest
    assert digest is not None
    return AcceptedContract(digest, name)


def _evidence(kind: str) -> frozenset[str]:
    if kind not in _KINDS:
        raise UsageError(f"--evidence {kind!r} is no kind of evidence", "take runtime, static or both")
    return frozenset(_KINDS[kind])
