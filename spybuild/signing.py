"""Attests an image that passed: one signed statement for each platform's manifest, then one for the index.

What is signed is what the registry has, compared right before with what was validated. The index's statement comes
last and names the others, so that whatever breaks off in between leaves nothing that a gate takes for a whole pass.
"""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from spybuild.attestation.attaching import Attaching
from spybuild.attestation.signers import Signed, Signer
from spybuild.attestation.statements import Circumstances, index_statement, platform_statement
from spybuild.attestation.subjects import Subjects, require_validated
from spybuild.attested_report import Attestation
from spybuild.errors import EnvironmentProblem, ImageInvalid, SpyBuildError, UsageError
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.names import RemoteImage
from spybuild.images.registry.transport import Transport
from spybuild.images.registry.writing import WritableRepository
from spybuild.model.attested import AttestedChild
from spybuild.model.digests import Digest
from spybuild.model.image import PlatformImage
from spybuild.model.platforms import Platform
from spybuild.model.report import Report, Verdict
from spybuild.model.wire import digest_of_text

log = logging.getLogger(__name__)

_AT_ONCE = 4


class HalfAttested(EnvironmentProblem):
    """Some attestations are in the registry and some are not; `written` are those that are."""

    def __init__(self, written: Iterable[Attestation], cause: SpyBuildError) -> None:
        self.written = tuple(written)
        names = ", ".join(f"{each.platform} ({each.attestation})" for each in self.written)
        super().__init__(
            f"the image is not attested as a whole: {cause.message}",
            f"known to be attested: {names}; sign again to complete it",
        )


def attest(
    report: Report,
    image: RemoteImage,
    signer: Signer,
    transport: Transport,
    *,
    validated_at: datetime,
    legacy: bool = False,
) -> tuple[Attestation, ...]:
    """Sign a statement for each platform of a report, and one for the index; attach them in the registry.

    Args:
        report: a pass of every platform, by a contract.
        image: what the registry has the image under: a tag, or its digest.
        signer: signs.
        transport: asks the registry.
        validated_at: when the image was held against the contract; with a time zone.
        legacy: whether to store cosign 2's form (`sha256-….att`) besides.

    Returns:
        What is attested now: the platforms in the report's order, the index last.

    Raises:
        UsageError: the report is no pass, or has no digests or no contract.
        ImageNotFound, ImageInvalid: the registry has something else than was validated, or more.
        SourceUnavailable: the registry does not answer, or refuses us.
        SigningUnavailable: a service that signing needs does not.
        HalfAttested: one of these, after something was written.
    """
    if reason := why_not(report):
        raise UsageError(f"nothing is attested: {reason}")
    repository = WritableRepository(image.repository, transport)
    subjects = _require_same(report, image, repository)
    said = Circumstances(validated_at, str(repository.name), subjects.root.digest if subjects.is_index else None)
    attesting = _Attesting(report, said, signer, Attaching(repository, legacy), subjects)
    written = attesting.platforms()
    return (*written, attesting.index(written)) if subjects.is_index else written


def why_not(report: Report) -> str:
    """Why a report cannot be attested, as the end of a sentence; empty where it can."""
    if report.verdict is not Verdict.PASS:
        return "the image did not pass on every platform"
    if report.contract is None or not report.contract.digest:
        return "the report is on no contract"
    if missing := [each.platform for each in report.platforms if not each.digest]:
        return f"{', '.join(missing)} has no digest where it was validated; push it, and scan what is in the registry"
    return "" if report.subject.digest else "the image has no digest where it was validated"


def _require_same(report: Report, image: RemoteImage, repository: WritableRepository) -> Subjects:
    """What the registry has, if it is all that was validated and nothing else."""
    root = _digest(report.subject.digest)
    if image.digest and image.digest != root:
        raise ImageInvalid(f"{image} was to be attested, and {root} was validated")
    validated = [PlatformImage(Platform.parse(each.platform), _digest(each.digest), "") for each in report.platforms]
    subjects = require_validated(repository, root, validated, "" if image.digest else image.tag)
    if subjects.others:
        names = ", ".join(f"{each.platform} {each.digest}" for each in subjects.others)
        raise ImageInvalid(
            f"{repository.name}@{root} has platforms that were not validated: {names}",
            f"validate all of it: registry://{repository.name}@{root}",
        )
    return subjects


def _digest(text: str | None) -> Digest:
    try:
        return digest_of_text(text or "")
    except ValueError as error:
        raise UsageError(f"the report names no digest that can be attested: {error}") from None


@dataclass(frozen=True)
class _Attesting:
    """One report, being attested."""

    report: Report
    said: Circumstances
    signer: Signer
    attaching: Attaching
    subjects: Subjects

    def platforms(self) -> tuple[Attestation, ...]:
        """Attest every platform; all are signed before the first is written.

        Raises:
            HalfAttested: some could be written and others could not.
        """
        signed = [
            (each, self._sign(platform_statement(self.report, each, self.said))) for each in self.report.platforms
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            results = list(pool.map(lambda pair: self._try(pair[0].platform, _digest(pair[0].digest), pair[1]), signed))
        written = tuple(each for each in results if isinstance(each, Attestation))
        for each in results:
            if isinstance(each, SpyBuildError):
                raise HalfAttested(written, each) if written else each
        return written

    def index(self, platforms: Sequence[Attestation]) -> Attestation:
        """Attest the index: its statement names what was attested of its platforms.

        Raises:
            HalfAttested: it cannot be signed or written.
        """
        try:
            signed = self._sign(index_statement(self.report, [_child(each) for each in platforms], self.said))
            return self._attach(None, self.subjects.root, signed)
        except SpyBuildError as error:
            raise HalfAttested(platforms, error) from error

    def _sign(self, statement: bytes) -> Signed:
        signed = self.signer.sign(statement)
        for warning in signed.warnings:
            log.warning("it is signed, but %s", warning)
        return signed

    def _try(self, platform: str, digest: Digest, signed: Signed) -> Attestation | SpyBuildError:
        """One platform's failure must not hide what became of the others."""
        subject = next(each for each in self.subjects.platforms if each.digest == digest)
        try:
            return self._attach(platform, subject, signed)
        except SpyBuildError as error:
            return error

    def _attach(self, platform: str | None, subject: Descriptor, signed: Signed) -> Attestation:
        attached = self.attaching.attach(subject, signed, datetime.now(UTC))
        return Attestation(
            platform=platform,
            subject=str(subject.digest),
            attestation=str(attached.attestation),
            repository=self.said.repository,
        )


def _child(attestation: Attestation) -> AttestedChild:
    return AttestedChild(
        platform=Platform.parse(attestation.platform or ""),
        digest=_digest(attestation.subject),
        attestation=_digest(attestation.attestation),
    )
