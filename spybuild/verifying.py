"""Whether an image in a registry may go on: what is attested is fetched, verified, and held against a policy."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spybuild.errors import SpyBuildError, UsageError
from spybuild.gate.decision import Decision, decide
from spybuild.gate.gathering import Gatekeeper, gather
from spybuild.gate.policy import KeylessDemand, Policy
from spybuild.gate.trusting import trust_of
from spybuild.images.registry.names import RemoteImage
from spybuild.images.registry.repository import Repository
from spybuild.images.registry.transport import Transport
from spybuild.model.attested import ImageEvidence
from spybuild.model.digests import Digest

if TYPE_CHECKING:  # slow to load
    from spybuild.attestation.keys import VerificationKey
    from spybuild.attestation.roots import TrustedRoot
    from spybuild.attestation.trust import Trust
    from spybuild.gate.promote import Promotion


_AT_ONCE = 4


@dataclass(frozen=True)
class Authority:
    """Who vouches for identities and times, and what may be asked over the network for it.

    Attributes:
        trusted_root: a file: a TrustedRoot, or a ClientTrustConfig that has one; empty for none.
        fetches_root: whether the public Sigstore's is fetched instead.
        is_offline: whether nothing but registries may be asked.
    """

    trusted_root: str = ""
    fetches_root: bool = False
    is_offline: bool = False

    def trust(self, policy: Policy) -> tuple["Trust", "TrustedRoot | None"]:
        """Whose signatures count by a policy, and the root that was used.

        Raises:
            UsageError: the policy needs what is not given, or not allowed.
            SigningUnavailable: a KMS or the public Sigstore does not answer.
        """
        root = self._root()
        if root is None and any(isinstance(each, KeylessDemand) for each in policy.signers):
            raise UsageError(
                "the policy names identities, and no trusted root says who vouches for them",
                "--trusted-root FILE (`cosign trusted-root create`), or --fetch-trusted-root for the public Sigstore's",
            )
        return trust_of(policy, root, self._refuse_services if self.is_offline else None), root

    def _root(self) -> "TrustedRoot | None":
        if not self.trusted_root and not self.fetches_root:
            return None
        if self.trusted_root and self.fetches_root:
            raise UsageError("--trusted-root and --fetch-trusted-root exclude each other")
        if self.fetches_root and self.is_offline:
            raise UsageError("--offline forbids --fetch-trusted-root", "pin the root in a file: --trusted-root FILE")
        from spybuild.attestation.roots import fetch_trusted_root, load_trusted_root

        return load_trusted_root(self.trusted_root) if self.trusted_root else fetch_trusted_root()

    @staticmethod
    def _refuse_services(uri: str) -> "VerificationKey":
        """Keys in a token of this machine are no call over the network; those of a KMS are."""
        if uri.startswith("pkcs11:"):
            from spybuild.attestation.kms import fetch_public_key

            return fetch_public_key(uri)
        raise UsageError(f"--offline forbids asking for the key {uri}", "name its public half by a file")


@dataclass(frozen=True)
class Verification:
    """What was found on an image, and what the gate says of it.

    Attributes:
        image: as it was asked for.
        evidence: everything that the decision rests on.
        decision: the gate's.
        root: who vouched for identities and times; None where nobody had to.
    """

    image: RemoteImage
    evidence: ImageEvidence
    decision: Decision
    root: "TrustedRoot | None" = None


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Undecided:
    """An image of several that could not be decided on: why."""

    image: RemoteImage
    problem: SpyBuildError


def verify(
    image: RemoteImage,
    policy: Policy,
    authority: Authority,
    transport: Transport,
    clock: Callable[[], datetime] = _now,
) -> Verification:
    """Whether an image may go on.

    Args:
        image: by tag, which is resolved once, or by digest.
        policy: what is demanded.
        authority: who vouches for identities and times.
        transport: asks the registry; nothing else is asked, unless `authority` says so.
        clock: gives the time, with its time zone.

    Raises:
        UsageError: the policy needs what `authority` does not have.
        ImageNotFound: there is no such image, or nothing in it could run.
        ImageInvalid: it is damaged, or goes beyond our limits.
        SourceUnavailable: the registry does not answer, or refuses us.
        SigningUnavailable: a KMS or the public Sigstore does not.
    """
    return _verified(image, policy, authority.trust(policy), transport, clock)


def verify_all(
    images: Sequence[RemoteImage],
    policy: Policy,
    authority: Authority,
    transport: Transport,
    clock: Callable[[], datetime] = _now,
) -> tuple[Verification | Undecided, ...]:
    """`verify` for several images, some at the same time. One that cannot be decided on hides no other.

    Returns:
        What became of each, in their order.

    Raises:
        UsageError, SigningUnavailable: as `verify`, where that is so for all of them.
    """
    trust = authority.trust(policy)

    def tried(image: RemoteImage) -> Verification | Undecided:
        try:
            return _verified(image, policy, trust, transport, clock)
        except SpyBuildError as error:
            return Undecided(image, error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(tried, images))


def _verified(
    image: RemoteImage,
    policy: Policy,
    trust: tuple["Trust", "TrustedRoot | None"],
    transport: Transport,
    clock: Callable[[], datetime],
) -> Verification:
    repository, now = Repository(image.repository, transport), clock()
    evidence = gather(repository, _resolved(repository, image), trust[0], now)
    return Verification(image, evidence, decide(policy, evidence, now), trust[1])


def promote(
    source: RemoteImage,
    destination: RemoteImage,
    policy: Policy,
    authority: Authority,
    transport: Transport,
    clock: Callable[[], datetime] = _now,
) -> "Promotion":
    """Move an image to another repository or tag, with its evidence, if the gate lets it.

    See `gate.promote.promote`, and `verify` for the arguments and what is raised besides.
    """
    from spybuild.gate.promote import promote as move

    trust, _ = authority.trust(policy)
    return move(source, destination, Gatekeeper(policy, trust, clock), transport)


def _resolved(repository: Repository, image: RemoteImage) -> Digest:
    """The digest to verify; everything else is fetched by it, so that a tag that moves meanwhile changes nothing."""
    return image.digest or repository.head(image.tag) or repository.manifest(image.tag)[0].digest
