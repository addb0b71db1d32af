"""Real cosign, both living generations: each verifies what we sign, and we verify what each signs.

| signed with            | cosign 2 verifies | cosign 3 verifies | cosign 2 signs | cosign 3 signs |
|------------------------|-------------------|-------------------|----------------|----------------|
| a key                  | yes               | yes               | yes            | yes            |
| a key, timestamp       | yes               | yes               | yes            | yes            |
| a key, Rekor v1        | (we do not log)   | (we do not log)   | yes            | yes            |
| an identity, Rekor v1  | yes               | yes               | yes            | yes            |
| an identity, Rekor v2  | NO                | yes               | (cannot)       | yes            |

Everything is said over a blob, so no registry takes part; the tables with registries are in tests/integration.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from spybuild.attestation.claims import read_claims
from spybuild.attestation.private_keys import load_private_key
from spybuild.attestation.roots import load_trusted_root
from spybuild.attestation.signers import Signer, SignerWithKey
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from spybuild.model.attested import TEST_RESULT, KeylessSigner, KeySigner
from spybuild.model.digests import Digest
from tests.attestation.making import IDENTITY, keyless, now, statement, trust_in
from tests.conftest import UNDER_CI
from tests.fakes.sigstore import FakeSigstore
from tests.stack import Stack

pytestmark = pytest.mark.stack

KEY = Path(__file__).parent / "data" / "cosign-2.5.key"
PUBLIC = KEY.with_suffix(".pub")
BLOB = b"hello"
PREDICATE = {"result": "PASSED", "configuration": []}
STATEMENT = statement(subject=[{"name": "_", "digest": {"sha256": hashlib.sha256(BLOB).hexdigest()}}])
BY_KEY = ["--key", str(PUBLIC), "--insecure-ignore-tlog"]


@dataclass(frozen=True)
class Bench:
    """A folder with all that cosign takes, and both of it."""

    folder: Path
    programs: dict[str, str]
    sigstore: FakeSigstore

    def run(self, major: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of them, away from the user's home and from the public Sigstore."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "COSIGN_PASSWORD": "pw",
            "SIGSTORE_ROOT_FILE": "fulcio.pem",
            "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": "ct.pem",
            "SIGSTORE_REKOR_PUBLIC_KEY": "rekor.pem",
        }
        return subprocess.run(
            [self.programs[major], *arguments],
            cwd=self.folder, env=env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def verifies(self, major: str, bundle: bytes, *how: str) -> bool:
        """Whether `cosign verify-blob-attestation` takes the bundle."""
        (self.folder / "bundle").write_bytes(bundle)
        old = ["--new-bundle-format"] if major == "2" else []
        common = ["--bundle", "bundle", "--type", TEST_RESULT, "--trusted-root", "root.json"]
        return self.run(major, "verify-blob-attestation", *common, *old, *how, "blob").returncode == 0

    def attests(self, major: str, *how: str) -> bytes:
        """What `cosign attest-blob` makes."""
        made = self.folder / "made"
        made.unlink(missing_ok=True)
        common = ["--yes", "--type", TEST_RESULT, "--predicate", "predicate.json", "--bundle", "made"]
        run = self.run(major, "attest-blob", *common, *how, "blob")
        assert made.exists(), run.stderr
        return made.read_bytes()


@pytest.fixture
def bench(stack: Stack, sigstore: FakeSigstore, tmp_path: Path) -> Bench:
    """Both programs, and a private Sigstore for them."""
    if not stack.cosign:
        (pytest.fail if UNDER_CI else pytest.skip)("needs cosign: run `python3 -m tests.stack up --only cosign`")
    pem = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    chain = (sigstore.intermediate.certificate, sigstore.root.certificate)
    files: dict[str, bytes] = {
        "blob": BLOB,
        "predicate.json": json.dumps(PREDICATE).encode(),
        "token": sigstore.token(email=IDENTITY, email_verified=True).encode(),
        "fulcio.pem": b"".join(each.public_bytes(Encoding.PEM) for each in chain),
        "tsa.pem": b"".join(each.public_bytes(Encoding.PEM) for each in sigstore.tsa.chain),
        "ct.pem": sigstore.ct.public_key().public_bytes(*pem),
        "rekor.pem": sigstore.logs[1].key.public_key().public_bytes(*pem),
        "root.json": json.dumps(sigstore.trusted_root()).encode(),
        "sign-plain.json": json.dumps(sigstore.signing_config((), tsa=False)).encode(),
        "sign-tsa.json": json.dumps(sigstore.signing_config(())).encode(),
        "sign-1.json": json.dumps(sigstore.signing_config((1,))).encode(),
        "sign-2.json": json.dumps(sigstore.signing_config((2,))).encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return Bench(tmp_path, dict(stack.cosign), sigstore)


def _key(_: FakeSigstore) -> Signer:
    return SignerWithKey(load_private_key(KEY, lambda: "pw"))


def _stamped(sigstore: FakeSigstore) -> Signer:
    return SignerWithKey(load_private_key(KEY, lambda: "pw"), f"{sigstore.url}/api/v1/timestamp")


@pytest.mark.parametrize("major", ["2", "3"])
@pytest.mark.parametrize(
    ("make", "how"), [(_key, BY_KEY), (_stamped, [*BY_KEY, "--use-signed-timestamps"])], ids=["key", "key-timestamp"]
)
def test_cosign_verifies_what_our_keys_sign(
    bench: Bench, major: str, make: Callable[[FakeSigstore], Signer], how: list[str]
) -> None:
    """And refuses it for another blob, or another predicate type."""
    bundle = make(bench.sigstore).sign(STATEMENT).bundle
    assert bench.verifies(major, bundle, *how)
    (bench.folder / "blob").write_bytes(b"another")
    assert not bench.verifies(major, bundle, *how)


@pytest.mark.parametrize(
    ("major", "rekor", "verifies"), [("2", 1, True), ("3", 1, True), ("3", 2, True), ("2", 2, False)]
)
def test_cosign_verifies_what_our_identities_sign(bench: Bench, major: str, rekor: int, verifies: bool) -> None:
    """That cosign 2 takes no Rekor v2 is why v1 is chosen where there is both: the day this fails, choose v2."""
    bundle = keyless(bench.sigstore, (rekor,)).sign(STATEMENT).bundle
    who = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", bench.sigstore.url]
    assert bench.verifies(major, bundle, *who) is verifies


PRIVATE = ["--key", str(KEY)]


def _old(sigstore: FakeSigstore, *how: str) -> list[str]:
    return ["--new-bundle-format", *(each.format(url=sigstore.url) for each in how)]


def _new(config: str, *how: str) -> list[str]:
    return ["--signing-config", config, "--trusted-root", "root.json", *how]


@pytest.mark.parametrize(
    ("major", "how", "source"),
    [
        ("2", (*PRIVATE, "--tlog-upload=false"), None),
        ("2", (*PRIVATE, "--tlog-upload=false", "--timestamp-server-url", "{url}/api/v1/timestamp"), "timestamp"),
        ("2", (*PRIVATE, "--rekor-url", "{url}"), "log"),
        ("3", _new("sign-plain.json", *PRIVATE), None),
        ("3", _new("sign-tsa.json", *PRIVATE), "timestamp"),
        ("3", _new("sign-1.json", *PRIVATE), "log"),
    ],
)
def test_we_verify_what_cosigns_keys_sign(bench: Bench, major: str, how: tuple[str, ...], source: str | None) -> None:
    """In Statement v0.1, with and without log entries; the time is whosever can be believed."""
    bundle = bench.attests(major, *(_old(bench.sigstore, *how) if major == "2" else how))
    key = load_private_key(KEY, lambda: "pw").public
    found = authenticate(bundle, Trust(keys=(key,), root=load_trusted_root(bench.folder / "root.json")), now())
    assert isinstance(found.signer, KeySigner)
    assert (found.signed_at.source if found.signed_at else None) in (source, "timestamp" if source else None)
    attested = read_claims(found.payload)
    assert (attested.subject, attested.passed) == (Digest.of(BLOB), True)


@pytest.mark.parametrize(
    ("major", "how"),
    [
        ("2", ("--fulcio-url", "{url}", "--rekor-url", "{url}", "--identity-token", "token")),
        ("3", _new("sign-1.json", "--identity-token", "token")),
        ("3", _new("sign-2.json", "--identity-token", "token")),
    ],
)
def test_we_verify_what_cosigns_identities_sign(bench: Bench, major: str, how: tuple[str, ...]) -> None:
    """Logged in either version of Rekor."""
    bundle = bench.attests(major, *(_old(bench.sigstore, *how) if major == "2" else how))
    found = authenticate(bundle, trust_in(bench.sigstore), now())
    assert found.signer == KeylessSigner(identity=IDENTITY, issuer=bench.sigstore.url)
    assert read_claims(found.payload).passed


@pytest.mark.parametrize("major", ["2", "3"])
def test_a_root_that_cosign_made_serves(bench: Bench, major: str) -> None:
    """`cosign trusted-root create`, from the same keys: for identities and for timestamps."""
    url, at = bench.sigstore.url, "2020-01-01T00:00:00Z"
    flags = {
        "2": {
            "--certificate-chain": "fulcio.pem",
            "--ctfe-key": "ct.pem",
            "--ctfe-start-time": at,
            "--rekor-key": "rekor.pem",
            "--rekor-start-time": at,
            "--timestamp-certificate-chain": "tsa.pem",
        },
        "3": {
            "--fulcio": f"url={url},certificate-chain=fulcio.pem",
            "--ctfe": f"url={url},public-key=ct.pem,start-time={at}",
            "--rekor": f"url={url},public-key=rekor.pem,start-time={at}",
            "--tsa": f"url={url},certificate-chain=tsa.pem",
        },
    }[major]
    said = [word for pair in flags.items() for word in pair]
    run = bench.run(major, "trusted-root", "create", *said, "--out", "made.json")
    assert run.returncode == 0, run.stderr
    root = load_trusted_root(bench.folder / "made.json")
    bundle = keyless(bench.sigstore).sign(STATEMENT).bundle
    assert (
        authenticate(bundle, Trust(identities=trust_in(bench.sigstore).identities, root=root), now()).payload
        == STATEMENT
    )
    key = load_private_key(KEY, lambda: "pw").public
    stamped = authenticate(_stamped(bench.sigstore).sign(STATEMENT).bundle, Trust(keys=(key,), root=root), now())
    assert stamped.signed_at
