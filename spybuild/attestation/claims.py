"""What a statement says, read back into `Attested`. Pure.

Strict where it matters (types, digests, one subject, no key twice), tolerant of what we do not know: in-toto lets
predicates grow, so unknown fields are ignored. What a statement does not say is never read as a yes.
"""

from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from spybuild.attestation.documents import malformed, read_object
from spybuild.attestation.envelopes import PAYLOAD_TYPE
from spybuild.attestation.refusals import Reason, refused
from spybuild.attestation.vocabulary import EXTENSION, PASSED_PROPERTY, SCHEMA_VERSION, STATEMENT_V01, STATEMENT_V1
from spybuild.model.attested import (
    SVR,
    TEST_RESULT,
    Attested,
    AttestedChild,
    AttestedContract,
    AttestedTool,
    AttestedWaiver,
    Day,
    EvidenceKind,
)
from spybuild.model.base import Model
from spybuild.model.digests import Digest
from spybuild.model.names import shown
from spybuild.model.scalars import Flag
from spybuild.model.wire import DigestText, Instant, PlatformText, ShortText, digest_of_text

LARGEST_STATEMENT = 4 << 20
_MOST_ITEMS = 1000
_KINDS: tuple[EvidenceKind, ...] = ("runtime", "static", "config")


class _Tolerant(Model):
    """camelCase names only; unknown ones are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", defer_build=True)


Read = TypeVar("Read", bound=_Tolerant)


class _Described(_Tolerant):
    """A subject, or another ResourceDescriptor."""

    name: ShortText | None = None
    digest: dict[ShortText, ShortText] = Field(default_factory=dict, max_length=16)


class _Statement(_Tolerant):
    type_: ShortText = Field(alias="_type")
    subject: tuple[_Described, ...] = Field(min_length=1)
    predicate_type: ShortText = Field(min_length=1)
    predicate: dict[str, Any] | None = None


class _Tool(_Tolerant):
    name: ShortText
    version: ShortText


class _Waiver(_Tolerant):
    rule: ShortText
    reason: ShortText = ""
    owner: ShortText = ""
    expires: Day | None = None


class _Child(_Tolerant):
    platform: PlatformText
    digest: DigestText
    attestation: DigestText | None = None


class _Rules(_Tolerant):
    broken: int = 0
    undecided: int = 0
    waived: int | None = None


class _Extension(_Tolerant):
    """Our own object, in predicates of either kind."""

    schema_version: Literal[1]
    repository: ShortText = ""
    tool: _Tool | None = None
    platform: PlatformText | None = None
    index: DigestText | None = None
    validated_at: Instant | None = None
    evidence: tuple[ShortText, ...] = Field(default=(), max_length=16)
    from_build: Flag = False
    waivers: tuple[_Waiver, ...] = Field(default=(), max_length=_MOST_ITEMS)
    platforms: tuple[_Child, ...] = Field(default=(), max_length=_MOST_ITEMS)
    rules: _Rules = _Rules()


class _TestResult(_Tolerant):
    result: ShortText
    configuration: tuple[_Described, ...] = Field(max_length=_MOST_ITEMS)
    warned_tests: tuple[Any, ...] = ()
    failed_tests: tuple[Any, ...] = ()
    spybuild: _Extension | None = Field(default=None, alias=EXTENSION)


class _Verifier(_Tolerant):
    id: ShortText
    policies: tuple[_Described, ...] = Field(max_length=_MOST_ITEMS)


class _Svr(_Tolerant):
    verifier: _Verifier
    time_created: Instant
    properties: tuple[ShortText, ...] = Field(max_length=_MOST_ITEMS)
    spybuild: _Extension | None = Field(default=None, alias=EXTENSION)


def read_claims(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> Attested:
    """What the statement in `payload` says.

    A predicate of a type that is neither of ours is not looked into: the result says its type and subject, no more.

    Args:
        payload: what a DSSE envelope holds.
        payload_type: the type that is signed with it.

    Raises:
        EvidenceRefused: it is no in-toto statement on one subject (`wrong-type`, `malformed`, `too-large`), or its
            predicate is not what its type says (`malformed`), or of a later version than we read (`unsupported`).
    """
    if payload_type != PAYLOAD_TYPE:
        raise refused(Reason.WRONG_TYPE, f"what is signed is no in-toto statement, but {shown(payload_type)}")
    found = read_object(payload, "the statement", LARGEST_STATEMENT, LARGEST_STATEMENT)
    statement = _validated(_Statement, found, "the statement")
    if statement.type_ not in (STATEMENT_V1, STATEMENT_V01):
        raise refused(Reason.WRONG_TYPE, f"what is signed is no in-toto statement, but {shown(statement.type_)}")
    if len(statement.subject) != 1:
        raise refused(
            Reason.UNSUPPORTED, f"the statement has {len(statement.subject)} subjects, which leaves open which passed"
        )
    return _claims(statement, _subject(statement.subject[0]))


def _claims(statement: _Statement, subject: Digest) -> Attested:
    predicate = statement.predicate or {}
    if statement.predicate_type in (TEST_RESULT, SVR):
        _require_version(predicate.get(EXTENSION))
    if statement.predicate_type == TEST_RESULT:
        return _test_result(_validated(_TestResult, predicate, "the predicate"), subject)
    if statement.predicate_type == SVR:
        return _svr(_validated(_Svr, predicate, "the predicate"), subject)
    return Attested(subject=subject, predicate_type=statement.predicate_type)


def _test_result(found: _TestResult, subject: Digest) -> Attested:
    said = found.spybuild or _Extension(schemaVersion=1)
    if said.rules.waived not in (None, len(said.waivers)):
        raise refused(
            Reason.MALFORMED, f"the statement counts {said.rules.waived} waivers, and lists {len(said.waivers)}"
        )
    others = (found.warned_tests, found.failed_tests, said.rules.broken, said.rules.undecided)
    return Attested(
        **_common(said, TEST_RESULT, subject),
        passed=found.result == "PASSED" and not any(others),
        platform=said.platform,
        index=said.index,
        contracts=_contracts(found.configuration),
        validated_at=said.validated_at,
    )


def _svr(found: _Svr, subject: Digest) -> Attested:
    said = found.spybuild or _Extension(schemaVersion=1)
    return Attested(
        **_common(said, SVR, subject),
        passed=PASSED_PROPERTY in found.properties,
        contracts=_contracts(found.verifier.policies),
        validated_at=found.time_created,
        children=tuple(
            AttestedChild(platform=each.platform, digest=each.digest, attestation=each.attestation)
            for each in said.platforms
        ),
    )


def _common(said: _Extension, predicate_type: str, subject: Digest) -> dict[str, Any]:
    return {
        "subject": subject,
        "predicate_type": predicate_type,
        "repository": said.repository,
        "tool": AttestedTool(name=said.tool.name, version=said.tool.version) if said.tool else None,
        "evidence": tuple(kind for kind in _KINDS if kind in said.evidence),
        "from_build": said.from_build,
        "waivers": tuple(
            AttestedWaiver(rule=each.rule, reason=each.reason, owner=each.owner, expires=each.expires)
            for each in said.waivers
        ),
    }


def _contracts(descriptors: tuple[_Described, ...]) -> tuple[AttestedContract, ...]:
    """Those that are named by a digest we know; others cannot be compared with anything."""
    known = ((each, _digest_in(each)) for each in descriptors)
    return tuple(AttestedContract(digest=digest, name=each.name or "") for each, digest in known if digest)


def _subject(described: _Described) -> Digest:
    digest = _digest_in(described)
    if digest is None:
        raise refused(Reason.MALFORMED, "the statement's subject has no sha256 or sha512 digest")
    return digest


def _digest_in(described: _Described) -> Digest | None:
    for algorithm in ("sha256", "sha512"):
        if written := described.digest.get(algorithm):
            try:
                return digest_of_text(f"{algorithm}:{written}")
            except ValueError as error:
                raise refused(Reason.MALFORMED, f"the statement names a digest wrongly: {error}") from None
    return None


def _require_version(extension: Any) -> None:
    version = extension.get("schemaVersion") if isinstance(extension, dict) else SCHEMA_VERSION
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise refused(
            Reason.UNSUPPORTED,
            f"the statement is of a later SpyBuild (version {shown(str(version))})",
            "install a newer one",
        )


def _validated(model: type[Read], found: dict[str, Any], what: str) -> Read:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise malformed(error, what) from None
