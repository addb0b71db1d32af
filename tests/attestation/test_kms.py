"""Keys in a KMS or an HSM: how they are named, and a real token in software."""

import os
from pathlib import Path
from typing import Any

import pytest

from spybuild.attestation import kms
from spybuild.attestation.keys import load_public_key
from spybuild.attestation.kms import fetch_public_key, is_kms_uri, open_kms_key
from spybuild.attestation.signers import SignerWithKey
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from spybuild.errors import SigningUnavailable, UsageError
from tests.attestation.making import now, signing_key, statement
from tests.conftest import UNDER_CI
from tests.stack import SoftHsm, Stack

PIN = "73151"


@pytest.fixture
def hsm(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """The stack's token in software."""
    if stack.softhsm is None:
        (pytest.fail if UNDER_CI else pytest.skip)("needs a token: run `python3 -m tests.stack up --only softhsm`")
    monkeypatch.setenv("SOFTHSM2_CONF", stack.softhsm.config)
    return stack.softhsm


def _uri(hsm: SoftHsm, pin: str | None = None, **changes: str) -> str:
    parts = {"token": hsm.token, "id": f"%{hsm.key_id}", "module": hsm.module} | changes
    query = f"module-path={parts['module']}" + (f"&pin-value={pin}" if pin else "")
    return f"pkcs11:token={parts['token']};id={parts['id']}?{query}"


class Library:
    """Stands where securesystemslib's signers are, and remembers what it was asked to import."""

    def __init__(self, scheme: str = "ecdsa-sha2-nistp256") -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.scheme = scheme

    def __getattr__(self, name: str) -> Any:
        if not name.endswith("Signer"):
            raise AttributeError(name)
        return type(name, (), {"import_": staticmethod(lambda *args: self._import(name, *args))})

    def _import(self, name: str, *args: Any) -> tuple[str, Any]:
        self.asked.append((name, *(each for each in args if not callable(each))))
        return "private:", type("Key", (), {"scheme": self.scheme, "keyval": {"public": signing_key().public.pem}})


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("awskms:///alias/release", ("AWSSigner", "alias/release", "rsa-pkcs1v15-sha256")),
        ("awskms:///arn:aws:kms:eu-1:1:key/k", ("AWSSigner", "arn:aws:kms:eu-1:1:key/k", "rsa-pkcs1v15-sha256")),
        (
            "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/7",
            ("GCPSigner", "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/7"),
        ),
        ("azurekms://vault.vault.azure.net/key", ("AzureSigner", "vault", "key")),
        ("azurekms://vault.vault.azure.net/keys/key", ("AzureSigner", "vault", "key")),
        ("hashivault://k", ("VaultSigner", "k")),
        ("pkcs11:token=my%20token;id=%02?module-path=/m.so&pin-value=1", ("HSMSigner", 2, "my token")),
        ("pkcs11:id=%01%00;token=t?module-path=/m.so&pin-value=1", ("HSMSigner", 256, "t")),
    ],
)
def test_keys_are_named_as_cosign_names_them(monkeypatch: pytest.MonkeyPatch, uri: str, asked: tuple[Any, ...]) -> None:
    """Each in the words of the library that fetches it."""
    library = Library()
    monkeypatch.setattr(kms, "_library", lambda: library)
    key = open_kms_key(uri, 20)
    assert library.asked == [asked]
    assert key.public.uri == uri.partition("?")[0]
    assert is_kms_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "awskms://",
        "awskms:///",
        "awskms://localhost:4566/key",
        "awskms:alias/x",
        "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k",
        "azurekms://vault.example/key",
        "azurekms://vault.vault.azure.net/",
        "azurekms://vault.vault.azure.net/key/version",
        "hashivault://",
        "pkcs11:token=t?module-path=/m.so&pin-value=73151",
        "pkcs11:token=t;id=?module-path=/m.so",
        "pkcs11:token=t;id=%02;pin-value=73151",
        "pkcs11:token=t;id=%02?pin-value=73151",
        "pkcs11:token=t;id=%02?module-path=/m.sopin-value=73151",
        "pkcs11:token=t;id=%02?module-path=/m.so&pin-source=/no/such/file",
    ],
)
def test_what_names_no_key_is_refused(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    """Before anybody is asked; and the PIN is not repeated, wherever in the URI it stands."""
    for name in ("COSIGN_PKCS11_MODULE_PATH", "PYKCS11LIB"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError) as refusal:
        open_kms_key(uri)
    assert PIN not in str(refusal.value)


def test_files_are_no_kms() -> None:
    """Also where a folder is called like a scheme."""
    for text in ("cosign.key", "awskms", "./awskms/key", "C:\\key", "https://x"):
        assert not is_kms_uri(text)


@pytest.mark.parametrize("scheme", ["rsassa-pss-sha256", "ecdsa-sha2-nistp384"])
def test_keys_that_cosign_does_not_verify_are_refused(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Before anything is signed with them."""
    monkeypatch.setattr(kms, "_library", lambda: Library(scheme))
    with pytest.raises(UsageError, match=scheme):
        open_kms_key("hashivault://key")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's is not among what SpyBuild installs by default."""
    pytest.importorskip("securesystemslib")
    import securesystemslib.signer._aws_signer as aws

    monkeypatch.setattr(aws, "AWS_IMPORT_ERROR", "boto3 is missing")
    with pytest.raises(UsageError, match=r"spybuild\[kms\]"):
        open_kms_key("awskms:///alias/x")


@pytest.mark.stack
def test_a_token_signs(hsm: SoftHsm) -> None:
    """SoftHSM: the key never leaves it; the bundle is one like any other, and names the token, not the PIN."""
    key = open_kms_key(_uri(hsm, hsm.pin))
    signed = SignerWithKey(key).sign(statement())
    public = load_public_key(hsm.public_key)
    assert key.public.fingerprint == public.fingerprint
    assert authenticate(signed.bundle, Trust(keys=(public,)), now()).payload == statement()
    assert signed.signer.uri == f"pkcs11:token={hsm.token};id=%{hsm.key_id}"  # type: ignore[union-attr]
    assert hsm.pin not in repr(key) + repr(signed) + repr(SignerWithKey(key))


@pytest.mark.stack
def test_the_pin_may_come_from_elsewhere(hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file (RFC 7512's `pin-source`), or cosign's variable; the public key needs none."""
    (tmp_path / "pin").write_text(f"{hsm.pin}\n")
    assert open_kms_key(f"{_uri(hsm)}&pin-source=file:{tmp_path / 'pin'}").sign(b"m")
    monkeypatch.setenv("COSIGN_PKCS11_PIN", hsm.pin)
    assert open_kms_key(_uri(hsm)).sign(b"m")
    assert fetch_public_key(_uri(hsm)).fingerprint == load_public_key(hsm.public_key).fingerprint


@pytest.mark.stack
@pytest.mark.parametrize(
    "changes", [{"token": "another"}, {"id": "%07"}, {"module": "/no/such/module.so"}, {"pin": PIN}]
)
def test_a_token_that_refuses_is_told_of(hsm: SoftHsm, changes: dict[str, str]) -> None:
    """No such token, key or module, a wrong PIN: exit code 3, without the PIN."""
    pin = changes.pop("pin", hsm.pin)
    with pytest.raises(SigningUnavailable) as refusal:
        open_kms_key(_uri(hsm, pin, **changes)).sign(b"m")
    assert pin not in str(refusal.value).replace(hsm.module, "")
    assert refusal.value.exit_code == 3


@pytest.mark.stack
def test_the_surroundings_are_left_as_they_were(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Securesystemslib takes the module from a variable; it is set for the call alone."""
    monkeypatch.setenv("PYKCS11LIB", "what the user had")
    open_kms_key(_uri(hsm, hsm.pin)).sign(b"m")
    assert os.environ["PYKCS11LIB"] == "what the user had"
    monkeypatch.delenv("PYKCS11LIB")
    open_kms_key(_uri(hsm, hsm.pin)).sign(b"m")
    assert "PYKCS11LIB" not in os.environ
