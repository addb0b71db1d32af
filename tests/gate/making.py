"""Short ways to make policies and evidence in tests: an honest image of two platforms, and what may go wrong with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from spybuild.gate.decision import decide
from spybuild.gate.policy import AcceptedContract, KeyDemand, KeylessDemand, Policy
from spybuild.model.attested import (
    SVR,
    TEST_RESULT,
    Attested,
    AttestedChild,
    AttestedContract,
    AttestedTool,
    AuthenticatedTime,
    ChildEvidence,
    Examined,
    ImageEvidence,
    KeylessSigner,
    KeySigner,
    Refused,
    Verified,
)
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly
from spybuild.model.platforms import Platform

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
REPOSITORY = "registry.example/home/thermostat"
IDENTITY = "https://github.com/acme/thermostat/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
SOURCE = "https://github.com/acme/thermostat"
AMD64, ARM64, S390X = (Platform("linux", each) for each in ("amd64", "arm64", "s390x"))


def digest(name: str) -> Digest:
    """A digest that stands for `name`."""
    return Digest.of(name.encode())


CONTRACT, KEY, INDEX = digest("spymodel.yml"), digest("cosign.pub"), digest("the index")
KEYLESS = KeylessSigner(identity=IDENTITY, issuer=ISSUER, claims={"sourceRepository": SOURCE})
BY_KEY = KeySigner(fingerprint=KEY)


def policy(**changes: Any) -> Policy:
    """Two platforms, one contract, two signers, 30 days; `changes` are other fields."""
    signers = (KeylessDemand(Exactly(IDENTITY), Exactly(ISSUER)), KeyDemand("cosign.pub", fingerprint=KEY))
    base = {
        "signers": signers,
        "contracts": (AcceptedContract(CONTRACT, "spymodel.yml"),),
        "required": (AMD64, ARM64),
        "max_age": timedelta(days=30),
    }
    return Policy(**{**base, **changes})


def manifest(platform: Platform) -> Digest:
    """The digest of this platform's manifest in the honest image."""
    return digest(f"manifest of {platform}")


def attested(of: Platform = AMD64, /, **changes: Any) -> Attested:
    """What an honest statement on a platform says."""
    base = {
        "subject": manifest(of),
        "predicate_type": TEST_RESULT,
        "passed": True,
        "repository": REPOSITORY,
        "platform": of,
        "index": INDEX,
        "contracts": (AttestedContract(digest=CONTRACT, name="spymodel.yml"),),
        "validated_at": YESTERDAY,
        "tool": AttestedTool(name="spybuild", version="0.4.0"),
        "evidence": ("runtime", "static"),
    }
    return Attested(**{**base, **changes})


def verified(said: Attested, **changes: Any) -> Verified:
    """An authentic attestation that says this, signed while it was validated."""
    base = {
        "digest": digest(f"bundle of {said.subject}"),
        "signer": KEYLESS,
        "attested": said,
        "signed_at": AuthenticatedTime(at=said.validated_at or YESTERDAY, source="certificate"),
    }
    return Verified(**{**base, **changes})


def passed(of: Platform = AMD64, /, **changes: Any) -> Verified:
    """An honest pass of a platform; `changes` are other fields of its statement."""
    return verified(attested(of, **changes))


def child(platform: Platform, *attestations: Examined, **changes: Any) -> ChildEvidence:
    """A platform of the index; without attestations, the honest one is on it."""
    found = attestations or (passed(platform),)
    return ChildEvidence(**{"platform": platform, "digest": manifest(platform), "attestations": found, **changes})


def statement(*platforms: Platform, **changes: Any) -> Verified:
    """The honest statement on an index of these platforms; `changes` are other fields of it."""
    listed = tuple(
        AttestedChild(platform=each, digest=manifest(each), attestation=passed(each).digest)
        for each in platforms or (AMD64, ARM64)
    )
    base: dict[str, Any] = {"predicate_type": SVR, "platform": None, "index": None, "children": listed}
    return verified(attested(**{**base, "subject": INDEX, **changes}))


def image(*children: ChildEvidence, **changes: Any) -> ImageEvidence:
    """The honest image, or one with these platforms; the statement on its index is the honest one of two platforms."""
    base = {
        "repository": REPOSITORY,
        "digest": INDEX,
        "is_index": True,
        "children": children or (child(AMD64), child(ARM64)),
        "attestations": (statement(),),
    }
    return ImageEvidence(**{**base, **changes})


def refusal(evidence: ImageEvidence, /, **demands: Any) -> str:
    """Every reason, after making sure that the gate refuses."""
    decision = decide(policy(**demands), evidence, NOW)
    assert not decision.admitted
    return "\n".join(decision.all_reasons)


def with_amd64(*attestations: Verified | Refused) -> ImageEvidence:
    """The honest image with these attestations on amd64."""
    return image(child(AMD64, *attestations), child(ARM64), attestations=(relisted(*attestations),))


def relisted(*attestations: Verified | Refused) -> Verified:
    """An index statement that rests on the first of these."""
    listed = (
        AttestedChild(platform=AMD64, digest=manifest(AMD64), attestation=attestations[0].digest),
        AttestedChild(platform=ARM64, digest=manifest(ARM64), attestation=passed(ARM64).digest),
    )
    return statement(children=listed)
