"""Keyless signing against a private Sigstore, in order and out of it."""

import base64
import json
import logging
import time
from datetime import timedelta
from pathlib import Path

import pytest

from spybuild.attestation import services
from spybuild.attestation.identity_tokens import Token
from spybuild.attestation.keyless import KeylessSigning, load_instance, load_instance_of, parse_instance
from spybuild.attestation.verification import authenticate
from spybuild.errors import SigningUnavailable, UsageError
from spybuild.model.attested import KeylessSigner
from tests.attestation.making import IDENTITY, keyless, now, statement, trust_in
from tests.fakes.sigstore import Broken, FakeSigstore
from tests.fakes.sigstore.certificates import Issuance


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits between tries are ours to shorten."""
    monkeypatch.setattr(services, "_WAITS", (0.01, 0.01, 0.01))


def _version(bundle: bytes) -> str:
    entry = json.loads(bundle)["verificationMaterial"]["tlogEntries"][0]
    return str(entry["kindVersion"]["version"])


@pytest.mark.parametrize(
    ("offered", "version"), [((1,), "0.0.1"), ((2,), "0.0.2"), ((1, 2), "0.0.1"), ((2, 1), "0.0.1")]
)
def test_rekor_1_is_chosen_where_it_is_offered(sigstore: FakeSigstore, offered: tuple[int, ...], version: str) -> None:
    """Cosign before 3.1 verifies no entry of version 2, and sigstore-python would choose that."""
    signed = keyless(sigstore, offered).sign(statement())
    assert _version(signed.bundle) == version
    assert signed.signer == KeylessSigner(identity=IDENTITY, issuer=sigstore.url)
    assert signed.warnings == ()
    assert authenticate(signed.bundle, trust_in(sigstore), now()).payload == statement()


def test_one_certificate_serves_for_many(sigstore: FakeSigstore) -> None:
    """As long as it is valid for a while."""
    signer = keyless(sigstore, tsa=False)
    for _ in range(3):
        signer.sign(statement())
    assert sigstore.asked == ["fulcio", "rekor", "rekor", "rekor"]


def test_a_certificate_about_to_end_is_replaced(sigstore: FakeSigstore) -> None:
    """Signing many images takes longer than a certificate lives."""
    sigstore.issuance = Issuance(lifetime=timedelta(seconds=50))
    signer = keyless(sigstore, tsa=False)
    for _ in range(2):
        signer.sign(statement())
    assert sigstore.asked.count("fulcio") == 2


def test_the_two_files_of_cosign_serve_as_well(sigstore: FakeSigstore, tmp_path: Path) -> None:
    """A trusted root (without the logs' `baseUrl`, as cosign 2.5 writes it) and a signing config, or both in one."""
    root = sigstore.trusted_root()
    for log in (*root["tlogs"], *root["ctlogs"]):
        del log["baseUrl"]
    for name, content in (
        ("root", root),
        ("config", sigstore.signing_config()),
        ("both", sigstore.trust_config()),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    token = Token(sigstore.token(), "a test's")
    for instance in (load_instance_of(tmp_path / "root", tmp_path / "config"), load_instance(tmp_path / "both")):
        assert KeylessSigning(instance, lambda: token).sign(statement()).bundle


def test_a_busy_service_is_asked_again(sigstore: FakeSigstore) -> None:
    """503 from Fulcio, a hang-up by Rekor: passing."""
    sigstore.broken = {"fulcio": Broken(503, times=2), "rekor": Broken(0, times=1)}
    assert keyless(sigstore, tsa=False).sign(statement()).bundle
    assert sigstore.asked.count("fulcio") == 3


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"fulcio": Broken(503)}, "the certificate authority of private.json answers 503"),
        ({"fulcio": Broken(0)}, "the certificate authority of private.json cannot be reached"),
        ({"fulcio": Broken(403, body=b'{"message": "wrong issuer"}')}, "answers 403: 'wrong issuer'"),
        ({"fulcio": Broken(200, body=b"<html>")}, "the certificate authority of private.json"),
        ({"fulcio": Broken(200, body=b"{}")}, "the certificate authority of private.json did not do its part"),
        ({"fulcio": Broken(200, delay=30)}, "did not answer within 2 seconds"),
        ({"rekor": Broken(500)}, "the log or the timestamp authority of private.json answers 500"),
        ({"rekor": Broken(400, body=b'{"message": "bad entry"}')}, "answers 400: 'bad entry'"),
        ({"rekor": Broken(201, body=b"{}")}, "the log or the timestamp authority of private.json did not do its part"),
        ({"rekor": Broken(201, body=b"[]")}, "the log or the timestamp authority of private.json did not do its part"),
        ({"rekor": Broken(200, delay=30)}, "did not answer within 2 seconds"),
    ],
)
def test_a_service_that_is_down_slow_or_wrong(sigstore: FakeSigstore, broken: dict[str, Broken], told: str) -> None:
    """One error of ours, exit code 3, within the deadline; nothing half attested comes out."""
    sigstore.broken = broken
    signer, begun = keyless(sigstore, tsa=False, patience=2), time.monotonic()
    with pytest.raises(SigningUnavailable) as refusal:
        signer.sign(statement())
    assert told in str(refusal.value)
    assert refusal.value.exit_code == 3
    assert refusal.value.__context__ is None or refusal.value.__suppress_context__
    assert time.monotonic() - begun < 10


