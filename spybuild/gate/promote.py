"""Promotion: an image goes to another repository with its evidence, if the gate lets it, and as it was verified.

The tag is resolved once. Everything after that is by digest, and the destination's tag is moved last: whenever the
promotion is broken off, the tag is the old image or the new one, complete, and the promotion can be run again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from spybuild.errors import ImageInvalid, ImageNotFound, UsageError
from spybuild.gate.decision import Decision
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.attaching import USUAL, Sharing
from spybuild.images.registry.copying import NOTHING, Copying, Moved, plan
from spybuild.images.registry.copying_attached import CopyingAttached
from spybuild.images.registry.credentials import Login, login_for
from spybuild.images.registry.names import RemoteImage, RepositoryName
from spybuild.images.registry.repository import Repository
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.digests import Digest

_OF_ATTACHMENTS = re.compile(r"sha(256|512)-[0-9a-f]{64}.*", re.ASCII)  # as `referrers.tag_of` makes them


class Decide(Protocol):
    """Whether an image may pass; `gathering.Gatekeeper` is one."""

    def __call__(self, repository: Repository, digest: Digest, lives_in: str, /) -> Decision:
        """The decision.

        Args:
            repository: where the image and its evidence are read.
            digest: the image's.
            lives_in: the repository that it is to be judged for: the destination's, at the source already.
        """


@dataclass(frozen=True)
class Promotion:
    """What became of a promotion.

    Attributes:
        source: the image as it was asked for.
        destination: where it was to go.
        digest: what was verified, and what moved.
        decision: the gate's; at the destination, if it came that far. Refused, the tag is as it was.
        replaced: what the tag was before; None where it was nothing.
        is_tagged: whether the tag was moved now; it is not where it was this image already, or the gate refuses.
        moved: what was copied.
        problems: what was attached and could not be copied, one sentence each.
    """

    source: RemoteImage
    destination: RemoteImage
    digest: Digest
    decision: Decision
    replaced: Digest | None = None
    is_tagged: bool = False
    moved: Moved = NOTHING
    problems: tuple[str, ...] = ()


def promote(
    source: RemoteImage,
    destination: RemoteImage,
    decide: Decide,
    transport: Transport,
    *,
    login: Callable[[RepositoryName], Login | None] = login_for,
    sharing: Sharing = USUAL,
) -> Promotion:
    """Move an image on.

    Args:
        source: what is promoted; a tag is resolved once.
        destination: a tag, which is moved last.
        decide: the gate, asked with what is at the source, and again with what has arrived at the destination.
        transport: asks both registries.
        login: what the user has logged in with.
        sharing: how tags are shared with other writers.

    Returns:
        What became of it; the gate's no is told there, and is no error.

    Raises:
        UsageError: the destination is no tag, or one that registries list attestations under.
        ImageNotFound: there is no such image, or nothing in it could run.
        ImageInvalid: it is damaged, has foreign layers, or a registry does not keep what it is given.
        SourceUnavailable: a registry does not answer, or refuses us.
    """
    if destination.digest is not None:
        raise UsageError(f"{destination} is no place to promote to", "name it by a tag")
    if _OF_ATTACHMENTS.fullmatch(destination.tag):
        raise UsageError(f"{destination} is where attestations of an image are listed, and would overwrite the list")
    reading = Repository(source.repository, transport, login)
    writing = WritableRepository(destination.repository, transport, login, mount_from=source.repository)
    root, content = reading.manifest(source.asked)
    decision = decide(reading, root.digest, str(destination.repository))
    outcome = Promotion(source, destination, root.digest, decision, _tagged(writing, destination.tag))
    if not decision.admitted:
        return outcome
    copying = Copying(reading, writing)
    documents = plan(reading, root, content)
    copying.copy(documents)
    attached = CopyingAttached(copying, sharing)
    attached.copy([each.descriptor.digest for each in documents])
    decision = decide(writing, root.digest, str(destination.repository))
    outcome = replace(outcome, decision=decision, moved=copying.moved, problems=tuple(attached.problems))
    if not decision.admitted or outcome.replaced == root.digest:
        return outcome
    _move_tag(writing, destination.tag, root, content)
    return replace(outcome, is_tagged=True)


def _tagged(repository: Repository, tag: str) -> Digest | None:
    """What a tag is; None where there is none, or the registry does not say."""
    try:
        return repository.head(tag)
    except ImageNotFound:
        return None


def _move_tag(repository: WritableRepository, tag: str, root: Descriptor, content: bytes) -> None:
    repository.push_manifest(root, content, tag)
    found, _ = repository.manifest(tag)
    if found.digest != root.digest:
        raise ImageInvalid(
            f"{repository.name.host} took the tag {repository.name}:{tag}, and has {found.digest} under it now",
            "somebody else may have moved it at the same time; promote again",
        )
