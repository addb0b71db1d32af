"""An index statement's list of platforms held against the index as it is: none swapped, added, removed or left out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from spybuild.model.attested import AttestedChild
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform

Manifest = tuple[Platform, Digest]


def listing_breaches(
    listed: Sequence[AttestedChild],
    accepted: Mapping[Manifest, frozenset[Digest | None]],
    optional: AbstractSet[Manifest],
) -> Iterator[str]:
    """Why the list is not that of the index.

    Args:
        listed: what the statement says.
        accepted: every manifest of the index, and the attestations on it that count.
        optional: manifests that the policy lets in without evidence; they may be listed or not.
    """
    manifests = Counter((each.platform, each.digest) for each in listed)
    digests = dict(accepted.keys())
    for (platform, digest), count in sorted(manifests.items()):
        if (platform, digest) not in accepted:
            now = (
                f", where the index has {digests[platform]} now" if platform in digests else ", which is not there now"
            )
            yield f"lists {platform} as {digest}{now}"
        elif count > 1:
            yield f"lists {platform} as {digest} more than once"
    for platform, digest in sorted(accepted.keys() - manifests.keys() - optional):
        yield f"does not list {platform} as {digest}, which the index has now"
    yield from _unfounded(listed, accepted)


def _unfounded(listed: Sequence[AttestedChild], accepted: Mapping[Manifest, frozenset[Digest | None]]) -> Iterator[str]:
    """Platforms whose listed attestation is not among those that count."""
    for child in sorted(listed, key=lambda each: (each.platform, each.digest, str(each.attestation))):
        counting = accepted.get((child.platform, child.digest))
        if counting is None:
            continue
        if child.attestation is None:
            yield f"does not say which attestation {child.platform} rests on"
        elif child.attestation not in counting:
            yield f"rests for {child.platform} on the attestation {child.attestation}, which does not count"
