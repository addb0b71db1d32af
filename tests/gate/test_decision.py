"""The gate decides: the honest image passes, nothing passes by default, and refusals say what they are."""

from datetime import date

import pytest
from packaging.version import Version

from spybuild.gate.decision import MOST_ATTESTATIONS, MOST_CHILDREN, decide
from spybuild.gate.policy import AcceptedContract, KeyDemand, KeylessDemand
from spybuild.model.attested import AttestedContract, KeySigner, Refused
from spybuild.model.matching import Exactly, Glob
from tests.gate.making import (
    AMD64,
    ARM64,
    BY_KEY,
    CONTRACT,
    IDENTITY,
    ISSUER,
    NOW,
    S390X,
    SOURCE,
    YESTERDAY,
    attested,
    child,
    digest,
    image,
    manifest,
    passed,
    policy,
    refusal,
    statement,
    verified,
    with_amd64,
)


def test_the_honest_image_is_admitted() -> None:
    """Two platforms, each with its pass, and a statement on the index: in, with exit code 0, nothing said against it."""
    decision = decide(policy(), image(), NOW)
    assert decision.admitted
    assert decision.all_reasons == ()
    assert decision.exit_code == 0
    assert [platform.chosen for platform in decision.platforms] == [passed(AMD64).digest, passed(ARM64).digest]
    assert decision.chosen == statement().digest


def test_a_policy_that_demands_everything_admits_the_honest_image() -> None:
    """No demand refuses what fulfils it."""
    strict = policy(
        evidence=frozenset({"runtime", "static"}),
        minimum_tool=Version("0.4.0"),
        validated_since=YESTERDAY,
        attested_for=(Glob("registry.example/home/*"),),
        lives_in=(Glob("registry.example/**"),),
        source_repositories=(Glob("https://github.com/acme/*"),),
        extra="refuse",
        signers=(KeylessDemand(Exactly(IDENTITY), Exactly(ISSUER), {"sourceRepository": SOURCE}),),
    )
    assert decide(strict, image(), NOW).admitted


def test_a_platform_without_an_attestation_is_unproven() -> None:
    """One platform left unattested refuses the image, and exit code 4 says that evidence is missing."""
    decision = decide(policy(), image(child(AMD64), child(ARM64, attestations=())), NOW)
    assert not decision.admitted
    assert f"linux/arm64 ({manifest(ARM64)}) has no attestation" in decision.all_reasons
    assert decision.exit_code == 4


def test_a_refused_bundle_is_no_evidence() -> None:
    """What could not be verified is told of with its reason, and leaves the platform unproven."""
    decision = decide(policy(), with_amd64(Refused(digest=digest("b"), reason="the signature is wrong")), NOW)
    assert decision.exit_code == 4
    assert any("was refused: the signature is wrong" in reason for reason in decision.all_reasons)


def test_evidence_is_missing_where_it_was_asked_for() -> None:
    """Exit code 4 is about platforms that have to prove themselves; one that may not be there at all is refused with 5."""
    missing = image(child(AMD64), child(ARM64, attestations=()))
    assert decide(policy(extra="refuse"), missing, NOW).exit_code == 4
    extra = image(child(AMD64), child(ARM64), child(S390X, attestations=()))
    assert decide(policy(extra="refuse", needs_index_statement=False), extra, NOW).exit_code == 5
    assert decide(policy(needs_index_statement=False), extra, NOW).exit_code == 4


def test_evidence_that_is_verified_and_not_enough_has_another_exit_code() -> None:
    """Exit code 5: what is there is authentic, and the policy says no."""
    assert decide(policy(), with_amd64(passed(passed=False)), NOW).exit_code == 5


def test_a_signer_that_nobody_named_verifies_nothing() -> None:
    """An authentic attestation of a stranger's is as good as none: exit code 4."""
    stranger = verified(attested(), signer=KeySigner(fingerprint=digest("other key")))
    assert decide(policy(), with_amd64(stranger), NOW).exit_code == 4


def test_an_image_without_platforms_is_refused() -> None:
    """Nothing to prove is nothing proved, also for a policy that requires no platform by name."""
    assert "no platform of the image is proved" in refusal(image(children=()), required=())
    assert "no platform of the image is proved" in refusal(image(children=()), required=(), extra="allow")


def test_a_policy_that_lets_everything_in_still_wants_one_proof() -> None:
    """A policy made in code that requires no platform and allows all others admits nothing without evidence."""
    evidence = image(child(AMD64, attestations=()), attestations=())
    lax = {"required": (), "extra": "allow", "needs_index_statement": False}
    assert "no platform of the image is proved" in refusal(evidence, **lax)


@pytest.mark.parametrize("missing", ["signers", "contracts"])
def test_a_policy_that_names_nobody_lets_nobody_in(missing: str) -> None:
    """No signers: nobody. No contracts: no pass counts."""
    refusal(image(), **{missing: ()})


# --- one platform without an index ----------------------------------------------------------------------------------


def test_a_lone_manifest_needs_no_index_statement() -> None:
    """An image of one platform is its own manifest."""
    lone = image(child(AMD64), digest=manifest(AMD64), is_index=False, attestations=())
    assert decide(policy(required=(AMD64,)), lone, NOW).admitted
    assert "no platform linux/arm64" in refusal(lone)


