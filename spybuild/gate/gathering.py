"""What the gate decides over, fetched: an image by its digest, and everything that is attached to it, verified."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from spybuild.gate.decision import MOST_ATTESTATIONS, Decision, decide
from spybuild.gate.policy import Policy
from spybuild.images.oci.descriptors import INDEXES, Descriptor
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.registry.repository import Repository
from spybuild.model.attested import ChildEvidence, Examined, ImageEvidence, Refused
from spybuild.model.digests import Digest

if TYPE_CHECKING:  # cryptography is slow to load
    from spybuild.attestation.trust import Trust

_AT_ONCE = 4


@dataclass(frozen=True)
class Gatekeeper:
    """Decides over images in registries.

    Attributes:
        policy: what is demanded.
        trust: whose signatures count (`trusting.trust_of`).
        clock: gives the time, with its time zone.
    """

    policy: Policy
    trust: "Trust"
    clock: Callable[[], datetime]

    def __call__(self, repository: Repository, digest: Digest, lives_in: str = "") -> Decision:
        """Whether an image may pass. Arguments and errors as `gather` has them."""
        now = self.clock()
        return decide(self.policy, gather(repository, digest, self.trust, now, lives_in), now)


def gather(repository: Repository, digest: Digest, trust: "Trust", now: datetime, lives_in: str = "") -> ImageEvidence:
    """What is known of an image: its platforms, and what is attested of each and of the index.

    Args:
        repository: where it is.
        digest: of its index or only manifest; everything else is fetched by digest from there.
        trust: whose signatures count.
        now: the clock, with its time zone.
        lives_in: the repository that the policy is to see, where that is another one; empty otherwise.

    Raises:
        ImageNotFound: there is no such image, or nothing in it could run.
        ImageInvalid: it is damaged, or goes beyond our limits.
        SourceUnavailable: the registry does not answer, or refuses us: what is attested is not known.
        UsageError: the trusted root cannot verify keyless attestations at all.
    """
    root, content = repository.manifest(str(digest))
    children = platforms_of(f"{repository.name}@{digest}", root, content, repository.fetch)
    is_index = root.media_type in INDEXES
    subjects = dict.fromkeys((*([root.digest] if is_index else []), *(child.digest for child in children)))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(
            zip(subjects, pool.map(lambda each: _attested(repository, each, trust, now), subjects), strict=True)
        )
    return ImageEvidence(
        repository=lives_in or str(repository.name),
        digest=digest,
        is_index=is_index,
        children=tuple(_child(child, found) for child in children),
        attestations=found[root.digest] if is_index else (),
    )


def _child(child: Descriptor, found: dict[Digest, tuple[Examined, ...]]) -> ChildEvidence:
    assert child.platform is not None  # `platforms_of` gives each its platform
    return ChildEvidence(platform=child.platform, digest=child.digest, attestations=found[child.digest])


def _attested(repository: Repository, subject: Digest, trust: "Trust", now: datetime) -> tuple[Examined, ...]:
    from spybuild.attestation.storage import find_attachments

    examined = find_attachments(repository, subject).examine(trust, now)
    first: list[Examined] = [each for each in examined if not isinstance(each, Refused)]
    last = [each for each in examined if isinstance(each, Refused)]  # they do not crowd out what proves something
    return (*first, *last)[:MOST_ATTESTATIONS]
