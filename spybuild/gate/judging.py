"""One attestation against a policy: every reason why it does not count, as a sentence about it.

Each check is a few lines that say what is wrong or nothing; none of them can make up for another. What the statement
does not say is never taken as said. The numbers are those of the threats in `docs/gate.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from packaging.version import InvalidVersion, Version

from spybuild.gate.durations import duration_text
from spybuild.gate.policy import KeyDemand, KeylessDemand, Policy
from spybuild.model.attested import (
    SVR,
    TEST_RESULT,
    Attested,
    ChildEvidence,
    KeylessSigner,
    KeySigner,
    Verified,
    public_uri,
)
from spybuild.model.digests import Digest
from spybuild.model.names import shown
from spybuild.model.wire import instant_text
from spybuild.rules.catalogue import find_rule

_LONGEST_VERSION = 100
LAST = float("inf")


@dataclass(frozen=True)
class Asked:
    """What every attestation of an image is judged by: the policy, where the image is, and what time it is."""

    policy: Policy
    repository: str
    now: datetime


def platform_breaches(verified: Verified, child: ChildEvidence, asked: Asked) -> Iterator[str]:
    """Why `verified` is no pass of the manifest `child`; nothing where it is one."""
    yield from _kind(verified.attested, child.digest, TEST_RESULT, "a test result")
    yield from _platform(verified.attested, child)
    yield from _common(verified, asked)
    yield from _evidence(verified.attested, asked.policy)
    yield from _waivers(verified.attested, asked)


def index_breaches(verified: Verified, index: Digest, asked: Asked) -> Iterator[str]:
    """Why `verified` is no statement about the index; what it lists is compared by the decision."""
    yield from _kind(verified.attested, index, SVR, "a verification result (SVR)")
    yield from _common(verified, asked)


def is_named(verified: Verified, policy: Policy) -> bool:
    """Whether the policy names who signed. A key is never taken for a certificate, nor the reverse."""
    signer = verified.signer
    if isinstance(signer, KeySigner):
        return any(_is_key(signer, each) for each in policy.signers if isinstance(each, KeyDemand))
    return any(_is_identity(signer, each) for each in policy.signers if isinstance(each, KeylessDemand))


def stranger(verified: Verified) -> str:
    """What is said against an attestation of somebody whom the policy does not name."""
    return f"was signed {_described(verified.signer)}, whom the policy does not name"


def _is_key(signer: KeySigner, demand: KeyDemand) -> bool:
    if demand.fingerprint is not None:
        return signer.fingerprint == demand.fingerprint
    return bool(demand.uri) and signer.uri == public_uri(demand.uri)


def _is_identity(signer: KeylessSigner, demand: KeylessDemand) -> bool:
    return (
        demand.identity.matches(signer.identity)
        and demand.issuer.matches(signer.issuer)
        and all(signer.claims.get(name) == wanted for name, wanted in demand.claims.items())
    )


def _common(verified: Verified, asked: Asked) -> Iterator[str]:
    attested, policy = verified.attested, asked.policy
    yield from _source(verified, policy)
    if not attested.passed:
        yield "does not say that the checks passed"
    yield from _contract(attested, asked)
    yield from _repository(attested, asked)
    yield from _time(verified, asked)
    yield from _tool(attested, policy)


def _kind(attested: Attested, subject: Digest, predicate_type: str, name: str) -> Iterator[str]:
    if attested.subject != subject:
        yield f"is about {attested.subject}, another image"
    if attested.predicate_type != predicate_type:
        yield f"is {shown(attested.predicate_type, 100)}, not {name}"


def _platform(attested: Attested, child: ChildEvidence) -> Iterator[str]:
    if attested.platform is None:
        yield "does not say which platform passed"
    elif attested.platform != child.platform:
        yield f"is a pass on {shown(str(attested.platform))}, not on {child.platform}"


def _source(verified: Verified, policy: Policy) -> Iterator[str]:
    if not policy.source_repositories:
        return
    signer = verified.signer
    source = signer.claims.get("sourceRepository", "") if isinstance(signer, KeylessSigner) else ""
    if not source:
        yield "names no source repository that a certificate vouches for"
    elif not any(each.matches(source) for each in policy.source_repositories):
        yield f"was made from {shown(source, 200)}, not from a source repository that the policy names"


def _described(signer: KeySigner | KeylessSigner) -> str:
    if isinstance(signer, KeySigner):
        return f"with the key {shown(signer.uri, 200) if signer.uri else signer.fingerprint}"
    claims = ", ".join(f"{name} {shown(value, 200)}" for name, value in sorted(signer.claims.items())[:4])
    return f"by {shown(signer.identity, 200)} (issuer {shown(signer.issuer, 200)}{', ' if claims else ''}{claims})"


def _contract(attested: Attested, asked: Asked) -> Iterator[str]:
    passed = {contract.digest for contract in attested.contracts}
    fitting = [contract for contract in asked.policy.contracts if contract.digest in passed]
    today = asked.now.date()
    if not attested.contracts:
        yield "does not say which contract passed"
    elif not fitting:
        names = ", ".join(f"{shown(each.name)} {each.digest}" for each in attested.contracts[:3])
        yield f"is a pass of another contract ({names}) than the policy accepts"
    elif all(contract.until and contract.until < today for contract in fitting):
        yield f"is a pass of the contract {fitting[0]}, which was accepted until {fitting[0].until}"


def _repository(attested: Attested, asked: Asked) -> Iterator[str]:
    named, allowed = attested.repository, asked.policy.attested_for
    if not named:
        yield "does not say in which repository it was validated"
    elif allowed and not any(each.matches(named) for each in allowed):
        yield f"was made for the repository {shown(named, 200)}, which the policy does not name"
    elif not allowed and named != asked.repository:
        yield f"was made for the repository {shown(named, 200)}, not for {shown(asked.repository, 200)}"


def _time(verified: Verified, asked: Asked) -> Iterator[str]:
    policy, validated = asked.policy, verified.attested.validated_at
    if validated is None:
        yield "does not say when it was validated"
        return
    if validated - asked.now > policy.tolerance:
        yield f"was validated in the future, at {instant_text(validated)}; it is {instant_text(asked.now)}"
    if policy.validated_since and validated < policy.validated_since:
        yield f"was validated at {instant_text(validated)}, before {instant_text(policy.validated_since)}"
    if policy.max_age is not None and asked.now - validated > policy.max_age:
        age = duration_text(asked.now - validated)
        yield f"was validated too long ago: {age}, where the policy allows {duration_text(policy.max_age)}"
    yield from _agreement(verified, validated, policy)


def _agreement(verified: Verified, validated: datetime, policy: Policy) -> Iterator[str]:
    """A signer's word on the time counts if somebody else's agrees: signatures can be stamped anew at any time."""
    signed = verified.signed_at
    if signed is not None and abs(signed.at - validated) > policy.tolerance:
        apart = duration_text(abs(signed.at - validated))
        yield f"says it was validated at {instant_text(validated)}, {apart} from the time of its {signed.source}"
    if signed is None and policy.max_age is not None and not policy.trusts_signers_clock:
        yield "has no authenticated time that could back its validatedAt, so its age is not known"


def _tool(attested: Attested, policy: Policy) -> Iterator[str]:
    if policy.minimum_tool is None:
        return
    tool = attested.tool
    version = _version(tool.version[:_LONGEST_VERSION]) if tool and tool.name == "spybuild" else None
    if version is None:
        made_by = f"{shown(tool.name)} {shown(tool.version)}" if tool else "an unknown tool"
        yield f"was made by {made_by}, not by spybuild {policy.minimum_tool} or later"
    elif version < policy.minimum_tool:
        yield f"was made by spybuild {version}, which is too old: the policy asks for {policy.minimum_tool} or later"


@lru_cache(maxsize=256)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _evidence(attested: Attested, policy: Policy) -> Iterator[str]:
    kinds = set(attested.evidence) & {"runtime", "static"}
    if not kinds:
        yield "rests on no evidence, runtime or static"
    elif missing := policy.evidence - kinds:
        only, asked = " and ".join(sorted(kinds)), " and ".join(sorted(missing))
        yield f"rests on {only} evidence only; the policy asks for {asked} evidence too"


def _waivers(attested: Attested, asked: Asked) -> Iterator[str]:
    allowed = asked.policy.waivers
    for waiver in attested.waivers:
        rule = find_rule(waiver.rule[:_LONGEST_VERSION])
        if allowed is not None and (rule is None or rule.id not in allowed):
            yield f"passed with {shown(waiver.rule)} waived, which the policy does not allow"
        elif waiver.expires is None:
            yield f"passed with {shown(waiver.rule)} waived without an end"
        elif waiver.expires < asked.now.date():
            yield f"passed with {shown(waiver.rule)} waived until {waiver.expires}, which is over"


def newest_first(verified: Verified) -> float:
    """The order in which attestations are taken: by when they were validated; those that do not say it last."""
    validated = verified.attested.validated_at
    return -validated.timestamp() if validated else LAST