def test_a_missing_timestamp_is_told_of(sigstore: FakeSigstore) -> None:
    """With Rekor v1 the log's promise has the time, and the signer is warned: sigstore-python only logs it."""
    sigstore.broken["tsa"] = Broken(500)
    signed = keyless(sigstore).sign(statement())
    assert signed.warnings == ("the timestamp authority gave no timestamp; the log's entry has the time",)


def test_a_missing_timestamp_fails_where_nothing_else_has_the_time(sigstore: FakeSigstore) -> None:
    """With Rekor v2 a bundle without a timestamp verifies nowhere."""
    sigstore.broken["tsa"] = Broken(500)
    with pytest.raises(SigningUnavailable):
        keyless(sigstore, (2,)).sign(statement())


def test_a_log_that_lies_is_noticed_at_once(sigstore: FakeSigstore) -> None:
    """An entry that is signed by another log: refused when it is made, not when it is needed."""
    instance = json.dumps(sigstore.trust_config()).encode()
    with FakeSigstore() as other:
        sigstore.logs = other.logs
        signer = KeylessSigning(parse_instance(instance, "private.json"), lambda: Token(sigstore.token(), "a test's"))
        with pytest.raises(SigningUnavailable, match="does not verify"):
            signer.sign(statement())


def test_a_timestamp_authority_that_lies_is_told_of(sigstore: FakeSigstore) -> None:
    """Its tokens are from no authority of the root."""
    instance = json.dumps(sigstore.trust_config()).encode()
    with FakeSigstore() as other:
        sigstore.tsa = other.tsa
    signer = KeylessSigning(parse_instance(instance, "private.json"), lambda: Token(sigstore.token(), "a test's"))
    assert signer.sign(statement()).warnings == ("a timestamp that is from no trusted authority",)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("nonsense", "malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "malformed"),
        ("expired", "malformed"),
        ("audience", "malformed"),
    ],
)
def test_a_token_that_does_not_fit_is_refused(sigstore: FakeSigstore, raw: str, told: str) -> None:
    """Before anybody is asked, and without showing it."""
    made = {"expired": sigstore.token(lifetime=-60), "audience": sigstore.token(aud="other")}.get(raw, raw)
    instance = parse_instance(json.dumps(sigstore.trust_config()).encode(), "private.json")
    with pytest.raises(UsageError, match="a test's is no identity token") as refusal:
        KeylessSigning(instance, lambda: Token(made, "a test's")).sign(statement())
    assert told in str(refusal.value)
    assert made not in str(refusal.value)
    assert sigstore.asked == []


def test_no_token_is_shown_or_logged(sigstore: FakeSigstore, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a `repr`, not in an error, not at the most talkative level of logging."""
    caplog.set_level(logging.DEBUG)
    raw = sigstore.token()
    instance = parse_instance(json.dumps(sigstore.trust_config()).encode(), "private.json")
    signer = KeylessSigning(instance, lambda: Token(raw, "a test's"))
    signer.sign(statement())
    sigstore.broken["fulcio"] = Broken(400, body=json.dumps({"message": f"cannot use {raw}"}).encode())
    with pytest.raises(SigningUnavailable) as refusal:
        KeylessSigning(instance, lambda: Token(raw, "a test's")).sign(statement())
    told = caplog.text + str(refusal.value) + repr(signer) + repr(Token(raw, "x")) + repr(instance)
    assert raw not in told
    assert raw.rpartition(".")[0] not in told
    assert base64.b64encode(raw.encode()).decode() not in told


def test_what_is_no_statement_is_not_signed(sigstore: FakeSigstore) -> None:
    """A DSSE envelope says that its payload is a statement."""
    with pytest.raises(UsageError, match="no in-toto statement"):
        keyless(sigstore).sign(b"{}")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"mediaType": "x"}', b'{"a":1,"a":2}'])
def test_what_is_no_trust_configuration_is_refused(content: bytes) -> None:
    """One error, exit code 2."""
    with pytest.raises(UsageError, match=r"private\.json"):
        parse_instance(content, "private.json")


def test_an_instance_without_a_log_is_refused(sigstore: FakeSigstore) -> None:
    """sigstore-python signs nothing that is not logged."""
    with pytest.raises(UsageError, match="Rekor"):
        parse_instance(json.dumps(sigstore.trust_config(())).encode(), "private.json")
