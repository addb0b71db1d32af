"""The policy file's grammar, key for key, as YAML has it; `loading` makes a `Policy` of it."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from packaging.version import InvalidVersion, Version
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    WithJsonSchema,
    model_validator,
)

from spybuild.gate.durations import duration_of_text
from spybuild.gate.policy import KMS_SCHEMES
from spybuild.model.attested import CLAIMS, Day, SchemaVersion
from spybuild.model.matching import checked_expression, checked_glob
from spybuild.model.names import nearest, one_of, shown
from spybuild.model.platforms import ARCHITECTURE_NAMES, SYSTEM_NAMES, Platform
from spybuild.model.scalars import Text, VersionText
from spybuild.model.wire import DigestText, Instant, PlatformText, WireModel
from spybuild.rules.catalogue import all_rules, find_rule


def _claim(name: str) -> str:
    return one_of(name, CLAIMS, "claim of a certificate")


def _rule(name: str) -> str:
    if (rule := find_rule(name)) is not None:
        return rule.id
    raise ValueError(f"{shown(name)} is no rule{nearest(name, [rule.name for rule in all_rules()])}")


def _known(platform: Platform) -> Platform:
    one_of(platform.os, SYSTEM_NAMES, "operating system")
    one_of(platform.architecture, ARCHITECTURE_NAMES, "architecture")
    return platform


def _length(text: str) -> str:
    if text != "any":
        duration_of_text(text)
    return text


def _tolerance(text: str) -> str:
    if duration_of_text(text) > _MOST_TOLERANCE:
        raise ValueError(f"{shown(text)} is more than a day, so that no time would have to agree with any other")
    return text


def _version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion:
        raise ValueError(f"{shown(text)} is no version; write it as 0.3.0") from None
    return text


def _kms(text: str) -> str:
    if text.startswith(KMS_SCHEMES):
        return text
    raise ValueError(f"{shown(text)} is no key of a KMS; write {' or '.join(KMS_SCHEMES)}…")


def _some(value: Any) -> Any:
    if isinstance(value, list) and not value:
        raise ValueError("is empty: nothing could ever pass")
    return value


def _named(value: Any) -> Any:
    """Refuse a list or mapping of nothing: read as if it were not there, it would let in what it was to keep out."""
    if isinstance(value, list | dict) and not value:
        raise ValueError("is empty; leave the key out if nothing is to be demanded")
    return value


def _said(value: Any) -> Any:
    if value is None:
        raise ValueError("is empty; leave the key out if nothing is to be demanded")
    return value


def _waivers_form(value: Any) -> str:
    return "rules" if isinstance(value, list | tuple) else "word"


_NOT_EMPTY: dict[str, JsonValue] = {"minItems": 1}
_MOST_TOLERANCE = timedelta(days=1)
SOME, NAMED, SAID = BeforeValidator(_some), BeforeValidator(_named), BeforeValidator(_said)
_DURATION = r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
ExpressionText = Annotated[Text, AfterValidator(checked_expression)]
GlobText = Annotated[Text, AfterValidator(checked_glob)]
ClaimName = Annotated[Text, AfterValidator(_claim)]
RuleName = Annotated[Text, AfterValidator(_rule)]
AgeText = Annotated[
    Text,
    AfterValidator(_length),
    WithJsonSchema({"anyOf": [{"const": "any"}, {"type": "string", "pattern": _DURATION}]}),
]
ToleranceText = Annotated[
    Text,
    AfterValidator(_tolerance),
    WithJsonSchema({"type": "string", "pattern": _DURATION}),
]
ToolVersion = Annotated[VersionText, AfterValidator(_version)]
KmsText = Annotated[Text, AfterValidator(_kms)]
KnownPlatform = Annotated[PlatformText, AfterValidator(_known)]
Globs = Annotated[tuple[GlobText, ...], NAMED, Field(json_schema_extra=_NOT_EMPTY)]


def _exactly_one(part: WireModel, *names: str) -> None:
    """Of these fields one is there, and no more.

    Raises:
        ValueError: none is, or several are.
    """
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) != 1:
        keys = " or ".join(f"`{type(part).model_fields[name].alias}`" for name in names)
        raise ValueError(f"must have one of {keys}" + (", not several" if given else ""))


class KeylessPart(WireModel):
    """A signer by certificate."""

    identity: Text | None = Field(None, description="The certificate's subject alternative name, exactly.")
    identity_regexp: ExpressionText | None = Field(None, description="Instead: an expression anchored with ^ and $.")
    issuer: Text | None = Field(None, description="The OIDC issuer that vouched for the identity, exactly.")
    issuer_regexp: ExpressionText | None = Field(None, description="Instead: an expression anchored with ^ and $.")
    claims: Annotated[dict[ClaimName, Text], NAMED] = Field(
        default_factory=dict,
        description="What the certificate must say, exactly.",
        json_schema_extra={"minProperties": 1},
    )

    @model_validator(mode="after")
    def _says_who(self) -> "KeylessPart":
        _exactly_one(self, "identity", "identity_regexp")
        _exactly_one(self, "issuer", "issuer_regexp")
        return self


class KeyPart(WireModel):
    """A signer by key."""

    file: Text | None = Field(None, description="A public key in PEM, by path from the policy's folder.")
    pem: Text | None = Field(None, description="The public key itself.")
    kms: KmsText | None = Field(None, description="A key that a KMS or HSM holds.")

    @model_validator(mode="after")
    def _says_which(self) -> "KeyPart":
        _exactly_one(self, "file", "pem", "kms")
        return self


class SignerPart(WireModel):
    """One who may sign: by certificate or by key, never either."""

    keyless: KeylessPart | None = None
    key: KeyPart | None = None

    @model_validator(mode="after")
    def _says_how(self) -> "SignerPart":
        _exactly_one(self, "keyless", "key")
        return self


class ContractPart(WireModel):
    """A contract that a pass may be for."""

    digest: DigestText | None = Field(None, description="Of the contract's bytes.")
    file: Text | None = Field(None, description="The contract itself, by path from the policy's folder.")
    until: Annotated[Day | None, SAID] = Field(
        None, description="The last day (UTC) on which passes of this contract count."
    )

    @model_validator(mode="after")
    def _says_which(self) -> "ContractPart":
        _exactly_one(self, "digest", "file")
        return self


class PlatformsPart(WireModel):
    """Which platforms there must be, and what becomes of others."""

    required: Annotated[tuple[KnownPlatform, ...], NAMED] = Field(
        (), description="Each must be there and pass.", json_schema_extra=_NOT_EMPTY
    )
    extra: Literal["refuse", "require-evidence", "allow"] = Field(
        "require-evidence", description="Platforms beyond those: refused, let in with a pass, or let in as they are."
    )

    @model_validator(mode="after")
    def _demands_something(self) -> "PlatformsPart":
        if not self.required and self.extra != "require-evidence":
            raise ValueError(f"names no required platform, so that `extra: {self.extra}` would leave nothing to prove")
        return self


class RepositoriesPart(WireModel):
    """Which repositories an image may be in, and be attested for: names, or globs with * and **."""

    attested_for: Globs = Field((), description="That attestations may name; omitted: the one that the image is in.")
    lives_in: Globs = Field((), description="That the image may be in; omitted: any.")


class FloorsPart(WireModel):
    """What is too old."""

    tool: Annotated[ToolVersion | None, SAID] = Field(
        None, description="The oldest version of SpyBuild whose verdicts count."
    )
    validated_since: Annotated[Instant | None, SAID] = Field(
        None, description="Passes from before this moment do not count."
    )


class PolicyFile(WireModel):
    """What an image must prove before it may go on. Whatever is not named here is not let in."""

    schema_version: SchemaVersion = Field(description="1.")
    signers: Annotated[tuple[SignerPart, ...], SOME] = Field(
        description="Any of them may have signed.", json_schema_extra=_NOT_EMPTY
    )
    contracts: Annotated[tuple[ContractPart, ...], SOME] = Field(
        description="Any of them may have been passed.", json_schema_extra=_NOT_EMPTY
    )
    max_age: AgeText = Field(description="How long ago the validation may be: 30d, 12h, 1d12h; or any.")
    platforms: PlatformsPart = PlatformsPart()
    evidence: Literal["any", "runtime", "static", "both"] = Field(
        "any", description="The kinds of evidence that one attestation must rest on."
    )
    index_statement: Literal["require", "ignore"] = Field(
        "require", description="Whether an index must itself be attested, with exactly the platforms that it has."
    )
    clock_tolerance: ToleranceText = Field("10m", description="Between clocks, and from the signature's own time.")
    unauthenticated_time: Literal["refuse", "accept"] = Field(
        "refuse", description="Whether an age may rest on the signer's word alone, as with a key and no timestamp."
    )
    repositories: RepositoriesPart = RepositoriesPart()
    source_repositories: Globs = Field((), description="That the signer's certificate must name; omitted: any.")
    floors: FloorsPart = FloorsPart()
    waivers: Annotated[
        Annotated[tuple[RuleName, ...], Tag("rules")] | Annotated[Literal["refuse", "allow"], Tag("word")],
        Discriminator(_waivers_form),
    ] = Field("refuse", description="Whether findings may have been waived: not, all, or those of these rules.")
