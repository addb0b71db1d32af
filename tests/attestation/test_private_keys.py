"""Private keys in files, and that nothing of them gets out."""

import base64
import json
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spybuild.attestation.keys import load_public_key
from spybuild.attestation.private_keys import load_private_key, parse_private_key
from spybuild.errors import UsageError
from tests.attestation.making import pem, private_key

DATA = Path(__file__).parent / "data"
SECRET = "open sesame"


def _cosign(**changes: Any) -> bytes:
    """Cosign's encrypted form with some of its fields changed."""
    lines = (DATA / "cosign-2.5.key").read_text().splitlines()
    found = json.loads(base64.b64decode("".join(lines[1:-1])))
    found["kdf"]["params"] |= changes.pop("params", {})
    body = base64.b64encode(json.dumps(found | changes).encode()).decode()
    return "\n".join([lines[0], body, lines[-1], ""]).encode()


@pytest.mark.parametrize("version", ["2.5", "3.1"])
def test_the_keys_that_cosign_makes_are_opened(version: str) -> None:
    """`cosign generate-key-pair`: scrypt and NaCl's secret box, password in COSIGN_PASSWORD."""
    key = load_private_key(DATA / f"cosign-{version}.key", lambda: "pw")
    public = load_public_key(DATA / f"cosign-{version}.pub")
    assert key.public.fingerprint == public.fingerprint
    assert public.verifies(key.sign(b"m"), b"m")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("encrypted", [False, True])
def test_pem_of_every_form_is_opened(form: PrivateFormat, encrypted: bool) -> None:
    """PKCS #8 and the traditional form, plain and encrypted; the password is asked for only where there is one."""
    asked: list[None] = []

    def password() -> str:
        asked.append(None)
        return SECRET

    for private in (private_key(), rsa.generate_private_key(65537, 2048)):
        content = pem(private, form, BestAvailableEncryption(SECRET.encode()) if encrypted else None)
        key = parse_private_key(content, "it", password)
        assert key.public.verifies(key.sign(b"m"), b"m")
    assert len(asked) == (2 if encrypted else 0)


def test_ed25519_is_opened() -> None:
    """In PKCS #8, its only form."""
    key = parse_private_key(pem(ed25519.Ed25519PrivateKey.generate()), "it")
    assert key.public.verifies(key.sign(b"m"), b"m")


def test_what_openssl_writes_is_opened() -> None:
    """`openssl ecparam -genkey` puts a block of parameters before the key."""
    made = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey"], capture_output=True, check=True)
    assert made.stdout.count(b"BEGIN") == 2
    key = parse_private_key(made.stdout, "it")
    assert key.public.verifies(key.sign(b"m"), b"m")


def test_other_curves_are_refused_with_the_way_out() -> None:
    """Cosign 2 hashes with SHA-256 whatever the curve, so that a signature on P-384 would be lost on it."""
    with pytest.raises(UsageError, match="secp384r1, whose signatures cosign 2 does not verify"):
        parse_private_key(pem(ec.generate_private_key(ec.SECP384R1())), "it")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (pem(private_key(), encryption=BestAvailableEncryption(b"other")), "no private key"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no private key"),
        (_cosign(), "does not open"),
        (_cosign(params={"N": 2**30}), "more than 256 MiB"),
        (_cosign(params={"r": 64, "N": 2**20}), "more than 256 MiB"),
        (_cosign(params={"N": 3}), "no private key"),
        (_cosign(params={"N": "x"}), "no key that cosign has encrypted"),
        (_cosign(kdf={"name": "none"}), "no key that cosign has encrypted"),
        (_cosign(cipher={"name": "rot13", "nonce": ""}), "no key that cosign has encrypted"),
        (_cosign(ciphertext="?"), "no private key"),
        (
            b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n?\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
            "no private",
        ),
    ],
)
def test_what_cannot_be_opened_says_so_and_shows_nothing(content: bytes, message: str) -> None:
    """Broken, locked, or asking for all of the memory: one error, quickly, with neither key nor password in it."""
    begun = time.monotonic()
    with pytest.raises(UsageError, match=message) as refusal:
        parse_private_key(content, "it", lambda: SECRET)
    told = f"{refusal.value} {refusal.value.__cause__!r} {refusal.value.__context__!r}"
    assert time.monotonic() - begun < 20
    assert SECRET not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert "MIG" not in told


def test_an_encrypted_key_without_a_password_says_which_variable() -> None:
    """COSIGN_PASSWORD, as cosign calls it."""
    with pytest.raises(UsageError, match="COSIGN_PASSWORD"):
        parse_private_key(pem(private_key(), encryption=BestAvailableEncryption(b"x")), "it")


def test_a_key_is_not_shown() -> None:
    """A `repr` names the file and the public key, nothing else."""
    private = private_key()
    shown = repr(parse_private_key(pem(private), "it"))
    assert str(private.private_numbers().private_value) not in shown
    assert "private" not in shown.lower().replace("private_keys", "")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=60), st.integers(0, 400))
def test_no_file_crashes_the_reader(junk: bytes, at: int) -> None:
    """Bytes put into a good key: opened or refused."""
    good = pem(KEY)
    with suppress(UsageError):
        parse_private_key(good[:at] + junk + good[at + len(junk) :], "it")


KEY = private_key()
