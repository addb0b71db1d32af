"""A pass as an in-toto Statement v1: test-result/v0.1 for one platform, SVR v0.2 for an index. Pure.

Only passes become statements (in-toto's monotonic principle: what is not said is not proved), one subject each, so that
no statement leaves open which platform passed. The same input gives the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from spybuild.attestation.documents import canonical
from spybuild.attestation.vocabulary import EXTENSION, NO_NAME, PASSED_PROPERTY, SCHEMA_VERSION, STATEMENT_V1, VERIFIER
from spybuild.errors import UsageError
from spybuild.model.attested import SVR, TEST_RESULT, AttestedChild, AttestedWaiver
from spybuild.model.digests import Digest
from spybuild.model.platforms import Platform
from spybuild.model.report import ContractReference, PlatformReport, Report, Tool, Verdict
from spybuild.model.wire import digest_of_text, instant_text
from spybuild.rules.catalogue import all_rules


@dataclass(frozen=True)
class Circumstances:
    """What a report does not hold, and a statement says.

    Attributes:
        validated_at: when the evidence was held against the contract; with a time zone. Seconds count.
        repository: where the image was validated, without tag or digest; empty where it is in none.
        index: digest of the index that the platforms were validated in; None for an image alone.
        waivers: findings that were let pass.
    """

    validated_at: datetime
    repository: str = ""
    index: Digest | None = None
    waivers: Sequence[AttestedWaiver] = ()


def platform_statement(report: Report, platform: PlatformReport, said: Circumstances) -> bytes:
    """The statement that one platform of a report passed.

    Args:
        report: whose tool and contract are named.
        platform: one of its platforms; its manifest is the subject.
        said: the rest.

    Returns:
        Canonical JSON (see `documents.canonical`).

    Raises:
        UsageError: it is no pass, or has no digest, no evidence, no contract's digest.

    Spec: in-toto Statement v1, predicate test-result/v0.1, with one extension object, `spybuild`.
    """
    digest = _require_pass(platform)
    predicate = {
        "result": "PASSED",
        "configuration": [_contract(report.contract)],
        "passedTests": sorted({module.name for module in platform.modules}),
        "warnedTests": [],
        "failedTests": [],
        EXTENSION: {
            **_extension(report.tool, said),
            "platform": str(Platform.parse(platform.platform)),
            "validatedAt": _seconds(said.validated_at),
            "evidence": sorted(set(platform.evidence)),
            **_from_build([platform]),
            "rules": _rules(said.waivers),
            **({"index": str(said.index)} if said.index else {}),
        },
    }
    return _statement(said.repository, digest, TEST_RESULT, predicate)


def index_statement(report: Report, children: Sequence[AttestedChild], said: Circumstances) -> bytes:
    """The statement that every platform of an index passed, and what each pass rests on.

    Args:
        report: on the whole index.
        children: every platform of the index, each with its attestation's digest, in any order.
        said: the rest; its `index` is the subject.

    Returns:
        Canonical JSON (see `documents.canonical`).

    Raises:
        UsageError: a platform is no pass, or the children are not the report's platforms.

    Spec: in-toto Statement v1, predicate SVR v0.2, with one extension object, `spybuild`.
    """
    if said.index is None:
        raise UsageError("an index's statement needs the digest of the index")
    if report.subject.digest is not None and _digest(report.subject.digest, "the index") != said.index:
        raise UsageError(f"the report is on {report.subject.digest}, not on the index {said.index}")
    _require_all(report, children)
    kinds = [set(platform.evidence) for platform in report.platforms]
    predicate = {
        "verifier": {"id": VERIFIER, "policies": [_contract(report.contract)]},
        "timeCreated": _seconds(said.validated_at),
        "properties": [PASSED_PROPERTY],
        EXTENSION: {
            **_extension(report.tool, said),
            "evidence": sorted(set.intersection(*kinds)),
            **_from_build(report.platforms),
            "platforms": [_child(each) for each in sorted(children, key=lambda each: (each.platform, each.digest))],
        },
    }
    return _statement(said.repository, said.index, SVR, predicate)


def _require_pass(platform: PlatformReport) -> Digest:
    """The digest of a platform that may be attested."""
    if not platform.evidence:
        raise UsageError(f"{platform.platform} has no evidence, so nothing can be attested")
    if platform.verdict is not Verdict.PASS or platform.problem:
        verdict = Verdict.UNDECIDED if platform.verdict is Verdict.PASS else platform.verdict
        raise UsageError(f"{platform.platform} did not pass ({verdict.value}): only passes are attested")
    if not platform.digest:
        raise UsageError(
            f"{platform.platform} has no digest to attest", "push the image, and scan what is in the registry"
        )
    return _digest(platform.digest, platform.platform)


def _require_all(report: Report, children: Sequence[AttestedChild]) -> None:
    passed = sorted((Platform.parse(each.platform), _require_pass(each)) for each in report.platforms)
    if not passed:
        raise UsageError("the report has no platform, so nothing can be attested")
    if passed != sorted((each.platform, each.digest) for each in children):
        raise UsageError("an index's statement lists exactly the platforms of its report")
    if missing := [str(each.platform) for each in children if each.attestation is None]:
        raise UsageError(f"{', '.join(missing)} has no attestation, so its index gets none")


def _statement(repository: str, subject: Digest, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    named = {"name": repository or NO_NAME, "digest": _digest_set(subject)}
    return canonical(
        {"_type": STATEMENT_V1, "subject": [named], "predicateType": predicate_type, "predicate": predicate}
    )


def _extension(tool: Tool, said: Circumstances) -> dict[str, Any]:
    return {
        "schemaVersion": SCHEMA_VERSION,
        "repository": said.repository,
        "tool": {"name": tool.name, "version": tool.version},
        "waivers": [_waiver(each) for each in _in_order(said.waivers)],
    }


def _from_build(platforms: Sequence[PlatformReport]) -> dict[str, bool]:
    return {"fromBuild": True} if any(each.from_build for each in platforms) else {}


def _in_order(waivers: Iterable[AttestedWaiver]) -> list[AttestedWaiver]:
    return sorted(waivers, key=lambda each: (each.rule, each.owner, each.reason, str(each.expires)))


def _waiver(waiver: AttestedWaiver) -> dict[str, str]:
    found = {"rule": waiver.rule, "reason": waiver.reason, "owner": waiver.owner}
    return found | ({"expires": waiver.expires.isoformat()} if waiver.expires else {})


def _rules(waivers: Sequence[AttestedWaiver]) -> dict[str, int]:
    return {"known": len(all_rules()), "broken": 0, "undecided": 0, "waived": len(waivers)}


def _child(child: AttestedChild) -> dict[str, str]:
    return {"platform": str(child.platform), "digest": str(child.digest), "attestation": str(child.attestation)}


def _contract(contract: ContractReference | None) -> dict[str, Any]:
    """A ResourceDescriptor. Where the contract lies on the machine that checked it is nobody's business."""
    if not contract or not contract.digest:
        raise UsageError("the report does not say which contract was checked (no digest)")
    name = contract.path
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute():
        name = PureWindowsPath(name).name  # knows both kinds of slashes
    return {"name": name, "digest": _digest_set(_digest(contract.digest, "the contract"))}


def _digest(text: str, what: str) -> Digest:
    try:
        return digest_of_text(text)
    except ValueError as error:
        raise UsageError(f"{what} cannot be attested: {error}") from None


def _digest_set(digest: Digest) -> dict[str, str]:
    return {digest.algorithm: digest.hex}


def _seconds(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise UsageError("the time of a validation needs its time zone")
    return instant_text(moment.astimezone(UTC).replace(microsecond=0))
