"""Whom a certificate names."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from spybuild.attestation.certificates import signer_of
from spybuild.errors import EvidenceRefused
from spybuild.model.attested import CLAIMS, KeylessSigner
from tests.attestation.making import now, private_key
from tests.fakes.sigstore import der

FULCIO = "1.3.6.1.4.1.57264.1"
ISSUER = "https://token.example"
V1, V2 = (f"{FULCIO}.1", ISSUER.encode()), (f"{FULCIO}.8", der.tlv(der.UTF8, ISSUER.encode()))
MAIL = x509.RFC822Name("ci@example.org")


def _certificate(names: list[x509.GeneralName], *extensions: tuple[str, bytes]) -> x509.Certificate:
    key = private_key()
    builder: Any = x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), 1, now(), now())
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), True)
    for oid, value in extensions:
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), False)
    made: x509.Certificate = builder.sign(key, hashes.SHA256())
    return made


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        (MAIL, "ci@example.org"),
        (x509.UniformResourceIdentifier("https://github.example/o/r"), "https://github.example/o/r"),
        (x509.OtherName(x509.ObjectIdentifier(f"{FULCIO}.7"), der.tlv(der.UTF8, b"ci!example")), "ci!example"),
    ],
)
def test_each_form_of_name_is_read(name: x509.GeneralName, identity: str) -> None:
    """E-mail, URI, and Fulcio's own for user names; the issuer in either of its extensions."""
    for issuer in ([V1], [V2], [V1, V2]):
        assert signer_of(_certificate([name], *issuer)) == KeylessSigner(identity=identity, issuer=ISSUER)


def test_all_claims_are_read() -> None:
    """By their names in the model; others are left alone."""
    said = {name: f"value of {name}" for name in CLAIMS}
    extensions = [(oid, der.tlv(der.UTF8, said[name].encode())) for name, oid in CLAIMS.items()]
    assert signer_of(_certificate([MAIL], V2, *extensions, ("1.2.3.4", b"x"))).claims == said


@pytest.mark.parametrize(
    ("names", "extensions", "told"),
    [
        ([], [V2], "names 0 signers"),
        ([MAIL, MAIL], [V2], "names 2 signers"),
        ([x509.DNSName("example.org")], [V2], "in a form that is unknown"),
        ([x509.OtherName(x509.ObjectIdentifier("1.2.3"), der.tlv(der.UTF8, b"a"))], [V2], "in a form that is unknown"),
        ([x509.OtherName(x509.ObjectIdentifier(f"{FULCIO}.7"), b"\x05\x00")], [V2], "cannot be read"),
        ([MAIL], [], "names 0 issuers"),
        ([MAIL], [V1, (f"{FULCIO}.8", der.tlv(der.UTF8, b"https://other"))], "names 2 issuers"),
        ([MAIL], [(f"{FULCIO}.8", b"https://bare")], "cannot be read"),
        ([MAIL], [(f"{FULCIO}.1", b"\xff")], "cannot be read"),
        ([MAIL], [V2, (f"{FULCIO}.12", b"")], "cannot be read"),
        ([MAIL], [V2, (f"{FULCIO}.12", der.tlv(der.UTF8, b"x" * 5000))], "cannot be read"),
    ],
)
def test_a_certificate_that_names_nobody_for_sure_is_refused(
    names: list[x509.GeneralName], extensions: list[tuple[str, bytes]], told: str
) -> None:
    """None, several, an unknown form, two issuers that differ, broken DER, texts beyond all measure."""
    with pytest.raises(EvidenceRefused, match=told) as refusal:
        signer_of(_certificate(names, *extensions))
    assert refusal.value.reason == "untrusted-certificate"
