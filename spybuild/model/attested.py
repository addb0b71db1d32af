"""What was attested of an image, as read from its attestations: the plain data between whoever verifies and the gate.

`attestation` fills these types (a bundle's signature is checked, its statement read), the gate decides over them, and
recorded evidence is their JSON. Nothing here says that anything may pass: a `Verified` is authentic, no more. Its
statement may be about another image, may be old, may say that the checks failed: that is the gate's to see.

Statements: in-toto Statement v1 (v0.1 is read alike), predicates test-result/v0.1 for one platform and SVR v0.2 for an
index. What a statement does not say is left at its default here; the gate never reads that as a yes.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema

from spybuild.model.from_build import TEST_RESULT as TEST_RESULT
from spybuild.model.scalars import Flag
from spybuild.model.wire import DigestText, Instant, PlatformText, ShortText, WireModel, reader_of

SVR = "https://in-toto.io/attestation/svr/v0.2"
# what a certificate of Fulcio's says of the run that signed: our name, the extension's OID (fulcio docs/oid-info.md)
CLAIMS = {
    "buildSigner": "1.3.6.1.4.1.57264.1.9",
    "buildSignerDigest": "1.3.6.1.4.1.57264.1.10",
    "runnerEnvironment": "1.3.6.1.4.1.57264.1.11",
    "sourceRepository": "1.3.6.1.4.1.57264.1.12",
    "sourceRepositoryDigest": "1.3.6.1.4.1.57264.1.13",
    "sourceRepositoryRef": "1.3.6.1.4.1.57264.1.14",
    "sourceRepositoryIdentifier": "1.3.6.1.4.1.57264.1.15",
    "sourceRepositoryOwner": "1.3.6.1.4.1.57264.1.16",
    "sourceRepositoryOwnerIdentifier": "1.3.6.1.4.1.57264.1.17",
    "buildConfig": "1.3.6.1.4.1.57264.1.18",
    "buildConfigDigest": "1.3.6.1.4.1.57264.1.19",
    "buildTrigger": "1.3.6.1.4.1.57264.1.20",
    "runInvocation": "1.3.6.1.4.1.57264.1.21",
    "sourceRepositoryVisibility": "1.3.6.1.4.1.57264.1.22",
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date; write it as 2026-12-31") from None


def _version(value: Any) -> int:
    resolved = getattr(value, "resolved", value)
    if type(resolved) is not int or resolved != 1:
        raise ValueError("must be the number 1, the only version there is")
    return 1


SchemaVersion = Annotated[Literal[1], BeforeValidator(_version)]
EvidenceKind = Literal["runtime", "static", "config"]
Day = Annotated[
    date,
    reader_of(date, _day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]


def public_uri(uri: str) -> str:
    """The URI of a key in a KMS or an HSM as it may be shown: of `pkcs11:` (RFC 7512) the token and the id alone.

    Anything else there may hold the PIN.
    """
    scheme, separator, rest = uri.partition(":")
    if scheme != "pkcs11":
        return uri
    attributes = rest.partition("?")[0].split(";")
    return scheme + separator + ";".join(each for each in attributes if each.partition("=")[0] in ("token", "id"))


class KeySigner(WireModel):
    """A key that the verifier was given.

    Attributes:
        fingerprint: sha256 of the public key's SubjectPublicKeyInfo in DER, computed by the verifier from the key it
            verified with, never taken from the bundle.
        uri: where the verifier got the key, if a KMS (`awskms://…`), as `public_uri` has it; empty for a file.
    """

    fingerprint: DigestText
    uri: ShortText = ""


class KeylessSigner(WireModel):
    """An identity that a certificate authority of the trust root vouched for.

    Attributes:
        identity: the certificate's one subject alternative name (an e-mail address or a URI).
        issuer: the OIDC issuer in the certificate (OID …57264.1.8, else …1.1).
        claims: by the names in `CLAIMS`; what the certificate does not say is left out.
    """

    identity: ShortText
    issuer: ShortText
    claims: dict[ShortText, ShortText] = Field(default_factory=dict)


class AuthenticatedTime(WireModel):
    """When the signature was made, as somebody other than the signer says.

    Attributes:
        at: `certificate`: notBefore, as the authority of the trust root signed it; `timestamp`: the time of an RFC 3161
            token that was verified against the trust root; `log`: the integrated time that a log's promise signs.
        source: which of these. An unverified token is none of them.
    """

    at: Instant
    source: Literal["certificate", "timestamp", "log"]


class AttestedContract(WireModel):
    """A contract that was checked: the digest of its bytes, and the name it went by."""

    digest: DigestText
    name: ShortText = ""


class AttestedTool(WireModel):
    """What made the verdict."""

    name: ShortText
    version: ShortText


class AttestedWaiver(WireModel):
    """A finding that was waived. The waiver holds through the day `expires` (UTC); one without a day has no end."""

    rule: ShortText
    reason: ShortText = ""
    owner: ShortText = ""
    expires: Day | None = None


class AttestedChild(WireModel):
    """A platform in an index statement, and the attestation (digest of its bundle) that it rests on."""

    platform: PlatformText
    digest: DigestText
    attestation: DigestText | None = None


class Attested(WireModel):
    """The fields of one authentic statement.

    Attributes:
        subject: digest of its only subject. A statement with several subjects is refused when it is read.
        predicate_type: from the signed statement, never from an annotation.
        passed: whether it says so: `result` is `PASSED`, or the SVR has the property `SPYBUILD_CONTRACT_PASSED`.
        repository: that the image was validated in, without tag or digest; empty where not said.
        platform: of the manifest; None in an index statement.
        index: digest of the index that the manifest was validated in; None where it was validated alone.
        contracts: that it passed; one is the rule.
        validated_at: the predicate's `validatedAt`, or an SVR's `timeCreated`.
        tool: what made the verdict.
        evidence: kinds that were held against the contract, and agreed where there are two.
        from_build: whether the runtime evidence of any platform is the word of the image's own build.
        waivers: findings that were let pass.
        children: of an index statement; empty otherwise.
    """

    subject: DigestText
    predicate_type: ShortText
    passed: Flag = False
    repository: ShortText = ""
    platform: PlatformText | None = None
    index: DigestText | None = None
    contracts: tuple[AttestedContract, ...] = ()
    validated_at: Instant | None = None
    tool: AttestedTool | None = None
    evidence: tuple[EvidenceKind, ...] = ()
    from_build: Flag = False
    waivers: tuple[AttestedWaiver, ...] = ()
    children: tuple[AttestedChild, ...] = ()


def _signer_kind(value: Any) -> str:
    """By what it is, or by the key that only this kind has."""
    if isinstance(value, KeySigner) or (isinstance(value, dict) and "fingerprint" in value):
        return "key"
    return "keyless"


Signer = Annotated[
    Annotated[KeySigner, Tag("key")] | Annotated[KeylessSigner, Tag("keyless")], Discriminator(_signer_kind)
]


class Verified(WireModel):
    """An attestation whose signature holds.

    Attributes:
        digest: of the attestation: its bundle's bytes, or the DSSE envelope's of a `.att` layer.
        signer: who.
        attested: what.
        signed_at: when, as far as it is authenticated; None for a key's signature without a verified timestamp.
    """

    digest: DigestText
    signer: Signer
    attested: Attested
    signed_at: AuthenticatedTime | None = None


class Refused(WireModel):
    """Something attached to the image that proves nothing: no bundle, a bad signature, no statement.

    Attributes:
        digest: of what was found; None where not even that is known.
        reason: one sentence.
    """

    digest: DigestText | None = None
    reason: ShortText


def _attestation_kind(value: Any) -> str:
    if isinstance(value, Refused) or (isinstance(value, dict) and "reason" in value):
        return "refused"
    return "verified"


Examined = Annotated[
    Annotated[Verified, Tag("verified")] | Annotated[Refused, Tag("refused")], Discriminator(_attestation_kind)
]


class ChildEvidence(WireModel):
    """One runnable manifest of the image, and every attestation found on its digest.

    BuildKit's own entries (`unknown/unknown`, annotated as attestation manifests) are none; whatever else is in the
    index is, for it might be run.
    """

    platform: PlatformText
    digest: DigestText
    attestations: tuple[Examined, ...] = ()


class ImageEvidence(WireModel):
    """Everything that is known of an image when the gate decides. Recorded evidence is this, as JSON.

    Attributes:
        schema_version: 1.
        repository: where the image is, registry included, without tag or digest (`registry.example:5000/app`).
        digest: of what the reference named, resolved once; everything below was fetched by digest.
        is_index: whether that is an index; else it is a manifest, and the one child has the same digest.
        children: the index's runnable manifests in its order, nested indexes walked.
        attestations: found on the index's own digest; empty without an index.
    """

    schema_version: SchemaVersion = 1
    repository: ShortText
    digest: DigestText
    is_index: Flag
    children: tuple[ChildEvidence, ...] = ()
    attestations: tuple[Examined, ...] = ()
