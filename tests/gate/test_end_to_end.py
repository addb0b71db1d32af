"""From a report to the gate with nothing made up in between: statements, real signatures, verification, decision."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spybuild.attestation.signers import Signed, SignerWithKey
from spybuild.attestation.statements import Circumstances, index_statement, platform_statement
from spybuild.attestation.verification import examine
from spybuild.errors import UsageError
from spybuild.gate.decision import decide
from spybuild.gate.loading import parse_policy
from spybuild.gate.policy import KeyDemand, KeylessDemand, Policy
from spybuild.gate.recording import dump_evidence, parse_evidence
from spybuild.gate.trusting import trust_of
from spybuild.model.attested import AttestedChild, ChildEvidence, ImageEvidence, KeySigner, Refused, Verified
from spybuild.model.digests import Digest
from spybuild.model.matching import Exactly, Expression
from spybuild.model.platforms import Platform
from spybuild.model.report import Report
from tests.attestation.making import CONTRACT, INDEX, report, signing_key

MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPOSITORY = "registry.example/app"
KEY = signing_key("cosign.key")
SAID = Circumstances(MOMENT, REPOSITORY, INDEX)


def policy(folder: Path) -> Policy:
    """Who signs with that key, and passed that contract, may pass."""
    (folder / "cosign.pub").write_text(KEY.public.pem)
    text = {
        "schemaVersion": 1,
        "signers": [{"key": {"file": "cosign.pub"}}],
        "contracts": [{"digest": str(CONTRACT)}],
        "maxAge": "30d",
        "unauthenticatedTime": "accept",
        "evidence": "both",
        "platforms": {"required": ["linux/amd64", "linux/arm64"]},
    }
    return parse_policy(json.dumps(text).encode(), "gate.yml", folder)


def signed(statement: bytes) -> Signed:
    """A bundle over the statement."""
    return SignerWithKey(KEY).sign(statement)


def evidence(found: Report, demanded: Policy) -> ImageEvidence:
    """What is found on an image after it was attested: every platform, and the index."""
    trust = trust_of(demanded)
    children, listed = [], []
    for each in found.platforms:
        assert each.digest
        bundle = signed(platform_statement(found, each, SAID))
        platform, digest = Platform.parse(each.platform), Digest.parse(each.digest)
        attestation = examine(bundle.bundle, trust, MOMENT)
        children.append(ChildEvidence(platform=platform, digest=digest, attestations=(attestation,)))
        listed.append(AttestedChild(platform=platform, digest=digest, attestation=bundle.digest))
    statement = examine(signed(index_statement(found, listed, SAID)).bundle, trust, MOMENT)
    return ImageEvidence(
        repository=REPOSITORY, digest=INDEX, is_index=True, children=tuple(children), attestations=(statement,)
    )


def test_what_is_attested_passes_the_gate(tmp_path: Path) -> None:
    """A report of two platforms, signed with a key, verified, decided; and from a recording again."""
    demanded = policy(tmp_path)
    found = evidence(report(), demanded)
    decision = decide(demanded, found, MOMENT + timedelta(days=1))
    assert decision.admitted, decision.all_reasons
    recorded = parse_evidence(dump_evidence(found).encode(), "evidence.json")
    assert recorded == found
    assert decide(demanded, recorded, MOMENT + timedelta(days=1)) == decision
    assert not decide(demanded, recorded, MOMENT + timedelta(days=31)).admitted


def test_a_bundle_that_was_touched_is_told_of(tmp_path: Path) -> None:
    """One changed byte of the statement: no evidence, and the honest bundle beside it still counts."""
    demanded = policy(tmp_path)
    found = evidence(report(), demanded)
    first = report().platforms[0]
    bundle = json.loads(signed(platform_statement(report(), first, SAID)).bundle)
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + ("A" if payload[-8] != "A" else "B") + payload[-7:]
    touched = examine(json.dumps(bundle).encode(), trust_of(demanded), MOMENT)
    assert isinstance(touched, Refused)
    alone = found.children[0].model_copy(update={"attestations": (touched,)})
    beside = found.children[0].model_copy(update={"attestations": (touched, *found.children[0].attestations)})
    refused = decide(demanded, found.model_copy(update={"children": (alone, found.children[1])}), MOMENT)
    assert refused.exit_code == 4
    assert decide(demanded, found.model_copy(update={"children": (beside, found.children[1])}), MOMENT).admitted


def test_a_policys_signers_are_all_that_is_trusted(tmp_path: Path) -> None:
    """Another key's bundle is refused by the verifier, and would be by the gate."""
    demanded = policy(tmp_path)
    first = report().platforms[0]
    other = SignerWithKey(signing_key("other.key")).sign(platform_statement(report(), first, SAID))
    assert isinstance(examine(other.bundle, trust_of(demanded), MOMENT), Refused)
    ours = examine(signed(platform_statement(report(), first, SAID)).bundle, trust_of(demanded), MOMENT)
    assert isinstance(ours, Verified)
    assert ours.signer == KeySigner(fingerprint=Digest.parse(KEY.public.fingerprint))


def test_a_kms_is_asked_for_its_key() -> None:
    """By its URI; identities are handed on as they are, and need a root."""
    demanded = Policy((KeyDemand("awskms:///x", uri="awskms:///x"),), ())
    assert trust_of(demanded, fetch={"awskms:///x": KEY.public}.__getitem__).keys == (KEY.public,)
    identity = KeylessDemand(Expression("^a.*$"), Exactly("https://issuer.example"), {"buildTrigger": "push"})
    with pytest.raises(UsageError, match="trusted root"):
        trust_of(Policy((identity,), ()))
