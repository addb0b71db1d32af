"""Benchmarks of the gate: `spybuild verify` beside cosign, the decision alone, and what signing asks a registry."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import add

from benchmarks.bench import SPYBUILD, Bench
from benchmarks.measuring import Command
from benchmarks.table import Row, compared, counted
from spybuild.gate.decision import decide
from spybuild.gate.policy import AcceptedContract, KeyDemand, Policy
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.registry.names import RemoteImage
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import (
    SVR,
    TEST_RESULT,
    Attested,
    AttestedChild,
    AttestedContract,
    ChildEvidence,
    ImageEvidence,
    KeySigner,
    Verified,
)
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from spybuild.model.report import Report, Subject
from spybuild.signing import attest
from tests.attestation.making import CONTRACT, platform_report, report
from tests.gate.promoting import KEY
from tests.integration.signing import KEY_ROOT, SIGNER, push, repository
from tests.stack import Stack

_COSIGN = "3"
_MANY = 10
_NAME = "spybuild-bench/attested"
_DECISIONS = 200
_MOST_MICROSECONDS = 1000
# What must be asked to attest two platforms and their index: the index itself; for each of the three attestations a
# place for its bundle, the bundle, its manifest, and whether that is listed.
_NEEDED = 1 + 3 * 4
_NEEDED_BY_TAG = _NEEDED + 3 * 2  # where the registry keeps no list, who writes reads and writes it


@dataclass(frozen=True)
class _Image:
    """An image of two platforms, attested with a key: its repository and the digest of its index."""

    name: str
    digest: Digest

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}"


def verify(bench: Bench) -> Iterator[Row]:
    """Whole processes, with a key, beside cosign's of one attestation each; we verify three of each image."""
    registry = _registries(bench.stack)["with the referrers API"]
    images = [_attested(registry, f"{_NAME}-{number}") for number in range(_MANY)]
    (bench.folder / "cosign.pub").write_text(KEY.public.pem)
    (bench.folder / "root.json").write_text(KEY_ROOT)
    ours, together, *theirs = bench.measure(
        ours_on(bench, images[0]), ours_on(bench, *images), *(_cosign_on(bench, each) for each in images)
    )
    peer = f"cosign {bench.stack.cosign_versions[_COSIGN]}"
    yield compared("verify: 1 digest", ours.seconds, theirs[0].seconds, peer, 1)
    what, all_of_theirs = f"verify: {_MANY} digests in one call", reduce(add, theirs).seconds
    yield compared(what, together.seconds, all_of_theirs, f"{peer}, {_MANY} times", 0.3)


def deciding(_: Bench) -> Iterator[Row]:
    """The decision alone, on what was fetched and verified before."""
    policy, evidence = ten_platforms()
    now, seconds = datetime.now(UTC), list[float]()
    for _number in range(_DECISIONS):
        begin = time.perf_counter()
        decision = decide(policy, evidence, now)
        seconds.append(time.perf_counter() - begin)
        assert decision.admitted, decision.all_reasons
    microseconds = round(statistics.median(seconds) * 1e6)
    yield counted(f"decide: {_MANY} platforms", microseconds, _MOST_MICROSECONDS, "µs")


def signing(bench: Bench) -> Iterator[Row]:
    """The requests of attesting two platforms and their index; twice as many as are needed are good."""
    for which, address in _registries(bench.stack).items():
        needed = _NEEDED if which.startswith("with ") else _NEEDED_BY_TAG
        client, image, found = _fresh(address, f"{_NAME}-signing")
        transport = Transport()
        attest(found, image, SIGNER, transport, validated_at=datetime.now(UTC))
        transport.close()
        yield counted(
            f"sign: 2 platforms, registry {which} ({needed} needed)", transport.requests, 2 * needed, "requests"
        )
        client.transport.close()


def ours_on(bench: Bench, *images: object) -> Command:
    """SpyBuild verifies images by a key and a contract, in one call."""
    demands = ("--key", "cosign.pub", "--contract", str(CONTRACT), "--repository", "**")
    return Command((str(SPYBUILD), "verify", *map(str, images), *demands), bench.folder, {})


def ten_platforms() -> tuple[Policy, ImageEvidence]:
    """An index of ten platforms, each attested, and a policy that lets it in."""
    signer = KeySigner(fingerprint=Digest.parse(KEY.public.fingerprint))
    children = [_child(number, signer) for number in range(_MANY)]
    listed = tuple(
        AttestedChild(platform=each.platform, digest=each.digest, attestation=Digest.of(str(each.platform).encode()))
        for each in children
    )
    index = _verified(Digest.of(b"index"), signer, SVR, children=listed)
    evidence = ImageEvidence(
        repository="registry.example/app",
        digest=index.attested.subject,
        is_index=True,
        children=tuple(children),
        attestations=(index,),
    )
    policy = Policy(
        signers=(KeyDemand("cosign.pub", KEY.public.pem, signer.fingerprint),), contracts=(AcceptedContract(CONTRACT),)
    )
    return policy, evidence


def _child(number: int, signer: KeySigner) -> ChildEvidence:
    platform = Platform.parse(f"linux/arch{number}")
    digest = Digest.of(f"manifest {number}".encode())
    verified = _verified(digest, signer, TEST_RESULT, platform=platform, evidence=("runtime", "static"))
    named = verified.model_copy(update={"digest": Digest.of(str(platform).encode())})
    return ChildEvidence(platform=platform, digest=digest, attestations=(named,))


def _verified(subject: Digest, signer: KeySigner, predicate_type: str, **fields: object) -> Verified:
    attested = Attested.model_validate(
        {
            "subject": subject,
            "predicate_type": predicate_type,
            "passed": True,
            "repository": "registry.example/app",
            "contracts": (AttestedContract(digest=CONTRACT, name="spymodel.yml"),),
            "validated_at": datetime.now(UTC),
            **fields,
        }
    )
    return Verified(digest=Digest.of(predicate_type.encode()), signer=signer, attested=attested)


def _registries(stack: Stack) -> dict[str, str]:
    assert stack.registry, "the stack has no registry"
    assert stack.registry_referrers, "the stack has no registry with the referrers API"
    return {
        "with the referrers API": stack.registry_referrers.address,
        "without the referrers API": stack.registry.address,
    }


def _fresh(address: str, name: str) -> tuple[WritableRepository, RemoteImage, Report]:
    """An image that is like no other, and a report that it passed."""
    client = repository(address, name)
    root = push(client, "1")
    found = platforms_of(name, *client.manifest("1"), client.fetch)
    passed = report(
        *(platform_report(str(each.platform), digest=str(each.digest)) for each in found),
        subject=Subject(reference=name, digest=str(root.digest), kind="index"),
    )
    return client, RemoteImage.parse(f"{address}/{name}:1"), passed


def _attested(address: str, name: str) -> _Image:
    client, image, passed = _fresh(address, name)
    *_, index = attest(passed, image, SIGNER, client.transport, validated_at=datetime.now(UTC))
    client.transport.close()
    return _Image(f"{address}/{name}", Digest.parse(index.subject))


def _cosign_on(bench: Bench, image: _Image) -> Command:
    flags = ("--key", "cosign.pub", "--insecure-ignore-tlog", "--trusted-root", "root.json", "--new-bundle-format")
    command = (bench.stack.cosign[_COSIGN], "verify-attestation", *flags, "--type", SVR, str(image))
    return Command(command, bench.folder, {"HOME": str(bench.folder)})
