"""What `scan --sign` and `attest` share: the report is delivered with what was attested, whatever came of it."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from spybuild.attestation.signers import Signer
from spybuild.attested_report import Attestation, AttestedReport
from spybuild.cli.options import Destination, Format
from spybuild.cli.output import exit_code, rendered, wants_colour
from spybuild.cli.signing_options import SigningOptions, remote_image
from spybuild.cli.writing import write
from spybuild.errors import SpyBuildError
from spybuild.images.registry.names import RemoteImage
from spybuild.images.registry.transport import Transport
from spybuild.model.report import Report
from spybuild.reports.escaping import one_line
from spybuild.signing import HalfAttested, attest, why_not

_NOT_SIGNED = 3


@dataclass(frozen=True)
class Attesting:
    """Where the image is, who signs, and how; all of it known before anything is done."""

    image: RemoteImage
    signer: Signer
    legacy: bool
    insecure: bool

    @classmethod
    def prepare(cls, image: str, options: SigningOptions, *, insecure: bool) -> "Attesting":
        """Read the keys, and find the services.

        Raises:
            UsageError: the image is in no registry, or the options do not fit.
            SigningUnavailable: a service that is needed to begin does not answer.
        """
        return cls(remote_image(image), options.signer(), options.legacy_att, insecure)

    def deliver_scanned(self, report: Report, destinations: Sequence[Destination], *, plain: bool) -> int:
        """Attest what was scanned just now, if it passed; see `deliver`. A pass that cannot be signed is no success."""
        if reason := why_not(report):
            _deliver(AttestedReport.of(report, ()), destinations, plain=plain)
            sys.stderr.write(f"spybuild: nothing was signed: {one_line(reason)}\n")
            return exit_code(report) or _NOT_SIGNED
        return self.deliver(report, destinations, validated_at=datetime.now(UTC), plain=plain)

    def deliver(
        self, report: Report, destinations: Sequence[Destination], *, validated_at: datetime, plain: bool
    ) -> int:
        """Attest a pass, and write the report everywhere it is wanted, with what was attested.

        Returns:
            The report's exit code.

        Raises:
            SpyBuildError: not all could be attested; the report is written all the same, with what was.
        """
        written: tuple[Attestation, ...] = ()
        problem: SpyBuildError | None = None
        transport = Transport(insecure=self.insecure)
        try:
            written = attest(report, self.image, self.signer, transport, validated_at=validated_at, legacy=self.legacy)
        except SpyBuildError as error:
            problem, written = error, error.written if isinstance(error, HalfAttested) else ()
        finally:
            transport.close()
        _deliver(AttestedReport.of(report, written), destinations, plain=plain)
        if problem:
            raise problem
        return exit_code(report)


def _deliver(report: AttestedReport, destinations: Sequence[Destination], *, plain: bool) -> None:
    for each in destinations:
        content = rendered(report, each.format, colour=each.path is None and not plain and wants_colour())
        if each.format is Format.TEXT:
            content += "".join(f"{line}\n" for line in _attested(report.attestations))
        write(content, each.path)


def _attested(attestations: Sequence[Attestation]) -> Iterator[str]:
    """What was attested, one line each."""
    if attestations:
        yield ""
    for each in attestations:
        yield f"attested {one_line(each.platform or 'index')}  {each.subject}  by {each.attestation}"
