"""Attestations where images are: found beside a manifest in all forms that are in use, and attached to it.

The forms: a Sigstore bundle as an OCI 1.1 referrer, listed by the registry or under the tag `sha256-…` (cosign 3, and 2
with `--new-bundle-format`), and cosign 2's tag `sha256-….att`. What is found is a stranger's word until `verification`
has looked; one thing that cannot be read hides no other.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from spybuild.attestation.bundles import (
    ENVELOPE_MEDIA_TYPE,
    LARGEST_BUNDLE,
    Bundle,
    read_attached_envelope,
    read_bundle,
)
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import examine
from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.descriptors import MANIFESTS, Descriptor, check
from spybuild.images.oci.documents import read_document
from spybuild.images.registry.referrers import find_referrers, may_be, read_entries, tag_of
from spybuild.images.registry.repository import Repository
from spybuild.model.attested import Refused, Verified
from spybuild.model.digests import Digest

log = logging.getLogger(__name__)

BUNDLES = "application/vnd.dev.sigstore.bundle"
LEGACY_SUFFIX = ".att"
_LARGEST_MANIFEST = 64 << 10  # of an artifact with one layer; a thousand of 4 MiB would take an hour to read
_MOST_BYTES = 64 << 20
_MOST_LAYERS = 1000
_AT_ONCE = 8


@dataclass(frozen=True)
class Attachment:
    """Something attached to a manifest that may be an attestation.

    Attributes:
        digest: of its content; this is the attestation's.
        content: a bundle; or, where there are annotations, a DSSE envelope.
        annotations: of a layer of the tag `sha256-….att`, signed by nobody; None for a bundle.
    """

    digest: Digest
    content: bytes = field(repr=False)
    annotations: Mapping[str, str] | None = field(default=None, hash=False)

    def read(self) -> Bundle:
        """What it says.

        Raises:
            EvidenceRefused: it is malformed, or of a kind that is not an attestation's.
        """
        if self.annotations is None:
            return read_bundle(self.content)
        return read_attached_envelope(self.content, self.annotations)


@dataclass(frozen=True)
class Attachments:
    """What is attached to a manifest: each once, and what was left out with the reason."""

    found: tuple[Attachment, ...]
    left_out: tuple[Refused, ...] = ()

    def examine(self, trust: Trust, now: datetime) -> tuple[Verified | Refused, ...]:
        """What is attested: each attachment verified or refused, and what was left out.

        Args:
            trust: whose signatures count.
            now: the verifier's clock, with a time zone.

        Raises:
            UsageError: as `verification.examine`.
        """
        return (*(examine(each.content, trust, now, each.annotations) for each in self.found), *self.left_out)


@dataclass(frozen=True)
class _Candidate:
    """The layer that may hold an attestation; `annotations` as `Attachment` has them."""

    layer: Descriptor
    annotations: Mapping[str, str] | None


def find_attachments(repository: Repository, subject: Digest) -> Attachments:
    """All that is attached to a manifest and may be an attestation.

    Args:
        repository: where the manifest is.
        subject: its digest.

    Returns:
        What was found, each content once; at most 1000 referrers, 1000 layers of `.att`, 8 MiB each and 64 MiB in all
        are looked at, the small ones first, and what goes beyond is left out with that reason.

    Raises:
        SourceUnavailable: the registry does not answer, or refuses us: what is there is not known.
    """
    left_out: list[Refused] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        legacy = pool.submit(_of_tag, repository, subject, left_out)
        referrers = find_referrers(repository, subject)
        left_out += [_refused(None, problem) for problem in referrers.problems]
        wanted = [each for each in referrers.found if may_be(each, BUNDLES) and each.media_type in MANIFESTS]
        candidates = [found for found in pool.map(lambda each: _of_referrer(repository, each), wanted) if found]
        candidates += legacy.result()
        fitting = list(_within_caps(candidates, left_out))
        fetched = list(pool.map(lambda each: _fetched(repository, each), fitting))
    left_out += [each for each in (*candidates, *fetched) if isinstance(each, Refused)]
    for refused in left_out:
        log.info("left out of what is attached to %s: %s", subject, refused.reason)
    return Attachments(_once(each for each in fetched if isinstance(each, Attachment)), tuple(left_out))


def _of_referrer(repository: Repository, referrer: Descriptor) -> _Candidate | Refused | None:
    """The bundle that a referrer holds; None where it is something else."""
    what, problems = f"the referrer {referrer.digest}", list[str]()
    if referrer.size > _LARGEST_MANIFEST:
        return _refused(referrer.digest, f"{what} is larger than {_LARGEST_MANIFEST >> 10} KiB")
    try:
        document = read_document(repository.fetch(referrer), what)
        layers = [layer for _, layer in read_entries(document, "layers", problems)]
        is_said = document.text("artifactType").startswith(BUNDLES) or referrer.artifact_type.startswith(BUNDLES)
    except ImageInvalid as error:
        return _refused(referrer.digest, error.message)
    bundles = [each for each in layers if each.media_type.startswith(BUNDLES)]
    if not bundles and not is_said:
        return None
    if len(bundles) != 1 or len(layers) != 1 or problems:
        return _refused(referrer.digest, f"{what} does not hold one bundle and nothing else")
    return _Candidate(bundles[0], None)


def _of_tag(repository: Repository, subject: Digest, left_out: list[Refused]) -> list[_Candidate | Refused]:
    tag, problems = tag_of(subject, LEGACY_SUFFIX), list[str]()
    try:
        _, content = repository.manifest(tag)
        layers = [layer for _, layer in read_entries(read_document(content, f"the tag {tag}"), "layers", problems)]
    except ImageNotFound:
        return []
    except ImageInvalid as error:
        return [_refused(None, error.message)]
    left_out += [_refused(None, problem) for problem in problems]
    if len(layers) > _MOST_LAYERS:
        left_out.append(_refused(None, f"the tag {tag} has {len(layers)} layers; {_MOST_LAYERS} are looked at"))
    envelopes = [each for each in layers if each.media_type == ENVELOPE_MEDIA_TYPE]
    return [_Candidate(each, each.annotations) for each in envelopes[-_MOST_LAYERS:]]  # the newest are the last


def _within_caps(found: Iterable[_Candidate | Refused], left_out: list[Refused]) -> Iterator[_Candidate]:
    total = 0
    candidates = (each for each in found if isinstance(each, _Candidate))
    for each in sorted(candidates, key=lambda each: each.layer.size):  # so that large ones crowd out nothing
        if each.layer.size > LARGEST_BUNDLE:
            left_out.append(_refused(each.layer.digest, f"it is larger than {LARGEST_BUNDLE >> 20} MiB"))
        elif total + each.layer.size > _MOST_BYTES:
            left_out.append(_refused(each.layer.digest, f"no more than {_MOST_BYTES >> 20} MiB are looked at"))
        else:
            total += each.layer.size
            yield each


def _fetched(repository: Repository, candidate: _Candidate) -> Attachment | Refused:
    layer = candidate.layer
    try:
        with repository.open_blob(layer) as blob:
            content = check(blob.read(), layer, f"the attestation {layer.digest}")
    except ImageInvalid as error:
        return _refused(layer.digest, error.message)
    return Attachment(Digest.of(content), content, candidate.annotations)


def _once(found: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Each content once; an envelope counts anew with other annotations, for these choose how it is verified."""
    seen: dict[tuple[Digest, frozenset[tuple[str, str]] | None], Attachment] = {}
    for each in found:
        seen.setdefault(
            (each.digest, frozenset(each.annotations.items()) if each.annotations is not None else None), each
        )
    return tuple(seen.values())


def _refused(digest: Digest | None, reason: str) -> Refused:
    return Refused(digest=digest, reason=reason[:1000])
