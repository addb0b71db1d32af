"""Copies what is attached to an image: attestations, signatures, SBOMs; by referrers, and by cosign's tags.

What is attached may be anybody's. What cannot be copied of it is told and left behind: whether the rest is enough is
for others to decide. But a registry that does not answer is an error, for then nobody knows what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, Descriptor
from spybuild.images.oci.documents import read_document
from spybuild.images.registry.attaching import USUAL, Sharing, add_layers, make_listed
from spybuild.images.registry.copying import Copying, Document, plan
from spybuild.images.registry.referrers import find_referrers, read_entries, tag_of
from spybuild.model.digests import Digest

_DEEPEST = 3  # a signature of an SBOM of an image
_MOST = 1000
_MOST_BYTES = 256 << 20
_SHARED_SUFFIXES = (".att", ".sig")
_SUFFIXES = (*_SHARED_SUFFIXES, ".sbom")


@dataclass
class CopyingAttached:
    """Copies what is attached; `problems` holds what was left behind and why, one sentence each."""

    copying: Copying
    sharing: Sharing = USUAL
    problems: list[str] = field(default_factory=list)
    _count: int = 0

    def copy(self, subjects: Iterable[Digest]) -> None:
        """Copy all that is attached to these manifests, to that in turn, three deep.

        Raises:
            SourceUnavailable: a registry does not answer, or refuses us.
            ImageInvalid: the destination cannot list any more.
        """
        seen, level = set(subjects), list(dict.fromkeys(subjects))
        for subject in level:
            self._copy_tags(subject)
        for _ in range(_DEEPEST):
            found = [referrer for subject in level for referrer in self._copy_referrers(subject)]
            level = [each for each in dict.fromkeys(found) if each not in seen]
            seen.update(level)

    def _copy_referrers(self, subject: Digest) -> list[Digest]:
        """The referrers that were copied."""
        referrers = find_referrers(self.copying.source, subject)
        self.problems += referrers.problems
        copied = [entry for each in referrers.found if (entry := self._copied(each))]
        if copied:
            make_listed(self.copying.destination, subject, copied, self.sharing)
        return [each.digest for each in copied]

    def _copied(self, referrer: Descriptor) -> Descriptor | None:
        """The referrer as a list has to tell of it; None where it was left behind."""
        what = f"the referrer {referrer.digest}"
        if self._is_full():
            return None
        try:
            if referrer.media_type not in INDEXES | MANIFESTS:
                raise ImageInvalid(f"{what} is of a type that we do not know: {referrer.media_type}")
            content = self.copying.source.fetch(referrer)
            document = read_document(content, what)
            config = document.node("config")
            kind = document.text("artifactType") or (config.text("mediaType") if config else "")
            entry = replace(referrer, artifact_type=kind, annotations=document.mapping("annotations"))
            documents = self._require_small(plan(self.copying.source, referrer, content), what)
            self.copying.copy(documents, are_referrers=True)
        except ImageInvalid as error:
            self._leave(error.message)
            return None
        return entry

    def _copy_tags(self, subject: Digest) -> None:
        for suffix in _SUFFIXES:
            tag = tag_of(subject, suffix)
            try:
                root, content = self.copying.source.manifest(tag)
                documents = self._require_small(plan(self.copying.source, root, content), f"the tag {tag}")
                self.copying.copy(documents, are_referrers=True)
                self._tag(documents[-1], tag, suffix)
            except ImageNotFound:
                continue
            except ImageInvalid as error:
                self._leave(error.message)

    def _tag(self, document: Document, tag: str, suffix: str) -> None:
        """Give the tag at the destination what it has at the source; what it has there beyond that stays."""
        destination = self.copying.destination
        try:
            there = destination.manifest(tag)[0].digest
        except ImageNotFound:
            destination.push_manifest(document.descriptor, document.content, tag)
            return
        if there == document.descriptor.digest:
            return
        if suffix not in _SHARED_SUFFIXES:
            self._leave(f"{destination.name}:{tag} is another one already")
            return
        problems: list[str] = []
        entries = read_entries(read_document(document.content, f"the tag {tag}"), "layers", problems)
        add_layers(destination, tag, [node.value for node, _ in entries], self.sharing)

    def _require_small(self, documents: Sequence[Document], what: str) -> Sequence[Document]:
        """Refuse what is too much to be evidence: whoever may attach could fill the destination otherwise."""
        self._count += len(documents)
        if sum(blob.size for document in documents for blob in document.blobs) > _MOST_BYTES:
            raise ImageInvalid(f"{what} is left behind: it is larger than {_MOST_BYTES >> 20} MiB")
        return documents

    def _is_full(self) -> bool:
        """Whether no more is copied, which is told once."""
        if self._count < _MOST:
            return False
        problem = f"more than {_MOST} manifests are attached; the rest is left behind"
        if problem not in self.problems:
            self._leave(problem)
        return True

    def _leave(self, problem: str) -> None:
        self.problems.append(problem)
