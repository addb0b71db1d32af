"""Reports that are attested: the form with what was written to the registry, and reports read back from JSON."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from spybuild.errors import UsageError
from spybuild.model import strict_json
from spybuild.model.base import Model
from spybuild.model.report import PlatformReport, Report, Verdict

_LARGEST_REPORT = 64 << 20
_COMPUTED = "verdict"


class Attestation(Model):
    """An attestation that is in the registry.

    `subject` is the digest of what it is about: a platform's manifest, or the index, where `platform` is None.
    `attestation` is its own digest, `repository` where both are.
    """

    platform: str | None = None
    subject: str
    attestation: str
    repository: str


class AttestedReport(Report):
    """A report, and what was attested on the strength of it."""

    attestations: tuple[Attestation, ...] = ()

    model_config = ConfigDict(title="Report")

    @classmethod
    def of(cls, report: Report, attestations: Sequence[Attestation]) -> "AttestedReport":
        """The report with what was attested."""
        parts = {name: getattr(report, name) for name in Report.model_fields}
        return cls(**parts, attestations=tuple(attestations))


def load_report(path: Path | str) -> tuple[AttestedReport, datetime]:
    """A report that was written as JSON, and when its file was.

    Raises:
        UsageError: it cannot be read, is no report, or contradicts itself.
    """
    try:
        with Path(path).open("rb") as file:
            content, written = file.read(_LARGEST_REPORT + 1), os.fstat(file.fileno()).st_mtime
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"the report {str(path)!r} cannot be read: {what or 'no such name'}") from None
    return parse_report(content, str(path)), datetime.fromtimestamp(written, UTC)


def parse_report(content: bytes, name: str) -> AttestedReport:
    """The report in `content`, as JSON reports have it (`docs/report.schema.json`).

    Args:
        content: bytes of any origin.
        name: what messages call it.

    Raises:
        UsageError: it is no report, or its verdicts are not those that its findings amount to.
    """
    if len(content) > _LARGEST_REPORT:
        raise UsageError(f"{name} has {len(content)} bytes, more than {_LARGEST_REPORT}")
    try:
        found = strict_json.parse_object(content)
        report = AttestedReport.model_validate(_without_verdicts(found))
    except ValidationError as error:  # which is a ValueError, too
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name} is no report of SpyBuild's: {place}: {first['msg']}") from None
    except ValueError as error:
        raise UsageError(f"{name} {error}") from None
    if _verdicts(found) != [report.verdict, *(each.verdict for each in report.platforms)]:
        raise UsageError(f"{name} contradicts itself: its verdicts are not those that its findings amount to")
    if odd := [each.platform for each in report.platforms if each.verdict is Verdict.PASS and not _has_passed(each)]:
        raise UsageError(f"{name} contradicts itself: {odd[0]} passed, and not all of its modules")
    return report


def _has_passed(platform: PlatformReport) -> bool:
    return all(module.verdict is Verdict.PASS for module in platform.modules)


def _verdicts(form: dict[str, Any]) -> list[Any]:
    """What it says the verdicts are: of the whole, then of each platform."""
    return [form.get(_COMPUTED), *(each.get(_COMPUTED) for each in form.get("platforms", ()))]


def _without_verdicts(form: dict[str, Any]) -> dict[str, Any]:
    """Verdicts follow from findings, and the model computes them."""
    bare = {key: value for key, value in form.items() if key != _COMPUTED}
    if isinstance(platforms := form.get("platforms"), list):
        bare["platforms"] = [_without_verdict(each) for each in platforms]
    return bare


def _without_verdict(platform: Any) -> Any:
    if not isinstance(platform, dict):
        return platform  # which the model refuses
    return {key: value for key, value in platform.items() if key != _COMPUTED}
