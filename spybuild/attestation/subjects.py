"""What is to be attested, looked at once more: the registry must have exactly what was validated."""

from collections.abc import Iterable
from dataclasses import dataclass

from spybuild.errors import ImageInvalid, ImageNotFound, UsageError
from spybuild.images.oci.descriptors import INDEXES, Descriptor
from spybuild.images.oci.indexes import platforms_of
from spybuild.images.registry.repository import Repository
from spybuild.model.digests import Digest
from spybuild.model.image import PlatformImage


@dataclass(frozen=True)
class Subjects:
    """What attestations may be attached to.

    Attributes:
        root: the index, or the only manifest.
        platforms: the manifests that were validated, with their platforms.
        others: manifests of the index that could run and were not validated; with any, the index did not pass.
    """

    root: Descriptor
    platforms: tuple[Descriptor, ...]
    others: tuple[Descriptor, ...]

    @property
    def is_index(self) -> bool:
        """Whether there is an index to attest."""
        return self.root.media_type in INDEXES


def require_validated(
    repository: Repository, root: Digest | None, validated: Iterable[PlatformImage], tag: str = ""
) -> Subjects:
    """What was validated, as it is in the registry. To be asked right before signing.

    Args:
        repository: where attestations are to go.
        root: the digest that was validated, of the index or the only manifest.
        validated: its platforms that passed.
        tag: what the user called the image by; it must still be the same. Empty for an image named by digest.

    Raises:
        UsageError: the image was validated where it has no digests.
        ImageNotFound: the registry does not have it.
        ImageInvalid: the tag was moved, or the registry has other platforms under the digest than were validated.
    """
    if root is None:
        raise UsageError("the image has no digest where it was validated", "push it, and scan what is in the registry")
    descriptor, content = repository.manifest(tag or str(root))
    if descriptor.digest != root:
        raise ImageInvalid(
            f"{repository.name}:{tag} is now {descriptor.digest}, and {root} was validated",
            "scan it again, or name it by its digest",
        )
    present = platforms_of(f"{repository.name}@{root}", descriptor, content, repository.fetch)
    wanted = [(each.platform, _digest(each)) for each in validated]
    for platform, digest in wanted:
        if not any((each.platform, each.digest) == (platform, digest) for each in present):
            raise ImageNotFound(f"{repository.name}@{root} has no {platform} {digest}, which was validated")
    return Subjects(
        descriptor,
        tuple(each for each in present if (each.platform, each.digest) in wanted),
        tuple(each for each in present if (each.platform, each.digest) not in wanted),
    )


def _digest(image: PlatformImage) -> Digest:
    if image.digest is None:
        raise UsageError(
            f"{image.platform} of {image.reference} has no digest to attest", "push the image, and scan it"
        )
    return image.digest
