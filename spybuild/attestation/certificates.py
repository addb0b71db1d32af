"""Whom a certificate of Fulcio's names (fulcio, docs/certificate-specification.md and docs/oid-info.md)."""

from cryptography import x509
from cryptography.hazmat import asn1

from spybuild.attestation.refusals import Reason, refused
from spybuild.model.attested import CLAIMS, KeylessSigner
from spybuild.model.wire import LONGEST_TEXT

_ISSUER_V1 = "1.3.6.1.4.1.57264.1.1"
_ISSUER_V2 = "1.3.6.1.4.1.57264.1.8"
_USERNAME = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def signer_of(certificate: x509.Certificate) -> KeylessSigner:
    """Whom `certificate` names, and what its authority says of the run that signed.

    Args:
        certificate: verified by the caller.

    Raises:
        EvidenceRefused: it names nobody, several, or contradicts itself.
    """
    try:
        found = {each.oid.dotted_string: each.value for each in certificate.extensions}
        texts = {oid: text for oid, value in found.items() if (text := _text(oid, value)) is not None}
        return KeylessSigner(
            identity=_identity(certificate),
            issuer=_issuer(texts),
            claims={name: texts[oid] for name, oid in CLAIMS.items() if oid in texts},
        )
    except ValueError as error:  # of cryptography (a broken extension) or pydantic (a text beyond all measure)
        raise refused(Reason.UNTRUSTED_CERTIFICATE, "the certificate cannot be read") from error


def _identity(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    if len(list(names)) != 1:
        raise refused(Reason.UNTRUSTED_CERTIFICATE, f"the certificate names {len(list(names))} signers, not one")
    name = next(iter(names))
    if isinstance(name, x509.RFC822Name | x509.UniformResourceIdentifier):
        return name.value
    if isinstance(name, x509.OtherName) and name.type_id == _USERNAME:
        return asn1.decode_der(str, name.value)
    raise refused(Reason.UNTRUSTED_CERTIFICATE, "the certificate names its signer in a form that is unknown")


def _issuer(texts: dict[str, str]) -> str:
    said = {texts[oid] for oid in (_ISSUER_V2, _ISSUER_V1) if oid in texts}
    if len(said) != 1:
        raise refused(Reason.UNTRUSTED_CERTIFICATE, f"the certificate names {len(said)} issuers, not one")
    return said.pop()


def _text(oid: str, value: x509.ExtensionType) -> str | None:
    """The text in one of Fulcio's own extensions; the first issuer is bare, the others are DER."""
    if not isinstance(value, x509.UnrecognizedExtension) or oid not in {*CLAIMS.values(), _ISSUER_V1, _ISSUER_V2}:
        return None
    text = value.value.decode() if oid == _ISSUER_V1 else asn1.decode_der(str, value.value)
    if len(text) > LONGEST_TEXT:
        raise ValueError("a text beyond all measure")
    return text