def test_a_lone_manifest_is_what_was_asked_for() -> None:
    """Evidence on another manifest than the image's own is refused."""
    assert "contradicts itself" in refusal(image(child(AMD64), is_index=False), required=(AMD64,))


# --- limits ---------------------------------------------------------------------------------------------------------


def test_too_many_attestations_are_refused_at_once() -> None:
    """Nobody can keep the gate busy by pushing attestations; what is too much is named."""
    many = (passed(),) * (MOST_ATTESTATIONS + 1)
    assert f"has {MOST_ATTESTATIONS + 1} attestations" in refusal(with_amd64(*many))
    assert decide(policy(), with_amd64(*many[1:]), NOW).admitted


def test_too_many_platforms_are_refused_at_once() -> None:
    """No index has hundreds of platforms."""
    assert f"no more than {MOST_CHILDREN}" in refusal(image(*(child(AMD64),) * (MOST_CHILDREN + 1)))
    most = image(*(child(AMD64),) * MOST_CHILDREN, attestations=())
    assert decide(policy(required=(AMD64,), needs_index_statement=False), most, NOW).admitted


def test_a_platform_with_many_bad_attestations_tells_of_the_newest() -> None:
    """The reasons stay readable; every attestation's own reasons are in the decision."""
    bad = [passed(passed=False).model_copy(update={"digest": digest(f"{number}")}) for number in range(50)]
    decision = decide(policy(), with_amd64(*bad), NOW)
    reasons = decision.platforms[0].reasons
    assert len(reasons) == 4
    assert reasons[-1].endswith("47 more attestations do not count either")
    assert len(decision.platforms[0].attestations) == 50
    assert len(decide(policy(), with_amd64(*bad[:3]), NOW).platforms[0].reasons) == 3


def test_hostile_names_are_shown_harmlessly() -> None:
    """What a statement says is quoted, escaped and cut short in reasons."""
    hostile = passed(repository="\x1b[31m" + "x" * 4000)
    reasons = refusal(with_amd64(hostile))
    assert "\x1b" not in reasons
    assert len(reasons) < 3000


# --- several signers, contracts, repositories ---------------------------------------------------------------------------


def test_one_of_several_keys_or_identities_will_do() -> None:
    """Signers are alternatives, also those of one kind."""
    keys = (KeyDemand("old.pub", fingerprint=digest("old")), KeyDemand("cosign.pub", fingerprint=BY_KEY.fingerprint))
    people = (
        KeylessDemand(Exactly("ci@example.com"), Exactly(ISSUER)),
        KeylessDemand(Exactly(IDENTITY), Exactly(ISSUER)),
    )
    by_key = verified(attested(), signer=BY_KEY)
    assert decide(policy(signers=(*keys, *people)), with_amd64(by_key), NOW).admitted


def test_one_of_several_repositories_or_contracts_will_do() -> None:
    """Lists are alternatives; a contract that has ended does not end another that the attestation names too."""
    several = {
        "attested_for": (Glob("registry.example/other"), Glob("registry.example/home/*")),
        "source_repositories": (Glob("https://github.com/other/*"), Glob("https://github.com/acme/*")),
        "lives_in": (Glob("registry.example/other"), Glob("registry.example/home/*")),
    }
    assert decide(policy(**several), image(), NOW).admitted
    ended = AcceptedContract(digest("base.yml"), "base.yml", until=date(2026, 1, 1))
    both = tuple(AttestedContract(digest=each) for each in (CONTRACT, ended.digest))
    assert decide(
        policy(contracts=(ended, AcceptedContract(CONTRACT))), with_amd64(passed(contracts=both)), NOW
    ).admitted


def test_a_key_in_a_token_is_known_by_its_uri_without_the_pin() -> None:
    """Evidence names the key without what is secret or of this machine; nothing signed with it was ever admitted."""
    uri = "pkcs11:token=gate;object=a;id=%02?module-path=/usr/lib/p11.so&pin-value=1234"
    signer = KeySigner(fingerprint=digest("in the token"), uri="pkcs11:token=gate;id=%02")
    evidence = image(
        child(AMD64, verified(attested(AMD64), signer=signer)),
        child(ARM64, verified(attested(ARM64), signer=signer)),
        attestations=(statement().model_copy(update={"signer": signer}),),
    )
    for named, admitted in ((uri, True), (uri.replace("id=%02", "id=%03"), False)):
        assert decide(policy(signers=(KeyDemand("token", uri=named),)), evidence, NOW).admitted is admitted


def test_a_key_of_a_kms_is_known_by_its_uri() -> None:
    """The verifier asked that KMS for the key; a file's key has no URI and is never taken for it."""
    demand = (KeyDemand("awskms:///alias/gate", uri="awskms:///alias/gate"),)
    kms = KeySigner(fingerprint=digest("in the cloud"), uri="awskms:///alias/gate")
    evidence = image(
        child(AMD64, verified(attested(AMD64), signer=kms)),
        child(ARM64, verified(attested(ARM64), signer=kms)),
        attestations=(statement().model_copy(update={"signer": kms}),),
    )
    assert decide(policy(signers=demand), evidence, NOW).admitted
    for named in (demand, (KeyDemand("nothing"),)):
        other = decide(policy(signers=named), with_amd64(verified(attested(), signer=BY_KEY)), NOW)
        assert not other.platforms[0].attestations[0].is_verified
