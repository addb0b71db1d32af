"""An image in a registry, attested for real, and a gate for it: what promotion's tests share."""

import json
from datetime import UTC, datetime
from pathlib import Path

from spybuild.attestation.attaching import Attaching
from spybuild.attestation.keys import VerificationKey, parse_public_key
from spybuild.attestation.signers import SignerWithKey
from spybuild.attestation.statements import Circumstances, index_statement, platform_statement
from spybuild.gate.gathering import Gatekeeper
from spybuild.gate.loading import parse_policy
from spybuild.gate.promote import Promotion, promote
from spybuild.gate.trusting import trust_of
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.registry.attaching import Sharing
from spybuild.images.registry.credentials import Login
from spybuild.images.registry.names import RemoteImage, RepositoryName
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import AttestedChild
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from spybuild.model.report import Subject
from tests.attestation.making import CONTRACT, platform_report, report, signing_key
from tests.images.registry.asking import hasty

KEY = signing_key("cosign.key")
QUICK = Sharing(0.001)
PLATFORMS = ("linux/amd64", "linux/arm64")


def nobody(_: RepositoryName) -> Login | None:
    """No login."""
    return None


def attest(client: WritableRepository, tag: str, *leave_out: str, sharing: Sharing = QUICK) -> Digest:
    """Attest that every platform of an image has passed, but for those left out, and the index; its digest."""
    root, content = client.manifest(tag)
    found = platforms_of(tag, root, content, client.fetch)
    platforms = [platform_report(str(each.platform), digest=str(each.digest)) for each in found]
    whole = report(*platforms, subject=Subject(reference=tag, digest=str(root.digest), kind="index"))
    said = Circumstances(datetime.now(UTC), str(client.name), root.digest)
    signer, attaching, children = SignerWithKey(KEY), Attaching(client, sharing=sharing), []
    for child, each in zip(found, whole.platforms, strict=True):
        signed = signer.sign(platform_statement(whole, each, said))
        if each.platform not in leave_out:
            attaching.attach(child, signed, said.validated_at)
        children.append(
            AttestedChild(platform=Platform.parse(each.platform), digest=child.digest, attestation=signed.digest)
        )
    attaching.attach(root, signer.sign(index_statement(whole, children, said)), said.validated_at)
    return root.digest


def gatekeeper(key: VerificationKey = KEY.public, attested_for: str = "**/staging/*", **changes: object) -> Gatekeeper:
    """The gate of production: both platforms, in staging, by this key."""
    policy = {
        "schemaVersion": 1,
        "signers": [{"key": {"pem": key.pem}}],
        "contracts": [{"digest": str(CONTRACT)}],
        "maxAge": "30d",
        "unauthenticatedTime": "accept",
        "platforms": {"required": list(PLATFORMS)},
        "repositories": {"attestedFor": [attested_for], "livesIn": ["**/prod/*"]},
        **changes,
    }
    parsed = parse_policy(json.dumps(policy).encode(), "gate.yml", Path())
    return Gatekeeper(parsed, trust_of(parsed), lambda: datetime.now(UTC))


def promoted(
    source: str, destination: str, gate: Gatekeeper | None = None, transport: Transport | None = None
) -> Promotion:
    """Promote, without waiting."""
    return promote(
        RemoteImage.parse(source),
        RemoteImage.parse(destination),
        gate or gatekeeper(),
        transport or hasty(),
        login=nobody,
        sharing=QUICK,
    )


def promoted_with(source: str, destination: str, public_key: str) -> None:
    """Promote in a process of its own, which has no key of ours: by the public half, in PEM; a refusal is an error."""
    outcome = promoted(
        source, destination, gatekeeper(parse_public_key(public_key.encode(), "cosign.pub")), Transport()
    )
    if not outcome.decision.admitted:
        raise SystemExit(str(outcome.decision.all_reasons))
